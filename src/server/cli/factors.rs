//! `latchkey user factors` and `user remove-factors`: the second factors of a user.

use super::input::confirm;
use super::output::{json_line, print, rfc3339};
use super::{CommandError, called};
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::server::ports::User;
use crate::server::service::Services;
use serde::Serialize;

/// The second factors of a user as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownFactors<'a> {
    id: &'a UserId,
    username: &'a str,
    /// When the authenticator app was set up.
    totp_since: Option<Timestamp>,
    recovery_codes_left: u32,
}

/// Shows what second factors a user has.
pub(super) async fn show(services: &Services, user: &User, json: bool) -> Result<(), CommandError> {
    let info = services.second_factor_info(&user.id).await?;
    let shown = ShownFactors {
        id: &user.id,
        username: user.username.as_str(),
        totp_since: info.map(|info| info.totp_since),
        recovery_codes_left: info.map_or(0, |info| info.recovery_codes_left),
    };
    if json {
        return print(&json_line(&shown)?);
    }
    let app = shown.totp_since.map(|since| format!("since {}", rfc3339(Some(since))));
    for (field, value) in [
        ("authenticator app", app.unwrap_or_else(|| "none".to_owned())),
        ("recovery codes", format!("{} left", shown.recovery_codes_left)),
    ] {
        print(&format!("{field:<17} {value}"))?;
    }
    Ok(())
}

/// Removes all second factors of a user.
pub(super) async fn remove(services: &Services, user: &User, yes: bool) -> Result<(), CommandError> {
    if services.second_factor_info(&user.id).await?.is_none() {
        return Err(CommandError::NoFactors(called(user)));
    }
    confirm(&format!("Remove the second factors of {}? Then the password alone is enough.", called(user)), yes)?;
    services.remove_second_factors(&user.id).await?;
    print(&format!("Removed the second factors of {}.", called(user)))
}
