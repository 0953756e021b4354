//! The paths of pages and form targets. The pages that one may return to: [`return_to`](crate::api::return_to).

use crate::domain::id::SessionId;

pub use crate::api::return_to::{
    ACCOUNT, ACTIVITY, DEVICES, FORGOT, INVITE, INVITE_DONE, LOGIN, NOT_ME, REAUTHENTICATE, RESET, RESET_DONE,
    SECOND_FACTOR, SIGN_OUT, SIGNUP, TOKEN, one_time,
};

/// The page to change the password when an event was caused by somebody else whose session is no longer alive. Changing
/// the password ends all other sessions.
pub const DISOWN: &str = "/account?notMe=over#password";
/// The same, after somebody tried passwords and none was right.
pub const GUESSED: &str = "/account?notMe=guessed#password";
/// The same, after the session has just been ended.
pub const DISOWNED: &str = "/account?notMe=ended#password";

/// The page to set up an authenticator app.
pub const AUTHENTICATOR_APP: &str = "/account/authenticator";
/// The page that offers recovery codes.
pub const RECOVERY_CODES: &str = "/account/recovery-codes";

/// The address that tells whether the server answers.
pub const HEALTH: &str = "/healthz";

/// The stream of changes to the user's sessions.
pub const LIVE: &str = "/api/live";

/// The paths that forms post to: those of the server functions.
pub mod post {
    use crate::api::auth::{
        AcceptInvitation, ChangePassword, DeleteAccount, EndNotMine, NotMine, Reauthenticate, Refresh, RenameSession,
        ResetPassword, RevokeSession, SignIn, SignOut, SignOutAll, SignUp,
    };
    use crate::api::preferences::Choose;
    use crate::api::second_factor::{BeginTotp, ConfirmTotp, MakeRecoveryCodes, RemoveTotp, SecondFactor};
    use server_fn::ServerFn;

    /// [`sign_in`](crate::api::auth::sign_in).
    pub const LOGIN: &str = SignIn::PATH;
    /// [`sign_up`](crate::api::auth::sign_up).
    pub const SIGNUP: &str = SignUp::PATH;
    /// [`refresh`](crate::api::auth::refresh).
    pub const REFRESH: &str = Refresh::PATH;
    /// [`sign_out`](crate::api::auth::sign_out).
    pub const LOGOUT: &str = SignOut::PATH;
    /// [`sign_out_all`](crate::api::auth::sign_out_all).
    pub const LOGOUT_ALL: &str = SignOutAll::PATH;
    /// [`revoke_session`](crate::api::auth::revoke_session).
    pub const REVOKE: &str = RevokeSession::PATH;
    /// [`rename_session`](crate::api::auth::rename_session).
    pub const RENAME: &str = RenameSession::PATH;
    /// [`not_mine`](crate::api::auth::not_mine).
    pub const NOT_MINE: &str = NotMine::PATH;
    /// [`end_not_mine`](crate::api::auth::end_not_mine).
    pub const END_NOT_MINE: &str = EndNotMine::PATH;
    /// [`reauthenticate`](crate::api::auth::reauthenticate).
    pub const REAUTHENTICATE: &str = Reauthenticate::PATH;
    /// [`change_password`](crate::api::auth::change_password).
    pub const PASSWORD: &str = ChangePassword::PATH;
    /// [`second_factor`](crate::api::second_factor::second_factor).
    pub const SECOND_FACTOR: &str = SecondFactor::PATH;
    /// [`begin_totp`](crate::api::second_factor::begin_totp).
    pub const TOTP: &str = BeginTotp::PATH;
    /// [`confirm_totp`](crate::api::second_factor::confirm_totp).
    pub const TOTP_CONFIRM: &str = ConfirmTotp::PATH;
    /// [`remove_totp`](crate::api::second_factor::remove_totp).
    pub const TOTP_REMOVE: &str = RemoveTotp::PATH;
    /// [`make_recovery_codes`](crate::api::second_factor::make_recovery_codes).
    pub const RECOVERY_CODES: &str = MakeRecoveryCodes::PATH;
    /// [`reset_password`](crate::api::auth::reset_password).
    pub const RESET: &str = ResetPassword::PATH;
    /// [`accept_invitation`](crate::api::auth::accept_invitation).
    pub const INVITE: &str = AcceptInvitation::PATH;
    /// [`choose`](crate::api::preferences::choose).
    pub const PREFERENCES: &str = Choose::PATH;
    /// [`delete_account`](crate::api::auth::delete_account).
    pub const DELETE_ACCOUNT: &str = DeleteAccount::PATH;
}

