//! Every setting, its default, and what it may be.

use super::{ConfigError, duration};
use jsonwebtoken::Algorithm;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$fdoc])* pub $field: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}

section! {
    /// All settings.
    Settings {
        server: Server = Server::default(),
        database: Database = Database::default(),
        secret: SecretFile = SecretFile::default(),
        tokens: Tokens = Tokens::default(),
        sessions: Sessions = Sessions::default(),
        accounts: Accounts = Accounts::default(),
        password: Password = Password::default(),
        limits: Limits = Limits::default(),
        /// Native clients; the web app is built in.
        clients: Vec<Client> = Vec::new(),
        /// Leptos' own section is read by Leptos.
        package: Option<IgnoredAny> = None,
    }
}

section! {
    /// Where it listens, and by which address it is known.
    Server {
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 3000)),
        /// The issuer, and the only source of absolute URLs: an origin as browsers write it, without a slash at its end.
        public_url: String = "http://localhost:3000".into(),
        /// Networks (address or address/bits) whose `X-Forwarded-For` is believed.
        #[serde(deserialize_with = "list")]
        trusted_proxies: Vec<String> = Vec::new(),
        /// How long a connection may be idle between two requests. Longer than a proxy keeps it, or answers get lost.
        #[serde(deserialize_with = "duration::deserialize")]
        idle_timeout: Duration = Duration::from_secs(75),
        /// How long a server that was told to stop still takes connections, while `/readyz` says no.
        #[serde(deserialize_with = "duration::deserialize")]
        drain: Duration = Duration::from_secs(3),
    }
}

section! {
    /// Where data are kept.
    Database {
        url: String = "sqlite://data/latchkey.db".into(),
    }
}

section! {
    /// The installation's secret, outside the database.
    SecretFile {
        file: PathBuf = PathBuf::from("data/secret.key"),
    }
}

section! {
    /// Lifetimes and algorithms of tokens.
    Tokens {
        #[serde(deserialize_with = "algorithm")]
        algorithm: Algorithm = Algorithm::EdDSA,
        #[serde(deserialize_with = "duration::deserialize")]
        access_ttl: Duration = Duration::from_secs(10 * MINUTE),
        /// By which part of its life an access token is shortened at most, at random.
        access_jitter: f64 = 0.05,
        /// How long after a rotation the predecessor gets the same answer.
        #[serde(deserialize_with = "duration::deserialize")]
        grace: Duration = Duration::from_secs(10),
        #[serde(deserialize_with = "duration::deserialize")]
        refresh_idle: Duration = Duration::from_secs(14 * DAY),
        #[serde(deserialize_with = "duration::deserialize")]
        refresh_absolute: Duration = Duration::from_secs(30 * DAY),
        /// The same without "keep me signed in".
        #[serde(deserialize_with = "duration::deserialize")]
        refresh_idle_short: Duration = Duration::from_secs(12 * HOUR),
        #[serde(deserialize_with = "duration::deserialize")]
        refresh_absolute_short: Duration = Duration::from_secs(DAY),
        /// For how long a key signs before the next one takes over; zero: until `latchkey keys rotate`.
        #[serde(deserialize_with = "duration::deserialize")]
        key_rotation: Duration = Duration::from_secs(30 * DAY),
    }
}

section! {
    /// How many sessions, and what they may do.
    Sessions {
        max_per_user: u32 = 50,
        /// How long after proving who one is one may end other sessions and change the password.
        #[serde(deserialize_with = "duration::deserialize")]
        reauthentication_window: Duration = Duration::from_secs(10 * MINUTE),
    }
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Anybody.
    Open,
    /// Only the operator, by command.
    Closed,
}

section! {
    /// Accounts.
    Accounts {
        registration: Registration = Registration::Open,
    }
}

section! {
    /// Rules for passwords, and what hashing them costs.
    Password {
        /// Characters of a new password, at least.
        min_length: usize = 15,
        /// Argon2id memory in KiB.
        argon2_memory: u32 = 19_456,
        argon2_iterations: u32 = 2,
        argon2_parallelism: u32 = 1,
        /// Hashes at a time; 0 for one per core.
        max_parallel: usize = 0,
        /// How many may wait for their turn; more are told to come again.
        queue: usize = 64,
    }
}

