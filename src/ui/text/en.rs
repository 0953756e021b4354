//! English.

pub(super) use super::factors::en::{FACTOR_PAGES, FACTORS};
use super::*;

pub(super) static ENTER: EnterTexts = EnterTexts {
    sign_in: "Sign in",
    sign_in_lead: "Welcome back.",
    sign_up: "Create an account",
    sign_up_lead: "A name and a password. That is all we ask for.",
    sign_up_button: "Create account",
    username: "Username",
    password: "Password",
    password_rule: |n| format!("At least {n} characters. Several words in a row are ideal."),
    show_password: "Show password",
    caps_lock: "Caps Lock is on.",
    remember: "Keep me signed in",
    no_account: "New here?",
    have_account: "Already have an account?",
    closed: "New accounts are made by the operator of this site.",
    closed_title: "Sign-up is closed",
    closed_lead: "New accounts are made by the operator of this site. Ask them for one.",
    invited: "New accounts are made by invitation.",
    invited_title: "Sign-up is by invitation",
    invited_lead: "To create an account you need a link from the operator of this site. Ask them for one.",
    forgot: "Forgot your password?",
};

pub(super) static STRENGTH: StrengthTexts = StrengthTexts {
    missing: |n| match n {
        1 => "1 more character is needed.".into(),
        _ => format!("{n} more characters are needed."),
    },
    common: "Easily guessed. Choose another.",
    fair: "Not bad. Longer is better.",
    good: "Good: hard to guess.",
    strong: "Very good: very hard to guess.",
};

pub(super) static FRAME: FrameTexts = FrameTexts {
    description: "See every device that you are signed in on, and sign out any of them.",
    skip_to_content: "Skip to content",
    sign_out: "Sign out",
    signing_out: "Signing out…",
    resuming: "Resuming your session…",
    failed: "This page cannot be shown right now",
    refused: "That was not accepted",
    go_on: "Continue",
    retry: "Try again",
    unreachable: "The service cannot be reached right now. We keep trying.",
    offline: "You are offline. What you see may have changed.",
    close: "Close",
    navigation: "Your pages",
    devices: "Devices",
    activity: "Activity",
    account: "Account",
    signed_in_as: "Signed in as",
};

pub(super) static PREFERENCES: PreferencesTexts = PreferencesTexts {
    language: "Language",
    theme: "Appearance",
    system: "Same as the system",
    light: "Light",
    dark: "Dark",
    apply: "Apply",
};

pub(super) static DEVICES: DevicesTexts = DevicesTexts {
    title: "Your devices",
    lead: "Everywhere you are signed in. Sign out any device that you do not recognise.",
    list: "Signed-in devices",
    this_device: "This device",
    unknown: "Unknown device",
    only_this: "You are signed in nowhere else.",
    active_now: "Active now",
    last_active: "Last active",
    signed_in: "Signed in",
    ends_unused: |unused, latest| format!("Ends {unused} if not used, {latest} at the latest"),
    ends: |latest| format!("Ends {latest}"),
    address: "Address",
    sign_out: "Sign out",
    sign_out_others: "Sign out all other devices",
    sign_out_everywhere: "Sign out everywhere",
    select: "Select several",
    select_done: "Done selecting",
    sign_out_selected: |n| match n {
        0 => "Sign out selected devices".into(),
        1 => "Sign out 1 selected device".into(),
        _ => format!("Sign out {n} selected devices"),
    },
    cancel: "Cancel",
    rename: "Rename",
    name: "Device name",
    save: "Save",
    browser_on_system: |browser, system| format!("{browser} on {system}"),
    rename_one: |device| format!("Rename {device}"),
    sign_out_one: |device| format!("Sign out {device}"),
    select_one: |device| format!("Select {device}"),
    end_one_title: |device| format!("Sign out {device}?"),
    end_one: "It loses access at once. Whoever uses it has to sign in again.",
    end_several_title: |n| match n {
        1 => "Sign out 1 device?".into(),
        _ => format!("Sign out {n} devices?"),
    },
    end_several: "These devices lose access at once. Whoever uses one of them has to sign in again.",
    end_others_title: "Sign out all other devices?",
    end_others: |n| match n {
        1 => "One other device loses access at once. You stay signed in here.".into(),
        _ => format!("{n} other devices lose access at once. You stay signed in here."),
    },
    end_everywhere_title: "Sign out everywhere?",
    end_everywhere: "Every device loses access at once, this one too. You have to sign in again.",
    not_you: "Not you?",
    came: |device| format!("{device} has just signed in."),
    ended_one: |device| format!("{device} is signed out."),
    ended_several: |n| match n {
        1 => "1 device is signed out.".into(),
        _ => format!("{n} devices are signed out."),
    },
    ended_others: "All other devices are signed out.",
    renamed: |from, to| format!("Renamed from {from} to {to}."),
    not_ended: |device, why| format!("{device} is still signed in. {why}"),
    others_not_ended: |why| format!("The devices are still signed in. {why}"),
};

