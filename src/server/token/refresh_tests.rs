//! A refresh token depends on the whole session, and on nothing else but the key.

use super::super::keys::{self, KeyPurpose};
use super::super::secret::InstallationSecret;
use super::*;
use crate::domain::id::{ClientId, SessionId, TokenDigest, UserId};
use crate::domain::second_factor::AuthenticatedBy;
use crate::domain::session::{Label, Lifetime, Rotation};
use crate::server::system::SystemEntropy;
use std::time::Duration;

const ISSUER: &str = "https://id.example.org";
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const HOUR: Duration = Duration::from_secs(3600);

fn ring(folder: &tempfile::TempDir) -> KeyRing {
    let secret = InstallationSecret::create(&folder.path().join("secret.key"), &SystemEntropy).unwrap();
    let key = keys::generate(KeyPurpose::Refresh, Algorithm::HS512, &secret, &SystemEntropy, NOW, NOW).unwrap();
    KeyRing::open(&[key], &secret).unwrap()
}

fn session(ring: &KeyRing) -> Session {
    Session {
        id: SessionId::new("session"),
        user_id: UserId::new("user"),
        client_id: ClientId::web(),
        rotation: Rotation {
            generation: 3,
            digest: TokenDigest::new(""),
            parent: None,
            overtaken: vec![],
            rotated_at: NOW,
            confirmed_at: None,
            key_id: ring.newest_refresh(NOW).unwrap().id.clone(),
            nonce: "nonce".into(),
        },
        lifetime: Lifetime::start(NOW, HOUR, 2 * HOUR, true),
        authenticated_at: NOW,
        authenticated_by: AuthenticatedBy::password(),
        second_factor_at: None,
        last_seen_at: NOW,
        revoked: None,
        user_disabled_at: None,
        label: Label::default(),
    }
}

#[test]
fn the_same_session_gives_the_same_bytes_and_any_other_gives_others() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(&folder);
    let session = session(&ring);
    let token = mint(session.token_input(), &ring, ISSUER).unwrap();
    assert_eq!(token, mint(session.clone().token_input(), &ring, ISSUER).unwrap());
    assert_eq!(token.expires_at, NOW + HOUR);
    assert_eq!(token.digest().as_str(), digest(token.expose()));
    assert_eq!(format!("{token:?}"), "[redacted]");
    let mut others = vec![session.clone(); 4];
    others[0].id = SessionId::new("another");
    others[1].user_id = UserId::new("another");
    others[2].rotation.generation = 4;
    others[3].rotation.nonce = "another".into();
    for other in others {
        assert_ne!(mint(other.token_input(), &ring, ISSUER).unwrap().expose(), token.expose());
    }
}

#[test]
fn it_is_read_by_its_own_issuer_until_it_expires() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(&folder);
    let token = mint(session(&ring).token_input(), &ring, ISSUER).unwrap();
    let claims = read(token.expose(), &ring, ISSUER, NOW).unwrap();
    assert_eq!((claims.generation, claims.sid.as_str(), claims.sub.as_str()), (3, "session", "user"));
    assert_eq!(read(token.expose(), &ring, "https://id.example.com", NOW), Err(Invalid::Claims));
    assert!(read(token.expose(), &ring, ISSUER, NOW + HOUR - Duration::from_millis(1)).is_ok());
    assert_eq!(read(token.expose(), &ring, ISSUER, NOW + HOUR), Err(Invalid::Time));
}

/// The keys alone are not enough to create a token.
#[test]
fn whoever_has_the_keys_but_not_the_row_makes_none_that_belongs_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(&folder);
    let session = session(&ring);
    let claims = read(mint(session.token_input(), &ring, ISSUER).unwrap().expose(), &ring, ISSUER, NOW).unwrap();
    assert!(belongs(&claims, &session, &ring));
    let guessed =
        Session { rotation: Rotation { nonce: "guess".into(), ..session.rotation.clone() }, ..session.clone() };
    let forged = read(mint(guessed.token_input(), &ring, ISSUER).unwrap().expose(), &ring, ISSUER, NOW).unwrap();
    for odd in [
        forged,
        RefreshClaims { jti: String::new(), ..claims.clone() },
        RefreshClaims { generation: 4, ..claims.clone() },
        RefreshClaims { sub: "another".into(), ..claims.clone() },
        RefreshClaims { sid: SessionId::new("another"), ..claims.clone() },
    ] {
        assert!(!belongs(&odd, &session, &ring), "{odd:?}");
    }
}

/// A leaked key that was replaced still verifies, but creates no token of a later generation.
#[test]
fn a_later_token_is_not_made_with_an_older_key() {
    let folder = tempfile::tempdir().unwrap();
    let secret = InstallationSecret::create(&folder.path().join("secret.key"), &SystemEntropy).unwrap();
    let key = |at| keys::generate(KeyPurpose::Refresh, Algorithm::HS512, &secret, &SystemEntropy, at, at).unwrap();
    let (old, new) = (key(NOW), key(NOW + HOUR));
    let ring = KeyRing::open(&[old.clone(), new.clone()], &secret).unwrap();
    let made_with = |key: &crate::server::ports::StoredKey| {
        let mut session = session(&ring);
        session.rotation.key_id = key.id.clone();
        session
    };
    for (key, row, may_be_later) in [(&old, &old, true), (&new, &old, true), (&new, &new, true), (&old, &new, false)] {
        let token = mint(made_with(key).token_input(), &ring, ISSUER).unwrap();
        let claims = read(token.expose(), &ring, ISSUER, NOW).unwrap();
        assert!(belongs(&claims, &made_with(row), &ring));
        assert_eq!(super::may_be_later(&claims, &made_with(row), &ring), may_be_later);
    }
}
