//! German.

pub(super) use super::factors::de::{FACTOR_PAGES, FACTORS};
use super::*;

pub(super) static ENTER: EnterTexts = EnterTexts {
    sign_in: "Anmelden",
    sign_in_lead: "Willkommen zurück.",
    sign_up: "Konto anlegen",
    sign_up_lead: "Ein Name und ein Passwort. Mehr brauchen wir nicht.",
    sign_up_button: "Konto anlegen",
    username: "Benutzername",
    password: "Passwort",
    password_rule: |n| format!("Mindestens {n} Zeichen. Mehrere Wörter hintereinander sind ideal."),
    show_password: "Passwort anzeigen",
    caps_lock: "Die Feststelltaste ist an.",
    remember: "Angemeldet bleiben",
    no_account: "Neu hier?",
    have_account: "Schon ein Konto?",
    closed: "Neue Konten legt die Verwaltung dieser Seite an.",
    closed_title: "Registrierung geschlossen",
    closed_lead: "Neue Konten legt nur die Verwaltung dieser Seite an. Fragen Sie dort nach.",
    invited: "Neue Konten gibt es nur auf Einladung.",
    invited_title: "Registrierung nur auf Einladung",
    invited_lead: "Für ein Konto brauchen Sie einen Link von der Verwaltung dieser Seite. Fragen Sie dort nach.",
    forgot: "Passwort vergessen?",
};

pub(super) static STRENGTH: StrengthTexts = StrengthTexts {
    missing: |n| match n {
        1 => "Noch 1 Zeichen fehlt.".into(),
        _ => format!("Noch {n} Zeichen fehlen."),
    },
    common: "Leicht zu erraten. Wählen Sie ein anderes.",
    fair: "Nicht schlecht. Länger ist besser.",
    good: "Gut: schwer zu erraten.",
    strong: "Sehr gut: sehr schwer zu erraten.",
};

pub(super) static FRAME: FrameTexts = FrameTexts {
    description: "Sehen Sie alle Geräte, auf denen Sie angemeldet sind, und melden Sie jedes davon ab.",
    skip_to_content: "Zum Inhalt",
    sign_out: "Abmelden",
    signing_out: "Sie werden abgemeldet …",
    resuming: "Ihre Sitzung wird fortgesetzt …",
    failed: "Diese Seite lässt sich gerade nicht anzeigen",
    refused: "Das wurde nicht angenommen",
    go_on: "Weiter",
    retry: "Noch einmal versuchen",
    unreachable: "Der Dienst ist gerade nicht erreichbar. Wir versuchen es weiter.",
    offline: "Sie sind offline. Was Sie sehen, kann sich geändert haben.",
    close: "Schließen",
    navigation: "Ihre Seiten",
    devices: "Geräte",
    activity: "Aktivität",
    account: "Konto",
    signed_in_as: "Angemeldet als",
};

pub(super) static PREFERENCES: PreferencesTexts = PreferencesTexts {
    language: "Sprache",
    theme: "Darstellung",
    system: "Wie das System",
    light: "Hell",
    dark: "Dunkel",
    apply: "Übernehmen",
};

