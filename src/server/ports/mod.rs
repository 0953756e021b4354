//! What the use cases need from outside, one trait for each subject. [`Records`] are the ports that end no session:
//! [`Users`], [`Sessions`], [`SessionLists`], [`Events`], [`Keys`], [`WebSessions`], [`KnownBrowsers`],
//! [`OneTimeLinks`], [`SecondFactors`], [`Attempts`], [`Upkeep`], [`Health`]. [`Endings`] are those that may:
//! [`SessionEndings`], [`UserEndings`], [`Refreshes`]. Beside them [`Clock`] and [`Entropy`].
//!
//! Each verb that writes is one transaction, durable when it returns `Ok`; dropped half-way it leaves nothing or all of
//! it.
#![expect(
    missing_docs,
    reason = "a field has the name and the meaning of what it carries: a column, or a field of `domain`"
)]

mod answer;
mod attempts;
mod endings;
mod events;
mod keys;
mod known_browsers;
mod one_time_links;
mod refreshes;
mod second_factors;
mod session_lists;
mod sessions;
mod upkeep;
mod users;
mod web_sessions;

pub use answer::{Answer, answering};
pub use attempts::{Attempts, DecideTallies, Tallies};
pub use endings::{
    EndSessions, Ended, EndedPage, PasswordChange, Selection, SessionEndings, SignInBrowser, StartSession, UserEndings,
};
pub use events::{EventPage, EventSelection, Events, Recorded, UserEvent};
pub use keys::{DecideKeys, KeyChanges, Keys, StoredKey};
pub use known_browsers::{KnownBrowser, KnownBrowsers};
pub use one_time_links::{KeptLink, MadeFor, NewLink, OneTimeLinks};
pub use refreshes::{Changes, Decide, Refreshes, SessionChange, Undecided};
pub use second_factors::{
    NewRecoveryCodes, NewTotp, SecondFactors, StoredFactors, StoredRecoveryCodes, StoredTotp, UsedFactor,
};
pub use session_lists::{ListedSession, SessionLists, SessionNames};
pub use sessions::{LastSeen, Sessions};
pub use upkeep::{Connections, ForeignCommits, Health, Population, Upkeep};
pub use users::{User, Users};
pub use web_sessions::{NewWebSession, WebSessions};

use crate::domain::time::Timestamp;

/// What time it is.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Randomness that nobody can guess.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// Why storage did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A passing fault: locked, unreachable, full. Nothing was changed, or what was is unknown: ask again later.
    #[error("the database cannot answer right now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database answered with something that cannot be: a row that breaks our own rules, a bad statement.
    #[error("the database holds something impossible: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// The same once more: for another request that it fails too.
    pub fn again(&self) -> Self {
        match self {
            Self::Unavailable(cause) => Self::Unavailable(cause.to_string().into()),
            Self::Corrupt(what) => Self::Corrupt(what.clone()),
        }
    }
}

/// Defines a trait that has `$ports` as its parts, and that whoever implements these has too.
macro_rules! ports {
    ($(#[$doc:meta])* $name:ident = $first:ident $(+ $port:ident)*) => {
        $(#[$doc])*
        pub trait $name: $first $(+ $port)* + 'static {}

        impl<T: $first $(+ $port)* + 'static> $name for T {}
    };
}

ports! {
    /// Everything of a database that ends no session.
    Records = Users + Sessions + SessionLists + Events + Keys + WebSessions + KnownBrowsers + OneTimeLinks + SecondFactors
    + Attempts
        + Upkeep + Health
}
ports! {
    /// Everything of a database that may end sessions.
    Endings = SessionEndings + UserEndings + Refreshes
}
ports! {
    /// A whole database.
    Store = Records + Endings
}
