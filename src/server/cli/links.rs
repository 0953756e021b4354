//! `latchkey user link`: prints a one-time link with which its holder chooses a password.

use super::output::{json_line, print};
use super::{CommandError, find_user};
use crate::domain::credentials::Username;
use crate::domain::one_time_link::Purpose;
use crate::domain::time::Timestamp;
use crate::server::config::parse_duration;
use crate::server::service::{MadeLink, ServiceError, Services};
use crate::ui::links;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::time::Duration;

/// The arguments of the command.
#[derive(Debug, Args)]
pub(super) struct LinkArguments {
    /// The name or the id of a user; for an invitation, a name that nobody has.
    user: String,
    /// What the link is for.
    #[arg(long, value_enum, default_value_t = LinkPurpose::Reset)]
    purpose: LinkPurpose,
    /// How long the link works, such as 30m, 12h or 3d; at most 30d. Without this option: 1h, an invitation 7d.
    #[arg(long, value_parser = parse_duration)]
    expires: Option<Duration>,
    /// As one JSON object; times are milliseconds since 1970.
    #[arg(long)]
    json: bool,
}

/// What a link is for, as the command line says it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LinkPurpose {
    /// The user chooses a new password.
    Reset,
    /// Somebody creates an account with this name.
    Invite,
}

/// A link as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownLink<'a> {
    url: &'a str,
    purpose: Purpose,
    username: &'a str,
    expires_at: Timestamp,
}

/// Makes a link, and prints it.
pub(super) async fn link(services: &Services, arguments: LinkArguments) -> Result<(), CommandError> {
    let LinkArguments { user, purpose, expires, json } = arguments;
    let purpose = match purpose {
        LinkPurpose::Reset => Purpose::Reset,
        LinkPurpose::Invite => Purpose::Invite,
    };
    let life = purpose.life(expires)?;
    let (name, MadeLink { token, expires_at }) = match purpose {
        Purpose::Reset => {
            let user = find_user(services, &user).await?;
            if user.disabled_at.is_some() {
                return Err(CommandError::UserIsDisabled(super::called(&user)));
            }
            let link = services.make_reset_link(&user.id, life).await?;
            (user.username, link)
        }
        Purpose::Invite => {
            let name = Username::new(&user).map_err(ServiceError::Username)?;
            let link = services.make_invitation(&name, life).await?;
            (name, link)
        }
    };
    let url = services.settings().server.public_url.clone() + &links::one_time(purpose, token.expose());
    if json {
        return print(&json_line(&ShownLink { url: &url, purpose, username: name.as_str(), expires_at })?);
    }
    // Nothing else, so that it can be passed on.
    print(&url)
}