pub(super) static DEVICES: DevicesTexts = DevicesTexts {
    title: "Ihre Geräte",
    lead: "Überall, wo Sie angemeldet sind. Melden Sie Geräte ab, die Sie nicht kennen.",
    list: "Angemeldete Geräte",
    this_device: "Dieses Gerät",
    unknown: "Unbekanntes Gerät",
    only_this: "Sie sind sonst nirgends angemeldet.",
    active_now: "Gerade aktiv",
    last_active: "Zuletzt aktiv",
    signed_in: "Seit",
    ends_unused: |unused, latest| format!("Endet {unused}, wenn nicht benutzt, spätestens {latest}"),
    ends: |latest| format!("Endet {latest}"),
    address: "Adresse",
    sign_out: "Abmelden",
    sign_out_others: "Alle anderen Geräte abmelden",
    sign_out_everywhere: "Überall abmelden",
    select: "Mehrere auswählen",
    select_done: "Auswahl beenden",
    sign_out_selected: |n| match n {
        0 => "Ausgewählte Geräte abmelden".into(),
        1 => "1 ausgewähltes Gerät abmelden".into(),
        _ => format!("{n} ausgewählte Geräte abmelden"),
    },
    cancel: "Abbrechen",
    rename: "Umbenennen",
    name: "Name des Geräts",
    save: "Speichern",
    browser_on_system: |browser, system| format!("{browser} auf {system}"),
    rename_one: |device| format!("{device} umbenennen"),
    sign_out_one: |device| format!("{device} abmelden"),
    select_one: |device| format!("{device} auswählen"),
    end_one_title: |device| format!("{device} abmelden?"),
    end_one: "Das Gerät verliert sofort den Zugang. Wer es benutzt, muss sich neu anmelden.",
    end_several_title: |n| match n {
        1 => "1 Gerät abmelden?".into(),
        _ => format!("{n} Geräte abmelden?"),
    },
    end_several: "Diese Geräte verlieren sofort den Zugang. Wer eines davon benutzt, muss sich neu anmelden.",
    end_others_title: "Alle anderen Geräte abmelden?",
    end_others: |n| match n {
        1 => "Ein anderes Gerät verliert sofort den Zugang. Hier bleiben Sie angemeldet.".into(),
        _ => format!("{n} andere Geräte verlieren sofort den Zugang. Hier bleiben Sie angemeldet."),
    },
    end_everywhere_title: "Überall abmelden?",
    end_everywhere: "Alle Geräte verlieren sofort den Zugang, auch dieses. Sie müssen sich neu anmelden.",
    not_you: "Nicht Sie?",
    came: |device| format!("{device} hat sich gerade angemeldet."),
    ended_one: |device| format!("{device} ist abgemeldet."),
    ended_several: |n| match n {
        1 => "1 Gerät ist abgemeldet.".into(),
        _ => format!("{n} Geräte sind abgemeldet."),
    },
    ended_others: "Alle anderen Geräte sind abgemeldet.",
    renamed: |from, to| format!("Umbenannt von {from} in {to}."),
    not_ended: |device, why| format!("{device} ist noch angemeldet. {why}"),
    others_not_ended: |why| format!("Die Geräte sind noch angemeldet. {why}"),
};

pub(super) static ACCOUNT: AccountTexts = AccountTexts {
    title: "Ihr Konto",
    since: "Mitglied seit",
    password_changed: "Passwort zuletzt geändert",
    change_password: "Passwort ändern",
    change_lead: "Dabei werden alle anderen Geräte abgemeldet. Dieses bleibt.",
    not_me_ended: "Das andere Gerät ist abgemeldet. Wählen Sie jetzt ein neues Passwort, damit sich niemand mehr mit dem alten anmeldet.",
    not_me_over: "Wählen Sie ein neues Passwort. Wer das alte kennt, kann sich wieder anmelden.",
    not_me_guessed: "Keines dieser Passwörter war richtig. Wenn Ihres leicht zu erraten ist oder auch anderswo gilt, wählen Sie ein neues.",
    current: "Bisheriges Passwort",
    new: "Neues Passwort",
    changed: "Ihr Passwort ist geändert. Alle anderen Geräte sind abgemeldet.",
    data: "Ihre Daten",
    data_lead: "Alles, was über Sie gespeichert ist: Konto, Geräte und Aktivität, als eine JSON-Datei.",
    download: "Herunterladen",
    file: "latchkey-daten.json",
    delete: "Konto löschen",
    delete_lead: "Konto, Geräte und Aktivität werden sofort gelöscht und lassen sich nicht zurückholen.",
    delete_open: "Mein Konto löschen …",
    delete_password: "Ihr Passwort, zur Bestätigung",
    delete_button: "Endgültig löschen",
};

