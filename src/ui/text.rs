//! Every word that people read, in one place, so that translations can come later. Sentences with something in them
//! are functions, never glued together by a component.

use crate::api::problem::Code;

pub const PRODUCT: &str = "Latchkey";

/// The title of a page, as tabs and history show it.
pub fn page_title(page: &str) -> String {
    format!("{page} · {PRODUCT}")
}

pub const SKIP_TO_CONTENT: &str = "Skip to content";

/// The two ways in.
pub mod enter {
    pub const SIGN_IN: &str = "Sign in";
    pub const SIGN_IN_LEAD: &str = "Welcome back.";
    pub const SIGN_UP: &str = "Create an account";
    pub const SIGN_UP_LEAD: &str = "A name and a password. That is all we ask for.";
    pub const SIGN_UP_BUTTON: &str = "Create account";
    pub const USERNAME: &str = "Username";
    pub const PASSWORD: &str = "Password";
    pub const PASSWORD_RULE: &str = "At least 15 characters. A few words in a row are fine.";
    pub const SHOW_PASSWORD: &str = "Show password";
    pub const CAPS_LOCK: &str = "Caps Lock is on.";
    pub const REMEMBER: &str = "Keep me signed in";
    pub const NO_ACCOUNT: &str = "New here?";
    pub const HAVE_ACCOUNT: &str = "Already have an account?";
}

/// What stands around the pages of somebody who is signed in.
pub mod frame {
    pub const SIGN_OUT: &str = "Sign out";
    pub const SIGNING_OUT: &str = "Signing out…";
    pub const RESUMING: &str = "Resuming your session…";
    pub const LOADING: &str = "Loading…";
    pub const RETRY: &str = "Try again";
    pub const UNREACHABLE: &str = "The service cannot be reached right now. We keep trying.";

    pub const NAVIGATION: &str = "Your pages";
    pub const DEVICES: &str = "Devices";
    pub const ACTIVITY: &str = "Activity";
    pub const ACCOUNT: &str = "Account";
    pub const SIGNED_IN_AS: &str = "Signed in as";

    pub fn signed_in_as(username: &str) -> String {
        format!("{SIGNED_IN_AS} {username}")
    }
}

/// The devices page.
pub mod devices {
    pub const TITLE: &str = "Your devices";
    pub const LEAD: &str = "Everywhere you are signed in. End what you do not recognise.";
    pub const LIST: &str = "Signed-in devices";
    pub const THIS_DEVICE: &str = "This device";
    pub const UNKNOWN: &str = "Unknown device";
    pub const ONLY_THIS: &str = "You are signed in nowhere else.";
    pub const ACTIVE_NOW: &str = "Active now";
    pub const LAST_ACTIVE: &str = "Last active";
    pub const SIGNED_IN: &str = "Signed in";
    pub const UNTIL: &str = "Stays signed in until";
    pub const ADDRESS: &str = "Address";
    pub const SIGN_OUT: &str = "Sign out";
    pub const SIGN_OUT_OTHERS: &str = "Sign out all other devices";
    pub const SIGN_OUT_EVERYWHERE: &str = "Sign out everywhere";
    pub const CANCEL: &str = "Cancel";
    pub const RENAME: &str = "Rename";
    pub const NAME: &str = "Device name";
    pub const SAVE: &str = "Save";
    pub const NAME_RULE: &str = "Use 1 to 64 characters.";

    pub fn browser_on_system(browser: &str, system: &str) -> String {
        format!("{browser} on {system}")
    }

    pub fn rename(device: &str) -> String {
        format!("Rename {device}")
    }

    pub fn sign_out(device: &str) -> String {
        format!("Sign out {device}")
    }

    pub fn end_one_title(device: &str) -> String {
        format!("Sign out {device}?")
    }

    pub const END_ONE: &str = "It loses access at once. Whoever uses it has to sign in again.";
    pub const END_OTHERS_TITLE: &str = "Sign out all other devices?";

    pub fn end_others(count: usize) -> String {
        match count {
            1 => "One other device loses access at once. You stay signed in here.".into(),
            _ => format!("{count} other devices lose access at once. You stay signed in here."),
        }
    }

    pub const END_EVERYWHERE_TITLE: &str = "Sign out everywhere?";
    pub const END_EVERYWHERE: &str = "Every device loses access at once, this one too. You have to sign in again.";

    pub fn ended_one(device: &str) -> String {
        format!("{device} is signed out.")
    }

    pub fn came(device: &str) -> String {
        format!("{device} has just signed in.")
    }

    pub const ENDED_OTHERS: &str = "All other devices are signed out.";

    pub fn renamed(device: &str) -> String {
        format!("Renamed to {device}.")
    }

    /// Says that an action failed and why; `why` is a whole sentence.
    pub fn not_ended(device: &str, why: &str) -> String {
        format!("{device} is still signed in. {why}")
    }

    pub fn others_not_ended(why: &str) -> String {
        format!("The devices are still signed in. {why}")
    }
}

/// The account page.
pub mod account {
    use crate::ui::theme::Theme;

    pub const TITLE: &str = "Your account";
    pub const SINCE: &str = "Member since";
    pub const PASSWORD_CHANGED: &str = "Password last changed";
    pub const CHANGE_PASSWORD: &str = "Change password";
    pub const CHANGE_LEAD: &str = "All other devices are signed out when you do. This one stays.";
    pub const CURRENT: &str = "Current password";
    pub const NEW: &str = "New password";
    pub const CHANGED: &str = "Your password is changed. All other devices are signed out.";
    pub const DATA: &str = "Your data";
    pub const DATA_LEAD: &str = "Everything that is kept about you: account, devices and activity, as one JSON file.";
    pub const DOWNLOAD: &str = "Download";
    pub const FILE: &str = "latchkey-data.json";
    pub const APPEARANCE: &str = "Appearance";

