//! The addresses that a server listens on: IP addresses with a port, and Unix sockets.

use serde::{Deserialize as _, Deserializer};
use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// What the name of a Unix socket starts with.
const UNIX: &str = "unix:";

/// An address that a server listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// An IP address and a port; port 0: one that is free.
    Ip(SocketAddr),
    /// The file of a Unix socket.
    Unix(PathBuf),
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix(UNIX) {
            Some("") => Err(format!("{text:?} names no file; write unix:/run/latchkey/latchkey.sock")),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Ip).map_err(|_| {
                format!(
                    "{text:?} is no address to listen on; write 127.0.0.1:3000, [::1]:3000 or \
                     unix:/run/latchkey/latchkey.sock"
                )
            }),
        }
    }
}

impl Display for ListenAddress {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "{UNIX}{}", path.display()),
        }
    }
}

/// For `#[serde(deserialize_with)]`: one address, a list, or addresses separated by commas.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ListenAddress>, D::Error> {
    let list = super::settings::list(deserializer)?;
    list.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

/// For `#[serde(deserialize_with)]`: one address; an empty text is none.
pub(super) fn deserialize_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ListenAddress>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(serde::de::Error::custom) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for text in ["127.0.0.1:3000", "[::1]:3000", "0.0.0.0:0", "unix:/run/latchkey.sock", "unix:latchkey.sock"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        for odd in ["", "localhost", "3000", "::1:3000", "127.0.0.1", "unix:", "/run/latchkey.sock", "https://[::1]:1"]
        {
            assert!(odd.parse::<ListenAddress>().is_err(), "{odd}");
        }
    }
}