pub(super) static ACCOUNT: AccountTexts = AccountTexts {
    title: "Your account",
    since: "Member since",
    password_changed: "Password last changed",
    change_password: "Change password",
    change_lead: "All other devices are signed out when you do. This one stays.",
    not_me_ended: "That device is signed out. Now choose a new password, so that nobody can sign in with the old one.",
    not_me_over: "Choose a new password. Anybody who knows the old one can sign in again.",
    not_me_guessed: "None of these passwords was right. If yours is easy to guess, or used elsewhere too, choose a new one.",
    current: "Current password",
    new: "New password",
    changed: "Your password is changed. All other devices are signed out.",
    data: "Your data",
    data_lead: "Everything that is kept about you: account, devices and activity, as one JSON file.",
    download: "Download",
    file: "latchkey-data.json",
    delete: "Delete account",
    delete_lead: "Your account, devices and activity are erased at once, and cannot be brought back.",
    delete_open: "Delete my account…",
    delete_password: "Your password, to confirm",
    delete_button: "Delete permanently",
};

pub(super) static ACTIVITY: ActivityTexts = ActivityTexts {
    title: "Your activity",
    lead: "What happened to your account, newest first.",
    filter: "What to show",
    all: "Everything",
    sign_ins: "Sign-ins",
    warnings: "Warnings",
    warning: "Check this",
    none: "No events.",
    older: "Older",
    newest: "Newest",
    news: "New activity.",
    show_news: "Show it",
    not_me: "This wasn’t me",
    other_side: "Used before:",
    from: |device| format!("from {device}"),
    happened: HappenedTexts {
        signed_up: "Account created",
        signed_in: "Signed in",
        wrong_passwords: |n| match n {
            1 => "A wrong password was entered".into(),
            _ => format!("{n} wrong passwords were entered"),
        },
        wrong_then_signed_in: |n| match n {
            1 => "1 wrong password, then signed in".into(),
            _ => format!("{n} wrong passwords, then signed in"),
        },
        wrong_then_right: |n| match n {
            1 => "1 wrong password, then the right one".into(),
            _ => format!("{n} wrong passwords, then the right one"),
        },
        sign_ins_blocked: "Sign-ins were paused after too many wrong passwords",
        signed_out: "Signed out",
        session_ended: "A device was signed out",
        session_ended_of: |device| format!("{device} was signed out"),
        session_ended_because: |device, why| format!("{device} was signed out: {why}"),
        some_session_ended_because: |why| format!("A device was signed out: {why}"),
        replaced: "the same browser signed in again",
        too_many: "there were too many devices",
        by_operator: "the operator of this site did it",
        by_password: "the password was changed",
        session_renamed: "A device was renamed",
        session_renamed_of: |device| format!("{device} was renamed"),
        session_renamed_from_to: |before, after| format!("{before} was renamed to {after}"),
        forked: "This device renewed its sign-in after a lost connection",
        reused: "Somebody may have copied this sign-in. We ended it.",
        password_changed: "Password changed",
        password_set: "The operator of this site set a new password",
        link_made: "The operator of this site made a link to choose a new password",
        password_reset: "A new password was chosen with a link",
    },
};

pub(super) static NOT_ME: NotMeTexts = NotMeTexts {
    title: "If it wasn’t you",
    then: "After that, choose a new password, so that nobody can sign in with the old one.",
};

pub(super) static LINKS: LinksTexts = LinksTexts {
    reset_title: "Choose a new password",
    reset_lead: |name| format!("For the account {name}. All its devices are signed out when you do."),
    reset_done_title: "Your password is changed",
    reset_done: "All devices are signed out. Sign in with the new password.",
    invite_lead: |name| format!("You are invited. Your username is {name}. Choose a password for it."),
    invite_done_title: "Your account is ready",
    invite_done: "Sign in with your username and the password that you have chosen.",
    invalid_title: "This link is not valid",
    reset_invalid: "It may have been used already, be too old, or be incomplete. If you still need a new password, ask for a new link.",
    invite_invalid: "It may have been used already, be too old, or be incomplete. Ask whoever invited you for a new link.",
    forgot_lead: "The operator of this site can give you a link to choose a new one. Ask them for it.",
    contact: "This is how you reach them:",
};

pub(super) static CONFIRM: ConfirmTexts = ConfirmTexts {
    title: "Confirm it’s you",
    lead: "You signed in a while ago. Enter your password to continue.",
    confirm: "Confirm",
    confirmed: "Your password is confirmed. Nothing has been signed out yet: please do it once more.",
};

pub(super) static MISSING: MissingTexts = MissingTexts {
    title: "Page not found",
    lead: "There is no page at this address. Check that it is spelled correctly.",
    home: "Go to your devices",
};