pub(super) static ACTIVITY: ActivityTexts = ActivityTexts {
    title: "Ihre Aktivität",
    lead: "Was mit Ihrem Konto geschah, das Neueste zuerst.",
    filter: "Auswahl",
    all: "Alles",
    sign_ins: "Anmeldungen",
    warnings: "Warnungen",
    warning: "Bitte prüfen",
    none: "Keine Einträge.",
    older: "Ältere",
    newest: "Neueste",
    news: "Neue Aktivität.",
    show_news: "Anzeigen",
    not_me: "Das war ich nicht",
    other_side: "Zuvor benutzt:",
    from: |device| format!("von {device} aus"),
    happened: HappenedTexts {
        signed_up: "Konto angelegt",
        signed_in: "Angemeldet",
        wrong_passwords: |n| match n {
            1 => "Ein falsches Passwort wurde eingegeben".into(),
            _ => format!("{n} falsche Passwörter wurden eingegeben"),
        },
        wrong_then_signed_in: |n| match n {
            1 => "1 falsches Passwort, dann angemeldet".into(),
            _ => format!("{n} falsche Passwörter, dann angemeldet"),
        },
        wrong_then_right: |n| match n {
            1 => "1 falsches Passwort, dann das richtige".into(),
            _ => format!("{n} falsche Passwörter, dann das richtige"),
        },
        sign_ins_blocked: "Anmeldungen waren nach zu vielen falschen Passwörtern kurz gesperrt",
        signed_out: "Abgemeldet",
        session_ended: "Ein Gerät wurde abgemeldet",
        session_ended_of: |device| format!("{device} wurde abgemeldet"),
        session_ended_because: |device, why| format!("{device} wurde abgemeldet: {why}"),
        some_session_ended_because: |why| format!("Ein Gerät wurde abgemeldet: {why}"),
        replaced: "neue Anmeldung im selben Browser",
        too_many: "zu viele Geräte",
        by_operator: "durch die Verwaltung dieser Seite",
        by_password: "Passwort geändert",
        session_renamed: "Ein Gerät wurde umbenannt",
        session_renamed_of: |device| format!("{device} wurde umbenannt"),
        session_renamed_from_to: |before, after| format!("{before} wurde in {after} umbenannt"),
        forked: "Das Gerät hat seine Anmeldung nach einer Verbindungsstörung erneuert",
        reused: "Vielleicht hat jemand diese Anmeldung kopiert. Wir haben sie beendet.",
        password_changed: "Passwort geändert",
        password_set: "Die Verwaltung dieser Seite hat ein neues Passwort gesetzt",
        link_made: "Die Verwaltung dieser Seite hat einen Link für ein neues Passwort erstellt",
        password_reset: "Mit einem Link wurde ein neues Passwort gewählt",
    },
};

pub(super) static NOT_ME: NotMeTexts = NotMeTexts {
    title: "Wenn Sie es nicht waren",
    then: "Wählen Sie danach ein neues Passwort, damit sich niemand mehr mit dem alten anmeldet.",
};

pub(super) static LINKS: LinksTexts = LinksTexts {
    reset_title: "Neues Passwort wählen",
    reset_lead: |name| format!("Für das Konto {name}. Alle Geräte des Kontos werden dabei abgemeldet."),
    reset_done_title: "Ihr Passwort ist geändert",
    reset_done: "Alle Geräte sind abgemeldet. Melden Sie sich mit dem neuen Passwort an.",
    invite_lead: |name| format!("Sie sind eingeladen. Ihr Name hier ist {name}. Wählen Sie ein Passwort dafür."),
    invite_done_title: "Ihr Konto ist bereit",
    invite_done: "Melden Sie sich mit Ihrem Namen und dem gewählten Passwort an.",
    invalid_title: "Dieser Link gilt nicht",
    reset_invalid: "Vielleicht wurde er schon benutzt, ist zu alt oder unvollständig. Wenn Sie noch ein neues Passwort brauchen, bitten Sie um einen neuen Link.",
    invite_invalid: "Vielleicht wurde er schon benutzt, ist zu alt oder unvollständig. Bitten Sie dort, wo die Einladung herkam, um einen neuen Link.",
    forgot_lead: "Die Verwaltung dieser Seite kann Ihnen einen Link geben, mit dem Sie ein neues wählen. Fragen Sie dort nach.",
    contact: "So erreichen Sie die Verwaltung:",
};

