//! Identifiers of users, sessions, keys and clients, and digests. Each is a text without meaning to its readers.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; what comes from outside may be the id of nothing.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text, as it is stored and sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// A user: the subject (`sub`) of tokens.
    UserId
}
id! {
    /// A session (`sid`): one sign-in on one device, and the family of its refresh tokens.
    SessionId
}
id! {
    /// A key (`kid`, RFC 7515 section 4.1.4).
    KeyId
}
id! {
    /// A client (`client_id`, `azp`).
    ClientId
}

id! {
    /// SHA-256 of a refresh token, as base64url.
    TokenDigest
}
id! {
    /// SHA-256 of a User-Agent header, as base64url.
    AgentDigest
}
id! {
    /// SHA-256 of the cookie by which a browser is known, as base64url.
    BrowserDigest
}
id! {
    /// SHA-256 of the token of a one-time link, as base64url.
    LinkDigest
}

id! {
    /// HMAC-SHA-256 of a recovery code, as base64url.
    RecoveryCodeDigest
}
id! {
    /// SHA-256 of the value that names a sign-in which waits for its second factor, as base64url.
    WaitingDigest
}

impl SessionId {
    /// Whether the text can be a session's id. Ids that come from outside may be any text.
    ///
    /// ```
    /// use latchkey::domain::id::SessionId;
    ///
    /// assert!(SessionId::new("0193e4a2-7d1c-7b6f-8f00-5d2b9c3e4a11").is_well_formed());
    /// assert!(!SessionId::new("../etc/passwd").is_well_formed());
    /// ```
    pub fn is_well_formed(&self) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=64).contains(&self.0.len()) && self.0.bytes().all(plain)
    }
}

impl ClientId {
    /// The built-in client: Latchkey's own web app.
    pub fn web() -> Self {
        Self::new("web")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        for fine in ["a", "0190a2b4-7c3d-7e8f-9a0b-c1d2e3f40516", "A-Z-0-9", &"x".repeat(64)] {
            assert!(SessionId::new(fine).is_well_formed(), "{fine}");
        }
        for odd in ["", &"x".repeat(65), "a b", "a\0", "é", "../a", "a'"] {
            assert!(!SessionId::new(odd).is_well_formed(), "{odd:?}");
        }
    }
}