    pub fn theme(theme: Theme) -> &'static str {
        match theme {
            Theme::System => "As the system",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
        }
    }

    pub const DELETE: &str = "Delete account";
    pub const DELETE_LEAD: &str = "Your account, devices and activity are erased at once, and cannot be brought back.";
    pub const DELETE_OPEN: &str = "Delete my account…";
    pub const DELETE_PASSWORD: &str = "Your password, to confirm";
    pub const DELETE_BUTTON: &str = "Delete for ever";
}

/// The activity page.
pub mod activity {
    pub const TITLE: &str = "Your activity";
    pub const LEAD: &str = "What happened to your account, newest first.";
    pub const FILTER: &str = "What to show";
    pub const ALL: &str = "Everything";
    pub const SIGN_INS: &str = "Sign-ins";
    pub const WARNINGS: &str = "Warnings";
    pub const WARNING: &str = "Worth a look";
    pub const NONE: &str = "Nothing of this kind here.";
    pub const OLDER: &str = "Older";
    pub const NEWEST: &str = "Newest";
    pub const NOT_ME: &str = "This wasn't me";
    pub const OTHER_SIDE: &str = "Used before:";

    /// What happened, a sentence for each kind of event.
    pub mod happened {
        pub const SIGNED_UP: &str = "Account created";
        pub const SIGNED_IN: &str = "Signed in";
        pub const SIGN_IN_FAILED: &str = "Sign-in with a wrong password";
        pub const SIGN_INS_BLOCKED: &str = "Too many wrong passwords: sign-ins had to wait";
        pub const SIGNED_OUT: &str = "Signed out";
        pub const SESSION_ENDED: &str = "A device was signed out";
        pub const REPLACED: &str = "Signed out by a new sign-in in the same browser";
        pub const TOO_MANY: &str = "Signed out because there were too many devices";
        pub const BY_OPERATOR: &str = "Signed out by the operator of this site";
        pub const BY_PASSWORD: &str = "Signed out because the password was changed";
        pub const SESSION_RENAMED: &str = "A device was renamed";
        pub const FORKED: &str = "A lost answer was sent again";
        pub const REUSED: &str = "A sign-in was used twice, which may mean that it was copied: it was ended";
        pub const PASSWORD_CHANGED: &str = "Password changed";
    }
}

/// Proving again who one is.
pub mod confirm {
    pub const TITLE: &str = "Is it you?";
    pub const LEAD: &str = "It has been a while. Enter your password to go on.";
    pub const PASSWORD: &str = "Password";
    pub const CONFIRM: &str = "Confirm";
    pub const CANCEL: &str = "Cancel";
}

/// A page that is not there.
pub mod missing {
    pub const TITLE: &str = "Nothing here";
    pub const LEAD: &str = "This address leads nowhere. It may have been mistyped.";
    pub const HOME: &str = "To your devices";
}

/// What a problem means to the person who meets it.
pub fn problem(code: Code) -> &'static str {
    match code {
        Code::ValidationFailed => "Something in the form needs another look.",
        Code::InvalidCredentials => "The username or the password is wrong.",
        Code::InvalidToken => "Your session has ended. Sign in again.",
        Code::SessionRevoked => "You were signed out from another device. Sign in again.",
        Code::RefreshReused => {
            "This session was ended because its sign-in was used twice, which can mean that somebody copied it. \
             Sign in again, and look through your devices."
        }
        Code::ReauthenticationRequired => "Enter your password to go on.",
        Code::ForbiddenOrigin => "This request did not come from this site. Try again from here.",
        Code::NotFound => "It is no longer there.",
        Code::UsernameTaken => "This username is taken. Choose another.",
        Code::RegistrationClosed => "New accounts are made by the operator of this site.",
        Code::PayloadTooLarge => "That is too long to be sent.",
        Code::RateLimited => "Too many attempts. Wait a moment and try again.",
        Code::Unavailable | Code::RefreshOvertaken | Code::RequestTimeout => {
            "The service cannot answer right now. Try again in a moment."
        }
        Code::MethodNotAllowed | Code::UnsupportedMediaType | Code::Internal => UNEXPECTED,
    }
}

/// For what no sentence was written for.
pub const UNEXPECTED: &str = "Something went wrong on our side. Try again.";

pub const WRONG_PASSWORD: &str = "The password is wrong.";

/// Why a field was refused; `None` for a field or a reason this app does not know.
pub fn field_problem(field: &str, reason: &str) -> Option<&'static str> {
    Some(match (field, reason) {
        ("username", "required" | "too_short") => "Use a username of at least 2 characters.",
        ("username", "too_long") => "Use a username of at most 64 characters.",
        ("username", _) => "Some of these characters cannot be used in a username.",
        ("password" | "newPassword", "too_short") => "This is too short. Use at least 15 characters.",
        ("password" | "newPassword", "too_long") => "This is too long. Use at most 1,024 characters.",
        ("password" | "newPassword", "too_common") => {
            "This password is among the first that others would guess. Choose another."
        }
        ("password" | "newPassword", "contains_username") => "The password must not contain your username.",
        ("password" | "newPassword" | "currentPassword", "required") => "Enter a password.",
        ("password" | "newPassword", _) => "Some of these characters cannot be used in a password.",
        ("name", _) => devices::NAME_RULE,
        _ => return None,
    })
}

/// Waiting after too many attempts.
pub fn wait(seconds: u64) -> String {
    match seconds {
        0..=1 => "Too many attempts. Try again in a second.".into(),
        2..=90 => format!("Too many attempts. Try again in {seconds} seconds."),
        _ => format!("Too many attempts. Try again in {} minutes.", seconds.div_ceil(60)),
    }
}