pub(super) static CONFIRM: ConfirmTexts = ConfirmTexts {
    title: "Bitte bestätigen Sie, dass Sie es sind",
    lead: "Ihre Anmeldung ist eine Weile her. Geben Sie Ihr Passwort ein, um fortzufahren.",
    confirm: "Bestätigen",
    confirmed: "Ihr Passwort ist bestätigt. Es wurde noch nichts abgemeldet: Bitte melden Sie das Gerät noch einmal ab.",
};

pub(super) static MISSING: MissingTexts = MissingTexts {
    title: "Seite nicht gefunden",
    lead: "Unter dieser Adresse gibt es keine Seite. Vielleicht ist sie falsch geschrieben.",
    home: "Zu Ihren Geräten",
};

pub(super) static PROBLEMS: ProblemsTexts = ProblemsTexts {
    validation_failed: "Im Formular stimmt etwas noch nicht.",
    invalid_credentials: "Der Benutzername oder das Passwort ist falsch.",
    wrong_password: "Das Passwort ist falsch.",
    session_ended: "Ihre Sitzung ist beendet. Melden Sie sich neu an.",
    session_revoked: "Sie wurden von einem anderen Gerät aus abgemeldet. Melden Sie sich neu an.",
    refresh_reused: "Vielleicht hat jemand diese Anmeldung kopiert. Deshalb haben wir sie beendet. Melden Sie sich neu \
                     an und prüfen Sie Ihre Geräte.",
    insufficient_scope: "Dazu sind Sie nicht berechtigt.",
    reauthentication_required: "Geben Sie Ihr Passwort ein, um fortzufahren.",
    forbidden_origin: "Ihr Browser hat nicht angegeben, dass diese Anfrage von dieser Website kommt. Es wurde nichts geändert. \
                       Öffnen Sie die Seite neu und versuchen Sie es noch einmal. Hilft das nicht, dann entfernt vielleicht \
                       eine Erweiterung oder ein Proxy die Kopfzeilen Origin und Sec-Fetch-Site.",
    opened_elsewhere: "Diese Seite wurde unter einer anderen Adresse als der des Dienstes geöffnet. Verwenden Sie diese:",
    cookies_required: "Ihr Browser behält keine Cookies dieser Website, und ohne sie kann niemand angemeldet sein. Erlauben Sie \
                       Cookies für diese Website und versuchen Sie es noch einmal.",
    not_found: "Das gibt es nicht mehr.",
    username_taken: "Dieser Benutzername ist vergeben. Wählen Sie einen anderen.",
    registration_closed: "Neue Konten legt die Verwaltung dieser Seite an.",
    link_invalid: "Dieser Link gilt nicht mehr. Bitten Sie um einen neuen.",
    second_factor_required: "Geben Sie einen Code ein, um fortzufahren.",
    second_factor_invalid: "Der Code ist falsch oder wurde schon benutzt. Warten Sie auf den nächsten.",
    sign_in_expired: "Diese Anmeldung hat zu lange gedauert oder hatte zu viele falsche Codes. Geben Sie Ihr Passwort noch einmal ein.",
    already_set_up: "Eine Authenticator-App ist schon eingerichtet. Entfernen Sie sie zuerst.",
    payload_too_large: "Das ist zu lang, um es zu senden.",
    rate_limited: "Zu viele Versuche. Warten Sie einen Moment und versuchen Sie es noch einmal.",
    wait_seconds: |n| match n {
        1 => "Zu viele Versuche. Versuchen Sie es in einer Sekunde noch einmal.".into(),
        _ => format!("Zu viele Versuche. Versuchen Sie es in {n} Sekunden noch einmal."),
    },
    wait_minutes: |n| format!("Zu viele Versuche. Versuchen Sie es in {n} Minuten noch einmal."),
    offline: "Sie sind offline, deshalb wurde nichts gesendet. Versuchen Sie es noch einmal, wenn Sie verbunden sind.",
    unavailable: "Der Dienst kann gerade nicht antworten. Versuchen Sie es gleich noch einmal.",
    unexpected: "Bei uns ist etwas schiefgegangen. Versuchen Sie es noch einmal.",
};

