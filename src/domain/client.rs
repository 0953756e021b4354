//! The clients that people sign in with (RFC 6749 section 2): the web app, and those that the operator registers. All
//! are public clients, so their refresh tokens rotate (RFC 9700 section 2.2.2).

use super::id::ClientId;
use serde::Deserialize;

/// A client. Those in the settings are registered; the web app is built in.
///
/// ```
/// use latchkey::domain::client::{Client, ClientKind};
/// use latchkey::domain::id::ClientId;
///
/// let registered = [Client { id: ClientId::new("cli"), kind: ClientKind::Native }];
/// assert_eq!(Client::find(&registered, None), Some(Client::web()));
/// assert_eq!(Client::find(&registered, Some("cli")), Some(registered[0].clone()));
/// assert_eq!(Client::find(&registered, Some("other")), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// What it calls itself (`client_id`, RFC 6749 section 2.2).
    pub id: ClientId,
    /// What kind of program it is.
    pub kind: ClientKind,
}

/// What kind of program a client is (RFC 6749 section 2.1). It decides how the client carries its refresh token.
///
/// ```
/// use latchkey::domain::client::{ClientKind, TokenTransport};
/// use latchkey::domain::id::ClientId;
///
/// assert_eq!(ClientKind::of(&ClientId::web()).token_transport(), TokenTransport::Cookie);
/// assert_eq!(ClientKind::of(&ClientId::new("cli")).token_transport(), TokenTransport::Body);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientKind {
    /// The web app, which runs in a browser. Nobody registers one.
    #[serde(skip_deserializing)]
    Web,
    /// An app or a script.
    Native,
}

/// How a client carries its refresh token. A token is accepted in the way of its client only: a script in a browser
/// must not be able to use one that it got hold of, and a cookie must not speak for an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenTransport {
    /// As a cookie, which no script can read.
    Cookie,
    /// In the body of requests and answers.
    Body,
}

impl Client {
    /// The web app.
    pub fn web() -> Self {
        Self { id: ClientId::web(), kind: ClientKind::Web }
    }

    /// The client that a sign-in names: the web app if it names none, otherwise one of the `registered`. `None` for an
    /// unknown one.
    pub fn find(registered: &[Self], name: Option<&str>) -> Option<Self> {
        let web = Self::web();
        match name {
            None | Some("") => Some(web),
            Some(name) if name == web.id.as_str() => Some(web),
            Some(name) => registered.iter().find(|client| client.id.as_str() == name).cloned(),
        }
    }
}

impl ClientKind {
    /// The kind of the client that started a session. The client may be registered no longer, but only native clients
    /// ever were.
    pub fn of(client: &ClientId) -> Self {
        if *client == ClientId::web() { Self::Web } else { Self::Native }
    }

    /// How clients of this kind carry their refresh tokens.
    pub const fn token_transport(self) -> TokenTransport {
        match self {
            Self::Web => TokenTransport::Cookie,
            Self::Native => TokenTransport::Body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_no_client_is_the_web_app_and_nobody_else_is() {
        let registered = [Client { id: ClientId::new("cli"), kind: ClientKind::Native }];
        for web in [None, Some(""), Some("web")] {
            assert_eq!(Client::find(&registered, web), Some(Client::web()), "{web:?}");
        }
        for unknown in ["Web", "web ", "CLI", "cli\0", "other"] {
            assert_eq!(Client::find(&registered, Some(unknown)), None, "{unknown:?}");
        }
        assert_eq!(Client::find(&[], Some("cli")), None);
    }

    #[test]
    fn the_web_app_cannot_be_registered() {
        let read = |kind: &str| serde_json::from_value::<ClientKind>(kind.into());
        assert_eq!(read("native").unwrap(), ClientKind::Native);
        for odd in ["web", "Native", "service"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_is_found_has_the_kind_that_its_sessions_have() {
        let registered = [Client { id: ClientId::new("cli"), kind: ClientKind::Native }];
        for name in ["", "cli"] {
            let client = Client::find(&registered, Some(name)).unwrap();
            assert_eq!(ClientKind::of(&client.id), client.kind, "{name}");
        }
    }
}