/// The query parameters that pages read.
pub mod query {
    pub use crate::api::return_to::query::{CONFIRMED, ERROR, FIELD, REASON, RETURN_TO};

    /// The session whose row is open for renaming, without JavaScript.
    pub const RENAME: &str = "rename";
    /// The sessions to sign out: one session, or one of [`which`](super::which).
    pub const DEVICE: &str = "device";
    /// One of [`which`](super::which), in a form that ends several sessions.
    pub const WHICH: &str = "which";
    /// After an event caused by somebody else: their session was `ended` just now, or is `over`; or they `guessed`
    /// passwords.
    pub const NOT_ME: &str = "notMe";
    /// The filter of the activity page, and the event after which it starts.
    pub const SHOW: &str = "show";
    /// The cursor of the page of events.
    pub const BEFORE: &str = "before";
}

/// The sessions to sign out, if it is not a single one.
pub mod which {
    /// All but the session that asks.
    pub const OTHERS: &str = "others";
    /// All sessions.
    pub const EVERYWHERE: &str = "everywhere";
}

/// The address of a session's row on the devices page.
pub fn device(sid: &SessionId) -> String {
    format!("{DEVICES}#{}", device_row(sid))
}

/// The id of the row.
pub fn device_row(sid: &SessionId) -> String {
    format!("device-{sid}")
}

/// `address` with one more parameter.
pub fn with_parameter(address: &str, name: &str, value: &str) -> String {
    let (page, fragment) = address.split_once('#').map_or((address, None), |(page, rest)| (page, Some(rest)));
    let joined = if page.contains('?') { '&' } else { '?' };
    let parameter = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{page}{joined}{parameter}{fragment}")
}

/// The address of the page that asks before a session is ended.
pub fn sign_out_of(sid: &SessionId) -> String {
    with_query(SIGN_OUT, &[(query::DEVICE, Some(sid.as_str()))])
}

/// The page that asks for the second factor, before the page to go to.
pub fn second_factor(return_to: Option<&str>) -> String {
    with_query(SECOND_FACTOR, &[(query::RETURN_TO, return_to)])
}

/// `address`, with the information that the password has been accepted.
pub fn confirmed(address: &str) -> String {
    with_parameter(address, query::CONFIRMED, "true")
}

/// Whether `path` is a page for signing in. Returning there would lead in a circle.
pub fn leads_to_entrance(path: &str) -> bool {
    matches!(page_of(path), LOGIN | SIGNUP | SECOND_FACTOR | REAUTHENTICATE | NOT_ME | "/")
}

/// The page with the form that posts to `path`.
pub fn page_of_form(path: &str) -> &'static str {
    match path {
        post::LOGIN | post::SECOND_FACTOR => LOGIN,
        post::SIGNUP => SIGNUP,
        post::REAUTHENTICATE => REAUTHENTICATE,
        post::PASSWORD
        | post::DELETE_ACCOUNT
        | post::TOTP
        | post::TOTP_CONFIRM
        | post::TOTP_REMOVE
        | post::RECOVERY_CODES => ACCOUNT,
        // The page with the form has an address that nobody can guess.
        post::RESET => FORGOT,
        post::INVITE => SIGNUP,
        _ => DEVICES,
    }
}

/// Whether `path` is that of the page at `page`, which may end with a token.
pub fn is_at(page: &str, path: &str) -> bool {
    match page.strip_suffix(TOKEN) {
        Some(begin) => path.strip_prefix(begin).is_some_and(|token| !token.is_empty() && !token.contains('/')),
        None => page == path,
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
    fn a_query_is_escaped_and_only_what_is_there_is_in_it() {
        assert_eq!(with_query(LOGIN, &[("error", None)]), "/login");
        assert_eq!(
            with_query(LOGIN, &[("returnTo", Some("/devices?a=b")), ("error", Some("x"))]),
            "/login?returnTo=%2Fdevices%3Fa%3Db&error=x"
        );
    }
}
