//! The field `returnTo` of forms and of sign-in pages: the page to go to afterwards. Only addresses of our own pages
//! are followed.
//!
//! ```
//! use latchkey::api::return_to;
//!
//! assert_eq!(return_to::page(Some("/activity?show=warnings")), "/activity?show=warnings");
//! assert_eq!(return_to::page(Some("https://evil.example/")), "/devices");
//! // The page that asks for the password leads on: somebody who has just signed in has entered it.
//! assert_eq!(return_to::page(Some("/reauthenticate?returnTo=%2Factivity")), "/activity");
//! ```

use crate::domain::one_time_link::{Purpose, is_well_formed};

/// The query parameters of a page that a form or a sign-in leads to.
pub mod query {
    /// The page to go to next: a path of this site. Also the name of the field.
    pub const RETURN_TO: &str = "returnTo";
    /// The code of what went wrong.
    pub const ERROR: &str = "error";
    /// The field that it is about.
    pub const FIELD: &str = "field";
    /// Why the field was refused.
    pub const REASON: &str = "reason";
    /// The password has been accepted for an action that is still to be done.
    pub const CONFIRMED: &str = "confirmed";
}

/// The page to sign in.
pub const LOGIN: &str = "/login";
/// The page to sign up.
pub const SIGNUP: &str = "/signup";
/// The page that asks for the password again.
pub const REAUTHENTICATE: &str = "/reauthenticate";
/// The page that asks for the second factor of a sign-in.
pub const SECOND_FACTOR: &str = "/second-factor";
/// The list of sessions.
pub const DEVICES: &str = "/devices";
/// The page of the account.
pub const ACCOUNT: &str = "/account";
/// The user's own security events.
pub const ACTIVITY: &str = "/activity";

/// The page that asks before sessions are ended.
pub const SIGN_OUT: &str = "/devices/sign-out";
/// The page that asks before a session is ended that the user did not start.
pub const NOT_ME: &str = "/not-me";

/// The page for people who forgot their password.
pub const FORGOT: &str = "/forgot";
/// The page of a link to choose a new password. The last part of its path is the token.
pub const RESET: &str = "/reset/{token}";
/// The page after such a link was used.
pub const RESET_DONE: &str = "/reset/done";
/// The page of an invitation, as [`RESET`].
pub const INVITE: &str = "/invite/{token}";
/// The page after an invitation was used.
pub const INVITE_DONE: &str = "/invite/done";

/// The part of a path that stands for a token.
pub const TOKEN: &str = "{token}";

/// The address of the page of a one-time link.
pub fn one_time(purpose: Purpose, token: &str) -> String {
    let page = match purpose {
        Purpose::Reset => RESET,
        Purpose::Invite => INVITE,
    };
    page.replace(TOKEN, token)
}

/// The pages that a sign-in may lead to.
const DESTINATIONS: [&str; 3] = [DEVICES, ACCOUNT, ACTIVITY];

/// The pages that take a credential. A sign-in never leads to one, and each has a page of its own to return to.
const ENTRANCES: [&str; 4] = [LOGIN, SIGNUP, SECOND_FACTOR, REAUTHENTICATE];

/// The pages that take no credential, and that no sign-in leads to.
const BESIDE: [&str; 5] = [FORGOT, RESET_DONE, INVITE_DONE, SIGN_OUT, NOT_ME];

/// Parameters about a past event. They are removed.
const OVER: [&str; 4] = [query::ERROR, query::FIELD, query::REASON, query::CONFIRMED];

/// The longest address to return to, in bytes.
const LENGTH_MAX: usize = 512;

/// The page to go to after a form or a sign-in: the address in `wanted`, with its query, if it is one of our pages;
/// otherwise the devices page. For a page that takes a credential, it is the page to which that one leads.
pub fn page(wanted: Option<&str>) -> String {
    let destination = |wanted: &str| address_of(&DESTINATIONS, wanted);
    let page = |wanted: &str| destination(wanted).or_else(|| destination(&behind(wanted)?));
    wanted.filter(|wanted| wanted.len() <= LENGTH_MAX).and_then(page).unwrap_or_else(|| DEVICES.to_owned())
}

/// The page in `wanted` itself, also one that takes a credential. Such a page keeps its own page to return to.
/// Otherwise as [`page`].
///
/// ```
/// use latchkey::api::return_to;
///
/// assert_eq!(return_to::same_page(Some("/login?error=x&returnTo=%2Faccount")), "/login?returnTo=%2Faccount");
/// ```
pub fn same_page(wanted: Option<&str>) -> String {
    let (path, _) = split(wanted.unwrap_or_default());
    if is_one_time(path) {
        return path.to_owned();
    }
    if let Some(address) =
        wanted.filter(|wanted| wanted.len() <= LENGTH_MAX).and_then(|wanted| address_of(&BESIDE, wanted))
    {
        return address;
    }
    let Some(entrance) = ENTRANCES.into_iter().find(|entrance| *entrance == path) else { return page(wanted) };
    match wanted.and_then(behind) {
        Some(target) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair(query::RETURN_TO, &page(Some(&target)))
                .finish();
            format!("{entrance}?{query}")
        }
        None => entrance.to_owned(),
    }
}