section! {
    /// Limits on attempts; 0 turns one off.
    Limits {
        /// Attempts to sign in from one address (of IPv6: a network of 64 bits): so many at once, then so many a minute.
        /// Those that succeed do not count. Also for attempts to sign up.
        login_per_address: u32 = 5,
        /// Failures to sign in to one account before it has to wait, first a second, then twice as long each time, up to
        /// 15 minutes. A browser that has a session of the account is not kept out by others' failures.
        login_per_account: u32 = 10,
        /// Sign-ins to one account: so many at once, then so many a minute. Each device that is known to the account has
        /// as many of its own.
        sign_ins_per_account: u32 = 30,
        /// Refreshes of one session: so many at once, then so many a minute.
        refresh_per_session: u32 = 60,
        /// Names that one session gives to devices: so many at once, then so many a minute.
        rename_per_session: u32 = 30,
        /// Exports by one session: so many at once, then so many a minute.
        export_per_session: u32 = 5,
        /// Connections of one address (of IPv6: a network of 64 bits) at a time, unless it is a trusted proxy.
        connections_per_address: usize = 1_000,
    }
}

/// What kind of program a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientKind {
    /// An app or script: it gets its refresh token in the body, and never a cookie.
    Native,
}

/// A registered client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    pub id: String,
    pub kind: ClientKind,
}

impl Server {
    /// Whether browsers come by TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https:")
    }
}

impl Settings {
    /// Checks what no type can say.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let bad = |key, reason: &str| Err(ConfigError::Value { key, reason: reason.to_owned() });
        let tokens = &self.tokens;
        let range = Duration::from_secs(1)..=Duration::from_secs(15 * MINUTE);
        if !range.contains(&tokens.access_ttl) {
            return bad("tokens.access_ttl", "must be between 1s and 15m (5m to 15m in production)");
        }
        if !(0.0..=0.5).contains(&tokens.access_jitter) {
            return bad("tokens.access_jitter", "must be between 0 and 0.5");
        }
        if tokens.grace > Duration::from_secs(60) {
            return bad("tokens.grace", "must be between 0s and 60s");
        }
        for (key, idle, absolute) in [
            ("tokens.refresh_idle", tokens.refresh_idle, tokens.refresh_absolute),
            ("tokens.refresh_idle_short", tokens.refresh_idle_short, tokens.refresh_absolute_short),
        ] {
            if idle.is_zero() || idle > absolute {
                return bad(key, "must be more than 0s and not more than the absolute lifetime");
            }
        }
        let range = Duration::from_secs(DAY)..=Duration::from_secs(366 * DAY);
        if !tokens.key_rotation.is_zero() && !range.contains(&tokens.key_rotation) {
            return bad("tokens.key_rotation", "must be between 1d and 366d, or 0s for never");
        }
        if self.server.drain > Duration::from_secs(MINUTE) {
            return bad("server.drain", "must be between 0s and 60s");
        }
        if self.server.idle_timeout > Duration::from_secs(HOUR) {
            return bad("server.idle_timeout", "must be between 0s and 1h");
        }
        if self.sessions.max_per_user == 0 {
            return bad("sessions.max_per_user", "must be at least 1");
        }
        if !(8..=128).contains(&self.password.min_length) {
            return bad("password.min_length", "must be between 8 and 128");
        }
        if argon2::Params::new(
            self.password.argon2_memory,
            self.password.argon2_iterations,
            self.password.argon2_parallelism,
            None,
        )
        .is_err()
        {
            return bad("password.argon2_memory", "these Argon2 parameters do not go together (RFC 9106 section 3.1)");
        }
        for (n, client) in self.clients.iter().enumerate() {
            let taken = client.id == "web" || self.clients[..n].iter().any(|other| other.id == client.id);
            if client.id.is_empty() || taken {
                return bad("clients", "each id must be there, of its own, and not \"web\"");
            }
        }
        Ok(())
    }
}

fn algorithm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Algorithm, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "EdDSA" => Ok(Algorithm::EdDSA),
        "ES256" => Ok(Algorithm::ES256),
        "RS256" => Ok(Algorithm::RS256),
        other => Err(serde::de::Error::custom(format!("{other:?} is not one of EdDSA, ES256, RS256"))),
    }
}

/// A list, or in the environment the same separated by commas.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Many(Vec<String>),
        One(String),
    }
    Ok(match List::deserialize(deserializer)? {
        List::Many(list) => list,
        List::One(text) => text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect(),
    })
}
