//! All settings, with their defaults. `bounds` has what their types cannot express. The doc comments are for operators:
//! `docs/settings.md` and `Leptos.toml` are made from them.

use super::described::{section, sections};
use super::{ListenAddress, duration, listen};
use crate::domain::client::Client;
pub use crate::domain::registration::Registration;
use jsonwebtoken::Algorithm;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

sections! {
    /// All settings.
    Settings {
        /// Where the server listens, and how it is reached.
        server: Server = Server::default(),
        /// Where data are kept.
        database: Database = Database::default(),
        /// The installation's secret.
        secret: SecretFile = SecretFile::default(),
        /// Lifetimes and algorithms of tokens.
        tokens: Tokens = Tokens::default(),
        /// How many sessions, and what they may do.
        sessions: Sessions = Sessions::default(),
        /// Who may make an account.
        accounts: Accounts = Accounts::default(),
        /// Rules for passwords, and what hashing them costs.
        password: Password = Password::default(),
        /// Limits on attempts.
        limits: Limits = Limits::default(),
        /// Native clients. The web app is a built-in client.
        clients: Vec<Client> = Vec::new(),
        /// Leptos reads this section itself.
        package: Option<IgnoredAny> = None,
    }
}

section! {
    /// The address to listen on, and the public address.
    Server {
        /// Where the server listens: an address with a port, `unix:` with the file of a socket, or a list of these.
        #[serde(deserialize_with = "listen::deserialize")]
        listen: Vec<ListenAddress> = vec![SocketAddr::from(([127, 0, 0, 1], 3000)).into()],
        /// Where the server answers `GET /metrics` for Prometheus, and nothing else: an address with a port, or `unix:`
        /// with the file of a socket. It speaks plain HTTP and asks nobody who they are, so it must be loopback or an
        /// internal network. Not set: nowhere.
        #[serde(deserialize_with = "listen::deserialize_one")]
        metrics_listen: Option<ListenAddress> = None,
        /// The file (PEM) with the certificate of this server, followed by those of its authorities. With it and
        /// `tls_key`, the server speaks TLS at each address and port; on Unix sockets it never does.
        tls_cert: Option<PathBuf> = None,
        /// The file (PEM) with the private key of the certificate.
        tls_key: Option<PathBuf> = None,
        /// The address by which people reach the server, such as `https://id.example.org`: the issuer, the source of
        /// every absolute URL, and the origin that requests must come from. It must be https unless it is loopback, and
        /// has nothing behind host and port.
        public_url: String = "http://localhost:3000".into(),
        /// Proxies that are trusted to say who the client is: addresses, or networks such as 10.0.0.0/8.
        #[serde(deserialize_with = "list")]
        trusted_proxies: Vec<String> = Vec::new(),
        /// The header in which they say it: the one that the proxy itself writes. The other one is ignored.
        forwarded_header: ForwardedHeader = ForwardedHeader::XForwardedFor,
        /// How long a connection may be idle between two requests. It must be longer than a proxy keeps idle
        /// connections (nginx and others: 60s), or answers get lost.
        #[serde(deserialize_with = "duration::deserialize")]
        idle_timeout: Duration = Duration::from_secs(75),
        /// How long a server that was told to stop (SIGTERM) still accepts connections, while `/readyz` reports that it
        /// is not ready.
        #[serde(deserialize_with = "duration::deserialize")]
        drain: Duration = Duration::from_secs(3),
    }
}

section! {
    /// The database.
    Database {
        /// `sqlite://path/to/file.db` (without options), or `postgres://user:password@host/database` with all that
        /// PostgreSQL's URLs may have.
        url: String = "sqlite://data/latchkey.db".into(),
        /// A file that holds the URL, instead of `database.url`: for a password that is to stand neither here nor in
        /// the environment. A line end after it is ignored.
        url_file: Option<PathBuf> = None,
    }
}

section! {
    /// The file with the installation's secret, which is not in the database.
    SecretFile {
        /// The file, which only its owner may read. It is made on the first start with mode 0600. Back it up apart from
        /// the database: neither is of use without the other.
        file: PathBuf = PathBuf::from("data/secret.key"),
    }
}

