//! The bounds of settings that types cannot express. The reference has the same words.

use super::{Settings, parse_network};
use crate::domain::id::ClientId;
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The longest `accounts.contact`, in characters.
const CONTACT_MAX: usize = 300;

/// The largest `password.argon2_memory`, in KiB.
const ARGON2_MEMORY_MAX: u32 = 1024 * 1024;

/// A bound of a setting.
pub(super) struct Bound {
    /// The setting, and others that it depends on.
    pub keys: &'static [&'static str],
    /// The bound in words: the setting must be …
    pub words: &'static str,
    /// Whether the settings keep it.
    pub holds: fn(&Settings) -> bool,
}

/// All bounds, in the order of the settings.
pub(super) const BOUNDS: [Bound; 20] = [
    Bound { keys: &["server.listen"], words: "at least one address", holds: |all| !all.server.listen.is_empty() },
    Bound {
        keys: &["server.tls_cert", "server.tls_key"],
        words: "set together with server.tls_key",
        holds: |all| all.server.tls_cert.is_some() || all.server.tls_key.is_none(),
    },
    Bound {
        keys: &["server.tls_key", "server.tls_cert"],
        words: "set together with server.tls_cert",
        holds: |all| all.server.tls_key.is_some() || all.server.tls_cert.is_none(),
    },
    Bound {
        keys: &["server.public_url", "server.tls_cert"],
        words: "https where server.tls_cert is set, since the server speaks TLS then",
        holds: |all| all.server.tls_cert.is_none() || all.server.tls_key.is_none() || all.server.is_https(),
    },
    Bound {
        keys: &["server.trusted_proxies"],
        words: "a list of addresses, or networks such as 10.0.0.0/8",
        holds: |all| all.server.trusted_proxies.iter().all(|text| parse_network(text).is_ok()),
    },
    Bound {
        keys: &["server.idle_timeout"],
        words: "between 0s and 1h",
        holds: |all| all.server.idle_timeout <= Duration::from_secs(HOUR),
    },
    Bound {
        keys: &["server.drain"],
        words: "between 0s and 60s",
        holds: |all| all.server.drain <= Duration::from_secs(MINUTE),
    },
    Bound {
        keys: &["database.url"],
        words: "a URL that starts with sqlite:// or postgres://",
        holds: |all| {
            ["sqlite://", "postgres://", "postgresql://"].iter().any(|kind| all.database.url.starts_with(kind))
        },
    },
    Bound {
        keys: &["tokens.access_ttl"],
        words: "between 1s and 15m (5m to 15m in production)",
        holds: |all| (Duration::from_secs(1)..=Duration::from_secs(15 * MINUTE)).contains(&all.tokens.access_ttl),
    },
    Bound {
        keys: &["tokens.access_jitter"],
        words: "between 0 and 0.5",
        holds: |all| (0.0..=0.5).contains(&all.tokens.access_jitter),
    },
    Bound {
        keys: &["tokens.grace"],
        words: "between 0s and 60s",
        holds: |all| all.tokens.grace <= Duration::from_secs(60),
    },
    Bound {
        keys: &["tokens.refresh_idle", "tokens.refresh_absolute"],
        words: "more than 0s, and not more than tokens.refresh_absolute",
        holds: |all| !all.tokens.refresh_idle.is_zero() && all.tokens.refresh_idle <= all.tokens.refresh_absolute,
    },
    Bound {
        keys: &["tokens.refresh_idle_short", "tokens.refresh_absolute_short"],
        words: "more than 0s, and not more than tokens.refresh_absolute_short",
        holds: |all| {
            !all.tokens.refresh_idle_short.is_zero()
                && all.tokens.refresh_idle_short <= all.tokens.refresh_absolute_short
        },
    },
    Bound {
        keys: &["tokens.key_rotation"],
        words: "between 1d and 366d, or 0s for never",
        holds: |all| {
            all.tokens.key_rotation.is_zero()
                || (Duration::from_secs(DAY)..=Duration::from_secs(366 * DAY)).contains(&all.tokens.key_rotation)
        },
    },
    Bound { keys: &["sessions.max_per_user"], words: "at least 1", holds: |all| all.sessions.max_per_user > 0 },
    Bound {
        keys: &["accounts.contact"],
        words: "one line of at most 300 characters",
        holds: |all| {
            let contact = &all.accounts.contact;
            contact.chars().count() <= CONTACT_MAX && !contact.chars().any(char::is_control)
        },
    },
    Bound {
        keys: &["password.min_length"],
        words: "between 8 and 128",
        holds: |all| (8..=128).contains(&all.password.min_length),
    },
    Bound {
        keys: &["password.argon2_memory", "password.argon2_iterations", "password.argon2_parallelism"],
        words: "at least 8, and at least 8 for each lane, with at least 1 pass and 1 lane (RFC 9106 section 3.1)",
        holds: |Settings { password, .. }| {
            let (memory, passes, lanes) =
                (password.argon2_memory, password.argon2_iterations, password.argon2_parallelism);
            argon2::Params::new(memory, passes, lanes, None).is_ok()
        },
    },
    Bound {
        keys: &["password.argon2_memory"],
        words: "at most 1048576 (1 GiB): each hash takes so much memory",
        holds: |all| all.password.argon2_memory <= ARGON2_MEMORY_MAX,
    },
    Bound {
        keys: &["clients"],
        words: "a list in which each client has an id of its own, which is not \"web\"",
        holds: |all| {
            all.clients.iter().enumerate().all(|(n, client)| {
                let is_taken =
                    client.id == ClientId::web() || all.clients[..n].iter().any(|other| other.id == client.id);
                !client.id.as_str().is_empty() && !is_taken
            })
        },
    },
];