/// Whether a path can be that of a one-time link.
fn is_one_time(path: &str) -> bool {
    let token = path.rsplit('/').next().filter(|token| is_well_formed(token));
    token.is_some_and(|token| [Purpose::Reset, Purpose::Invite].into_iter().any(|of| one_time(of, token) == path))
}

/// `wanted`, if it is the address of one of `pages`. The address is parsed and written again, so that it stays on this
/// site whatever it contains. Paths are looked up, not compared by form: only a browser resolves
/// `/devices/../auth/logout`.
fn address_of(pages: &[&str], wanted: &str) -> Option<String> {
    let (rest, fragment) = wanted.split_once('#').unwrap_or((wanted, ""));
    let (path, query) = split(rest);
    let page = pages.iter().find(|page| **page == path)?;
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !OVER.contains(&name.as_ref()));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
    let mut address = (*page).to_owned();
    if !query.is_empty() {
        address = address + "?" + &query;
    }
    if !fragment.is_empty() && fragment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        address = address + "#" + fragment;
    }
    Some(address)
}

/// The page to which a page that takes a credential leads, as its address says.
fn behind(wanted: &str) -> Option<String> {
    let (path, query) = split(wanted);
    let mut fields = form_urlencoded::parse(query.as_bytes()).filter(|_| ENTRANCES.contains(&path));
    fields.find(|(name, _)| name == query::RETURN_TO).map(|(_, target)| target.into_owned())
}

/// An address as path and query.
fn split(address: &str) -> (&str, &str) {
    address.split_once('?').unwrap_or((address, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returning_stays_on_this_site() {
        assert_eq!(page(Some("/devices?rename=1")), "/devices?rename=1");
        assert_eq!(page(Some("/account#password")), "/account#password");
        assert_eq!(page(Some("/activity?show=warnings&before=7")), "/activity?show=warnings&before=7");
        for bad in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "javascript:1",
            "devices",
            "",
            "/a\\b",
        ] {
            assert_eq!(page(Some(bad)), DEVICES, "{bad:?}");
        }
        assert_eq!(page(None), DEVICES);
        assert_eq!(page(Some(&format!("/devices?a={}", "b".repeat(600)))), DEVICES);
    }

    #[test]
    fn an_address_is_written_anew_whatever_it_holds() {
        for (wanted, written) in [
            ("/activity?show=a\r\nSet-Cookie:%20x", "/activity?show=a%0D%0ASet-Cookie%3A+x"),
            ("/activity?\"><script>", "/activity?%22%3E%3Cscript%3E="),
            ("/account?a=b#//evil.example", "/account?a=b"),
        ] {
            assert_eq!(page(Some(wanted)), written);
        }
    }

    #[test]
    fn what_had_just_happened_is_not_returned_to() {
        let wanted = "/activity?error=unavailable&field=a&reason=b&confirmed=true&show=warnings";
        assert_eq!(page(Some(wanted)), "/activity?show=warnings");
    }

    #[test]
    fn returning_leads_to_no_other_path_by_a_detour() {
        for bad in ["/devices/../login", "/./auth/logout", "/%2e%2e/auth/logout", "/.//evil.example", "/api/me", "/a/b"]
        {
            assert_eq!(page(Some(bad)), DEVICES, "{bad:?}");
        }
    }

    #[test]
    fn signing_in_does_not_lead_back_to_signing_in_nor_to_another_question_for_the_password() {
        for entrance in ["/login", "/login?returnTo=/login", "/signup", "/reauthenticate", "/"] {
            assert_eq!(page(Some(entrance)), DEVICES, "{entrance}");
        }
        for (entrance, behind) in [
            ("/reauthenticate?returnTo=%2Factivity%3Fshow%3Dwarnings", "/activity?show=warnings"),
            ("/reauthenticate?error=invalid_credentials&returnTo=/account", "/account"),
            ("/login?returnTo=%2Faccount", "/account"),
            ("/reauthenticate?returnTo=//evil.example", "/devices"),
            ("/reauthenticate?returnTo=%2Freauthenticate%3FreturnTo%3D%2Faccount", "/devices"),
        ] {
            assert_eq!(page(Some(entrance)), behind, "{entrance}");
        }
    }

    #[test]
    fn the_same_page_may_be_one_of_signing_in_and_keeps_where_it_leads() {
        assert_eq!(same_page(Some("/login")), "/login");
        let signing_up = "/signup?returnTo=%2Factivity%3Fshow&error=x";
        assert_eq!(same_page(Some(signing_up)), "/signup?returnTo=%2Factivity%3Fshow%3D");
        assert_eq!(same_page(Some("/login?returnTo=//evil.example")), "/login?returnTo=%2Fdevices");
        assert_eq!(same_page(Some("/account?error=x")), "/account");
        let link = "/invite/n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg";
        assert_eq!((same_page(Some(link)), same_page(Some("/invite/x"))), (link.to_owned(), "/devices".to_owned()));
        assert_eq!(same_page(Some("/forgot?error=x")), "/forgot");
        assert_eq!(same_page(Some("/devices/sign-out?which=others&error=x")), "/devices/sign-out?which=others");
        assert_eq!((same_page(Some("/not-me")), page(Some("/not-me"))), ("/not-me".to_owned(), "/devices".to_owned()));
        for odd in ["//evil.example", "/login/../x", "/auth/logout", ""] {
            assert_eq!(same_page(Some(odd)), "/devices", "{odd}");
        }
    }
}
