//! What an access token allows: a set of scopes (RFC 6749 section 3.3).

use super::session::text_enum;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;

text_enum! {
    /// One scope. Each route that takes an access token needs one.
    ///
    /// ```
    /// use latchkey::domain::scope::Scope;
    ///
    /// assert_eq!(Scope::Account.as_str(), "account");
    /// assert_eq!(Scope::from_text("admin"), None);
    /// ```
    #[derive(PartialOrd, Ord)]
    Scope {
        /// The user's own account: everything that the web app does.
        Account = "account",
    }
}

/// The scopes of a token, written as the claim `scope` (RFC 9068 section 2.2.3): names with a space between them.
///
/// ```
/// use latchkey::domain::scope::{Scope, Scopes};
///
/// let scopes = Scopes::parse("openid account").unwrap();
/// assert!(scopes.allow(Scope::Account));
/// // A name that this version does not know allows nothing.
/// assert_eq!(scopes.to_string(), "account");
/// assert!(!Scopes::parse("openid").unwrap().allow(Scope::Account));
/// // The claim has at least one name.
/// assert_eq!(Scopes::parse(""), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// The scopes of every session: its access tokens carry them, and its other credentials allow the same.
    pub fn of_sessions() -> Self {
        Self(BTreeSet::from([Scope::Account]))
    }

    /// Reads a claim. `None` unless it is one or more names with one space between any two (RFC 6749 section 3.3).
    pub fn parse(claim: &str) -> Option<Self> {
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'));
        claim.split(' ').all(is_name).then(|| Self(claim.split(' ').filter_map(Scope::from_text).collect()))
    }

    /// Whether `needed` is among them.
    pub fn allow(&self, needed: Scope) -> bool {
        self.0.contains(&needed)
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&names.join(" "))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let claim = String::deserialize(deserializer)?;
        Self::parse(&claim).ok_or_else(|| D::Error::custom("not a list of scopes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_back_as_it_was_written() {
        for scope in Scope::ALL {
            assert_eq!(Scope::from_text(scope.as_str()), Some(scope));
            let json = serde_json::to_string(&scope).unwrap();
            assert_eq!(json, format!("\"{}\"", scope.as_str()));
        }
        let scopes = Scopes::of_sessions();
        assert_eq!(serde_json::to_string(&scopes).unwrap(), "\"account\"");
        assert_eq!(Scopes::parse(&scopes.to_string()), Some(scopes));
    }

    #[test]
    fn a_claim_is_a_set_of_names_in_any_order() {
        let account = Scopes::parse("account");
        for same in ["account account", "account admin", "admin account", "https://id.example/x?a=b account"] {
            assert_eq!(Scopes::parse(same), account, "{same}");
        }
        for less in ["Account", "accounts", "account,admin", "acc"] {
            assert!(!Scopes::parse(less).unwrap().allow(Scope::Account), "{less}");
        }
    }

    #[test]
    fn what_is_no_list_of_names_is_no_claim() {
        for odd in
            ["", " ", " account", "account ", "account  admin", "account\tadmin", "\"account\"", "a\\b", "é", "a\0"]
        {
            assert_eq!(Scopes::parse(odd), None, "{odd:?}");
            assert!(serde_json::from_value::<Scopes>(odd.into()).is_err(), "{odd:?}");
        }
    }
}