section! {
    /// Lifetimes and algorithms of tokens.
    Tokens {
        /// How access tokens are signed (`alg`, RFC 7518 section 3.1): EdDSA, ES256 or RS256.
        #[serde(deserialize_with = "algorithm")]
        algorithm: Algorithm = Algorithm::EdDSA,
        /// How long an access token lives.
        #[serde(deserialize_with = "duration::deserialize")]
        access_ttl: Duration = Duration::from_secs(10 * MINUTE),
        /// The largest part of its lifetime by which an access token is shortened at random.
        access_jitter: f64 = 0.05,
        /// How long after a rotation the predecessor still gets the same answer.
        #[serde(deserialize_with = "duration::deserialize")]
        grace: Duration = Duration::from_secs(10),
        /// How long a session lives that is not used.
        #[serde(deserialize_with = "duration::deserialize")]
        refresh_idle: Duration = Duration::from_secs(14 * DAY),
        /// How long a session lives, however much it is used.
        #[serde(deserialize_with = "duration::deserialize")]
        refresh_absolute: Duration = Duration::from_secs(30 * DAY),
        /// How long a session lives that is not used, without "keep me signed in".
        #[serde(deserialize_with = "duration::deserialize")]
        refresh_idle_short: Duration = Duration::from_secs(12 * HOUR),
        /// How long a session lives at most without "keep me signed in".
        #[serde(deserialize_with = "duration::deserialize")]
        refresh_absolute_short: Duration = Duration::from_secs(DAY),
        /// How long a key signs before the next one replaces it; zero: until `latchkey keys rotate`.
        #[serde(deserialize_with = "duration::deserialize")]
        key_rotation: Duration = Duration::from_secs(30 * DAY),
    }
}

section! {
    /// The number of sessions, and the time for sensitive actions.
    Sessions {
        /// How many living sessions a user may have; of more, some give way.
        max_per_user: u32 = 50,
        /// How long after entering the password a user may end other sessions and change the password.
        #[serde(deserialize_with = "duration::deserialize")]
        reauthentication_window: Duration = Duration::from_secs(10 * MINUTE),
    }
}

section! {
    /// Accounts.
    Accounts {
        /// Who may make an account. `open`: anybody; `invite`: only with a link of `latchkey user link --purpose
        /// invite`; `closed`: only the operator, with `latchkey user add`.
        registration: Registration = Registration::Open,
        /// Whom people ask who forgot their password or want an account: an address (https:, http: or mailto:) becomes
        /// a link, anything else is shown as it is. Empty: nobody is named.
        contact: String = String::new(),
    }
}

section! {
    /// Rules for new passwords, and the cost of hashing.
    Password {
        /// The minimum length of a new password, in characters (code points).
        min_length: usize = 15,
        /// Argon2id memory in KiB.
        argon2_memory: u32 = 19_456,
        /// Passes of Argon2id over its memory.
        argon2_iterations: u32 = 2,
        /// Lanes of Argon2id (RFC 9106 section 3.1).
        argon2_parallelism: u32 = 1,
        /// How many hashes run at once; 0: one per core.
        max_parallel: usize = 0,
        /// How many hashes may wait. Further requests are told to try again later.
        queue: usize = 64,
    }
}

section! {
    /// Limits on attempts; 0 turns a limit off.
    Limits {
        /// Failed attempts to sign in from one address (for IPv6: a network of 64 bits): this many at once, then this
        /// many per minute. The same for attempts to sign up.
        login_per_address: u32 = 5,
        /// Failed attempts to sign in to one account before it has to wait: first a second, then twice as long each
        /// time, up to 15 minutes. The failures of others do not block a browser that has a session of the account.
        login_per_account: u32 = 10,
        /// Sign-ins to one account: this many at once, then this many per minute. Each device that the account knows
        /// has a limit of its own.
        sign_ins_per_account: u32 = 30,
        /// Refreshes of one session: this many at once, then this many per minute.
        refresh_per_session: u32 = 60,
        /// Changes of device names by one session: this many at once, then this many per minute.
        rename_per_session: u32 = 30,
        /// Exports by one session: this many at once, then this many per minute.
        export_per_session: u32 = 5,
        /// Simultaneous connections from one address (for IPv6: a network of 64 bits) that is not a trusted proxy.
        connections_per_address: usize = 1_000,
    }
}

/// The header in which proxies send the client's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: a list of addresses.
    #[default]
    #[serde(rename = "X-Forwarded-For")]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::XForwardedFor => "X-Forwarded-For",
            Self::Forwarded => "Forwarded",
        }
    }
}

impl Limits {
    /// All of them off, for measurements and for tests of other things.
    pub const fn off() -> Self {
        Self {
            login_per_address: 0,
            login_per_account: 0,
            sign_ins_per_account: 0,
            refresh_per_session: 0,
            rename_per_session: 0,
            export_per_session: 0,
            connections_per_address: 0,
        }
    }
}

impl Server {
    /// Whether browsers connect with TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https:")
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

/// A list; in the environment its items are separated by commas.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
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
