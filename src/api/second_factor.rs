//! The server functions of the second factor: signing in with it, setting it up, removing it.
#![expect(missing_docs, reason = "an argument of a server function becomes a field; the function says what it is")]

use super::Secret;
use super::data::{NewCodes, Tokens, TotpSetUp};
use super::problem::Problem;
use super::wire::{Post, Wire};
use leptos::prelude::*;

/// Goes on with a sign-in that was answered with `second_factor_required`. `code` is a code of the authenticator app or a
/// recovery code; `recovery_code` is a recovery code. A native client sends `sign_in`, the value of that answer; of a
/// browser, the web session has it.
#[server(prefix = "/auth", endpoint = "second-factor", protocol = Wire<Post>)]
pub async fn second_factor(
    #[server(default)] code: Option<Secret>,
    #[server(default)]
    #[server(rename = "recoveryCode")]
    recovery_code: Option<Secret>,
    #[server(default)]
    #[server(rename = "signIn")]
    sign_in: Option<Secret>,
) -> Result<Tokens, Problem> {
    crate::server::http::second_factors::second_factor(code, recovery_code, sign_in).await
}

/// Begins to set up an authenticator app. It counts once it is [confirmed](confirm_totp).
#[server(prefix = "/auth", endpoint = "totp", protocol = Wire<Post>)]
pub async fn begin_totp() -> Result<TotpSetUp, Problem> {
    crate::server::http::second_factors::begin_totp().await
}

/// Confirms the authenticator app with a code that it shows.
#[server(prefix = "/auth", endpoint = "totp/confirm", protocol = Wire<Post>)]
pub async fn confirm_totp(code: Secret) -> Result<(), Problem> {
    crate::server::http::second_factors::confirm_totp(code).await
}

/// Removes the authenticator app and the recovery codes.
#[server(prefix = "/auth", endpoint = "totp/delete", protocol = Wire<Post>)]
pub async fn remove_totp() -> Result<(), Problem> {
    crate::server::http::second_factors::remove_totp().await
}

/// Makes recovery codes in place of all earlier ones.
#[server(prefix = "/auth", endpoint = "recovery-codes", protocol = Wire<Post>)]
pub async fn make_recovery_codes() -> Result<NewCodes, Problem> {
    crate::server::http::second_factors::make_recovery_codes().await
}
