//! Where things are: the paths of pages and form targets, and where to go after signing in.

pub const LOGIN: &str = "/login";
pub const SIGNUP: &str = "/signup";
pub const DEVICES: &str = "/devices";
pub const REAUTHENTICATE: &str = "/reauthenticate";
pub const ACCOUNT: &str = "/account";
pub const ACTIVITY: &str = "/activity";
/// Where to go when something was somebody else, and its session is not signed in any more: a changed password ends
/// every other session.
pub const DISOWN: &str = "/account?notMe=over#password";
/// The same, when its session has just been ended.
pub const DISOWNED: &str = "/account?notMe=ended#password";

/// Where somebody comes who has just deleted their account.
pub const DELETED: &str = "/login?done=deleted";

/// What happens to the user's sessions, as it happens.
pub const LIVE: &str = "/api/live";

/// Where the forms post to: the paths of the server functions.
pub mod post {
    pub const LOGIN: &str = "/auth/login";
    pub const SIGNUP: &str = "/auth/signup";
    pub const REFRESH: &str = "/auth/refresh";
    pub const LOGOUT: &str = "/auth/logout";
    pub const LOGOUT_ALL: &str = "/auth/logout-all";
    pub const REVOKE: &str = "/auth/sessions/revoke";
    pub const RENAME: &str = "/auth/sessions/rename";
    pub const REAUTHENTICATE: &str = "/auth/reauthenticate";
    pub const PASSWORD: &str = "/auth/password";
    pub const PREFERENCES: &str = "/preferences";
    pub const DELETE_ACCOUNT: &str = "/auth/account/delete";
}

/// The query parameters that pages read.
pub mod query {
    pub const RETURN_TO: &str = "returnTo";
    pub const ERROR: &str = "error";
    pub const FIELD: &str = "field";
    pub const REASON: &str = "reason";
    /// The session whose row is open for renaming, without JavaScript.
    pub const RENAME: &str = "rename";
    /// That somebody else did something: whether it was `ended` just now, or was `over`.
    pub const NOT_ME: &str = "notMe";
    /// That the password was given again, for something that has not been done yet.
    pub const CONFIRMED: &str = "confirmed";
    /// What was done just now: the account was `deleted`.
    pub const DONE: &str = "done";
    /// Which events are shown, and from where on.
    pub const SHOW: &str = "show";
    pub const BEFORE: &str = "before";
}

/// `wanted`, if it is a page of the app, with its query; else the devices page. Looked up, since no shape of a path says
/// where it leads: `/devices/../auth/logout` is resolved only by the browser.
pub fn return_path(wanted: Option<&str>) -> &str {
    wanted
        .filter(|path| is_page(path) && path.len() <= 512)
        .filter(|path| !path.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace()))
        .unwrap_or(DEVICES)
}

/// The page at `path`, come back to with the password given again.
pub fn confirmed(path: &str) -> String {
    let (page, fragment) = path.split_once('#').map_or((path, None), |(page, fragment)| (page, Some(fragment)));
    let joined = if page.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{page}{joined}{}=true{fragment}", query::CONFIRMED)
}

/// Whether the app itself has a page at `path` for who is signed in.
pub fn is_page(path: &str) -> bool {
    matches!(page_of(path), DEVICES | ACCOUNT | ACTIVITY)
}

/// Whether `path` is where people sign in: going back there would be a circle.
pub fn leads_to_entrance(path: &str) -> bool {
    matches!(page_of(path), LOGIN | SIGNUP | REAUTHENTICATE | "/")
}

/// The page that has the form which posts to `path`.
pub fn page_of_form(path: &str) -> &'static str {
    match path {
        post::LOGIN => LOGIN,
        post::SIGNUP => SIGNUP,
        post::REAUTHENTICATE => REAUTHENTICATE,
        post::PASSWORD | post::DELETE_ACCOUNT => ACCOUNT,
        _ => DEVICES,
    }
}

fn page_of(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default()
}

/// `path` with a query; parameters without a value are left out.
pub fn with_query(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_confirmed_is_told_to_the_page_whatever_its_address_holds() {
        assert_eq!(confirmed("/devices"), "/devices?confirmed=true");
        assert_eq!(confirmed("/activity?show=warnings#top"), "/activity?show=warnings&confirmed=true#top");
    }

    #[test]
    fn returning_stays_on_this_site() {
        assert_eq!(return_path(Some("/devices?rename=1")), "/devices?rename=1");
        assert_eq!(return_path(Some("/account#password")), "/account#password");
        for bad in
            ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "devices", "", "/a\\b"]
        {
            assert_eq!(return_path(Some(bad)), DEVICES, "{bad:?}");
        }
        assert_eq!(return_path(None), DEVICES);
    }

    #[test]
    fn returning_leads_to_no_other_path_by_a_detour() {
        for bad in ["/devices/../login", "/./auth/logout", "/%2e%2e/auth/logout", "/.//evil.example", "/api/me", "/a/b"]
        {
            assert_eq!(return_path(Some(bad)), DEVICES, "{bad:?}");
        }
    }

    #[test]
    fn signing_in_does_not_lead_back_to_signing_in() {
        for entrance in ["/login", "/login?returnTo=/login", "/signup", "/reauthenticate", "/"] {
            assert_eq!(return_path(Some(entrance)), DEVICES, "{entrance}");
        }
    }

    #[test]
    fn a_query_is_escaped_and_only_what_is_there_is_in_it() {
        assert_eq!(with_query(LOGIN, &[("error", None)]), "/login");
        assert_eq!(
            with_query(LOGIN, &[("returnTo", Some("/devices?a=b")), ("error", Some("x"))]),
            "/login?returnTo=%2Fdevices%3Fa%3Db&error=x"
        );
    }
}