pub(super) static FIELDS: FieldsTexts = FieldsTexts {
    username_too_short: "Der Benutzername braucht mindestens 2 Zeichen.",
    username_too_long: "Der Benutzername darf höchstens 64 Zeichen haben.",
    username_invalid: "Verwenden Sie nur Buchstaben, Ziffern und Zeichen wie . - _ @, ohne Leerzeichen.",
    password_too_short: |n| format!("Das ist zu kurz. Verwenden Sie mindestens {n} Zeichen."),
    password_too_long: "Das ist zu lang. Verwenden Sie höchstens 1.024 Zeichen.",
    password_too_common: "Dieses Passwort ist leicht zu erraten. Wählen Sie ein anderes.",
    password_contains_username: "Das Passwort darf den Benutzernamen nicht enthalten.",
    password_required: "Geben Sie ein Passwort ein.",
    password_unchanged: "Das ist Ihr bisheriges Passwort. Wählen Sie ein anderes.",
    password_invalid: "Einige dieser Zeichen sind in einem Passwort nicht möglich.",
    name: "Verwenden Sie 1 bis 64 Zeichen, keine unsichtbaren.",
};

pub(super) static DATES: DatesTexts = DatesTexts {
    months: ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
    date: |day, month, year| format!("{day}. {month} {year}"),
    date_and_time: |date, time| format!("{date}, {time}"),
    today: "Heute",
    yesterday: "Gestern",
    now: "gerade eben",
    minutes: |n| match n {
        1 => "vor 1 Minute".into(),
        _ => format!("vor {n} Minuten"),
    },
    hours: |n| match n {
        1 => "vor 1 Stunde".into(),
        _ => format!("vor {n} Stunden"),
    },
    days: |n| match n {
        1 => "gestern".into(),
        _ => format!("vor {n} Tagen"),
    },
    in_minutes: |n| match n {
        1 => "in 1 Minute".into(),
        _ => format!("in {n} Minuten"),
    },
    in_hours: |n| format!("in {n} Stunden"),
    in_days: |n| format!("in {n} Tagen"),
};

pub(super) static FAREWELLS: FarewellsTexts = FarewellsTexts {
    signed_out: "Sie sind abgemeldet.",
    signed_out_everywhere: "Sie sind auf allen Ihren Geräten abgemeldet.",
    deleted: "Ihr Konto ist gelöscht.",
    ended_by_user: "Sie wurden von einem anderen Gerät aus abgemeldet.",
    replaced: "Eine neuere Anmeldung in diesem Browser hat diese hier ersetzt.",
    reused: "Vielleicht hat jemand diese Anmeldung kopiert. Wir haben sie beendet. Melden Sie sich neu an und sehen Sie \
             Ihre Geräte durch.",
    password_changed: "Sie wurden abgemeldet, weil das Passwort geändert wurde. Melden Sie sich mit dem neuen an.",
    too_many: "Sie wurden abgemeldet, weil es zu viele Anmeldungen gab und diese am längsten unbenutzt war.",
    operator: "Die Verwaltung dieser Seite hat Sie abgemeldet.",
    disabled: "Die Verwaltung dieser Seite hat dieses Konto gesperrt.",
    expired: "Ihre Anmeldung ist abgelaufen. Melden Sie sich neu an.",
    gone: "Diese Anmeldung ist hier nicht mehr bekannt. Vielleicht wurde ihr Konto gelöscht.",
    by: |device| format!("durch {device}"),
    not_you: "Wenn Sie das nicht waren, melden Sie sich an und ändern Sie Ihr Passwort.",
};

pub(super) static LASTING: LastingTexts = LastingTexts {
    days: |n| format!("{n} Tage"),
    hours: |n| format!("{n} Stunden"),
    minutes: |n| format!("{n} Minuten"),
    remember: |longest, unused, short| {
        format!(
            "Höchstens {longest} lang, wenn Sie mindestens alle {unused} hier sind. Sonst bis der Browser geschlossen wird, höchstens {short}."
        )
    },
};