pub(super) static PROBLEMS: ProblemsTexts = ProblemsTexts {
    validation_failed: "Something in the form is not right yet.",
    invalid_credentials: "The username or the password is wrong.",
    wrong_password: "The password is wrong.",
    session_ended: "Your session has ended. Sign in again.",
    session_revoked: "You were signed out from another device. Sign in again.",
    refresh_reused: "Somebody may have copied this sign-in, so we ended it. Sign in again, and check your devices.",
    insufficient_scope: "You are not allowed to do this.",
    reauthentication_required: "Enter your password to continue.",
    forbidden_origin: "Your browser did not say that this came from this site, so nothing was changed. Open the page again and \
                       repeat it. If that does not help, an extension or a proxy may be removing the headers Origin and \
                       Sec-Fetch-Site.",
    opened_elsewhere: "This page was opened at another address than the one of this service. Use this one:",
    cookies_required: "Your browser keeps no cookies of this site, and without them nobody can be signed in. Allow cookies for this \
                       site, then try again.",
    not_found: "This is no longer there.",
    username_taken: "This username is taken. Choose another.",
    registration_closed: "New accounts are made by the operator of this site.",
    link_invalid: "This link is no longer valid. Ask for a new one.",
    second_factor_required: "Enter a code to continue.",
    second_factor_invalid: "The code is wrong, or was used already. Wait for the next one.",
    sign_in_expired: "This sign-in took too long, or had too many wrong codes. Enter your password again.",
    already_set_up: "An authenticator app is set up already. Remove it first.",
    payload_too_large: "This is too long to be sent.",
    rate_limited: "Too many attempts. Wait a moment and try again.",
    wait_seconds: |n| match n {
        1 => "Too many attempts. Try again in a second.".into(),
        _ => format!("Too many attempts. Try again in {n} seconds."),
    },
    wait_minutes: |n| format!("Too many attempts. Try again in {n} minutes."),
    offline: "You are offline, so nothing was sent. Try again when you are connected.",
    unavailable: "The service cannot answer right now. Try again in a moment.",
    unexpected: "Something went wrong on our side. Try again.",
};

pub(super) static FIELDS: FieldsTexts = FieldsTexts {
    username_too_short: "Use a username of at least 2 characters.",
    username_too_long: "Use a username of at most 64 characters.",
    username_invalid: "Use only letters, digits and signs such as . - _ @, without spaces.",
    password_too_short: |n| format!("This is too short. Use at least {n} characters."),
    password_too_long: "This is too long. Use at most 1,024 characters.",
    password_too_common: "This password is easy to guess. Choose another.",
    password_contains_username: "The password must not contain your username.",
    password_required: "Enter a password.",
    password_unchanged: "This is the password that you have now. Choose another.",
    password_invalid: "Some of these characters cannot be used in a password.",
    name: "Use 1 to 64 characters, none of them invisible.",
};

pub(super) static DATES: DatesTexts = DatesTexts {
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    date: |day, month, year| format!("{day} {month} {year}"),
    date_and_time: |date, time| format!("{date}, {time}"),
    today: "Today",
    yesterday: "Yesterday",
    now: "just now",
    minutes: |n| match n {
        1 => "1 minute ago".into(),
        _ => format!("{n} minutes ago"),
    },
    hours: |n| match n {
        1 => "1 hour ago".into(),
        _ => format!("{n} hours ago"),
    },
    days: |n| match n {
        1 => "yesterday".into(),
        _ => format!("{n} days ago"),
    },
    in_minutes: |n| match n {
        1 => "in 1 minute".into(),
        _ => format!("in {n} minutes"),
    },
    in_hours: |n| format!("in {n} hours"),
    in_days: |n| format!("in {n} days"),
};

pub(super) static FAREWELLS: FarewellsTexts = FarewellsTexts {
    signed_out: "You are signed out.",
    signed_out_everywhere: "You are signed out on all your devices.",
    deleted: "Your account is deleted.",
    ended_by_user: "You were signed out from another device.",
    replaced: "A newer sign-in in this browser took the place of this one.",
    reused: "Somebody may have copied this sign-in. We ended it. Sign in again, and look through your devices.",
    password_changed: "You were signed out because the password was changed. Sign in with the new one.",
    too_many: "You were signed out because there were too many sign-ins, and this one was unused for longest.",
    operator: "The operator of this site signed you out.",
    disabled: "The operator of this site has disabled this account.",
    expired: "Your sign-in has expired. Sign in again.",
    gone: "This sign-in is no longer known here. Its account may have been deleted.",
    by: |device| format!("by {device}"),
    not_you: "If that was not you, sign in and change your password.",
};

pub(super) static LASTING: LastingTexts = LastingTexts {
    days: |n| format!("{n} days"),
    hours: |n| format!("{n} hours"),
    minutes: |n| format!("{n} minutes"),
    remember: |longest, unused, short| {
        format!(
            "For up to {longest}, if you come back at least every {unused}. Otherwise until the browser is closed, for {short} at most."
        )
    },
};
