//! Access tokens from the key to the verifier, with stored keys of every algorithm.

use super::super::keys::{self, KeyPurpose};
use super::super::secret::InstallationSecret;
use super::*;
use crate::domain::id::{ClientId, SessionId, TokenDigest, UserId};
use crate::domain::scope::Scope;
use crate::domain::second_factor::AuthenticatedBy;
use crate::domain::session::{Label, Lifetime, Rotation};
use crate::server::ports::StoredKey;
use crate::server::system::SystemEntropy;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use tempfile::TempDir;

const ISSUER: &str = "https://id.example.org";
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const TTL: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3600);

/// A folder with a secret, and one stored key for each purpose.
struct Installation {
    _folder: TempDir,
    secret: InstallationSecret,
    stored: Vec<StoredKey>,
}

impl Installation {
    fn new(algorithm: Algorithm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = InstallationSecret::create(&folder.path().join("secret.key"), &SystemEntropy).unwrap();
        let key = |purpose, algorithm| keys::generate(purpose, algorithm, &secret, &SystemEntropy, NOW, NOW).unwrap();
        let stored = vec![key(KeyPurpose::Access, algorithm), key(KeyPurpose::Refresh, Algorithm::HS512)];
        Self { _folder: folder, secret, stored }
    }

    fn ring(&self) -> KeyRing {
        KeyRing::open(&self.stored, &self.secret).unwrap()
    }

    fn tokens(&self) -> AccessTokens {
        let settings = AccessSettings { issuer: ISSUER.into(), ttl: TTL, jitter: 0.05, longest: HOUR };
        AccessTokens::new(settings, self.ring())
    }

    /// The same keys, but the access key no longer signs, and expires after `life`.
    fn ending_after(mut self, life: Duration) -> Self {
        self.stored[0].expires_at = Some(NOW + life);
        self
    }
}

fn session() -> Session {
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
            key_id: crate::domain::id::KeyId::new("key"),
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

fn issued(tokens: &AccessTokens) -> String {
    tokens.issue(&session(), &SystemEntropy, NOW).unwrap().token
}

#[test]
fn a_key_of_each_algorithm_signs_is_published_and_verifies() {
    for (algorithm, kty, alg) in
        [(Algorithm::EdDSA, "OKP", "EdDSA"), (Algorithm::ES256, "EC", "ES256"), (Algorithm::RS256, "RSA", "RS256")]
    {
        let own = Installation::new(algorithm);
        let tokens = own.tokens();
        let token = issued(&tokens);
        let claims = tokens.verify(&token, NOW).unwrap();
        assert_eq!((claims.sub.as_str(), claims.sid.as_str()), ("user", "session"));
        // The second time from memory.
        assert_eq!(tokens.verify(&token, NOW).unwrap(), claims);

        let published: Value = serde_json::to_value(tokens.ring().jwks(NOW)).unwrap();
        let keys = published["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 1, "that of refresh tokens is nobody's business");
        let told = ["kid", "kty", "alg", "use"].map(|field| keys[0][field].as_str().unwrap());
        assert_eq!(told, [own.stored[0].id.as_str(), kty, alg, "sig"]);

        let other = Installation::new(algorithm).tokens();
        assert!(matches!(other.verify(&token, NOW), Err(Invalid::Kid)), "another installation's");
    }
}

#[test]
fn the_purposes_are_told_apart_by_the_words_that_are_stored() {
    assert_eq!(KeyPurpose::ALL.map(KeyPurpose::as_str), ["access", "refresh"]);
    let own = Installation::new(Algorithm::EdDSA);
    let stored: Vec<&str> = own.stored.iter().map(|key| key.purpose.as_str()).collect();
    assert_eq!(stored, ["access", "refresh"]);
}

#[test]
fn claims_that_are_not_exactly_ours_are_refused() {
    let tokens = Installation::new(Algorithm::EdDSA).tokens();
    let ring = tokens.ring();
    let key = ring.signing(NOW).unwrap();
    let genuine = serde_json::to_value(&*tokens.verify(&issued(&tokens), NOW).unwrap()).unwrap();
    let with = |changes: Value| {
        let mut claims = genuine.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        jws::sign(TYP, key.id.as_str(), key.algorithm, &claims, &key.encoding).unwrap()
    };
    assert!(tokens.verify(&with(json!({"jti": "another.3"})), NOW).is_ok());
    for (scope, allowed) in [("account admin", true), ("admin", false)] {
        let claims = tokens.verify(&with(json!({"scope": scope})), NOW).unwrap();
        assert_eq!(claims.scope.allow(Scope::Account), allowed, "{scope}");
    }
    for changes in [
        json!({"iss": "https://id.example.com"}),
        json!({"aud": "https://service.example.org"}),
        json!({"azp": "native"}),
        json!({"client_id": "native"}),
        json!({"scope": ""}),
        json!({"scope": "account  admin"}),
        json!({"scope": ["account"]}),
    ] {
        assert!(matches!(tokens.verify(&with(changes.clone()), NOW), Err(Invalid::Claims)), "{changes}");
    }
}

#[test]
fn a_token_ends_with_its_time_or_its_key_whichever_is_sooner_remembered_or_not() {
    let own = Installation::new(Algorithm::EdDSA);
    let token = issued(&own.tokens());
    let own = own.ending_after(Duration::from_secs(60));
    let remembered = own.tokens();
    assert!(remembered.verify(&token, NOW).is_ok());
    let just_before = NOW + Duration::from_millis(59_999);
    let end = NOW + Duration::from_secs(60);
    for tokens in [&own.tokens(), &remembered] {
        assert!(tokens.verify(&token, just_before).is_ok());
    }
    for tokens in [&own.tokens(), &remembered] {
        assert!(matches!(tokens.verify(&token, end), Err(Invalid::Kid)));
    }
    assert_eq!(own.ring().jwks(just_before).keys.len(), 1);
    assert!(own.ring().jwks(end).keys.is_empty());

    let lasting = Installation::new(Algorithm::EdDSA).tokens();
    let token = issued(&lasting);
    assert!(matches!(lasting.verify(&token, NOW + HOUR), Err(Invalid::Time)));
    assert!(matches!(lasting.verify(&token, NOW + HOUR), Err(Invalid::Time)));
}

#[test]
fn another_ring_knows_nothing_of_what_the_former_one_verified() {
    let tokens = Installation::new(Algorithm::EdDSA).tokens();
    let token = issued(&tokens);
    assert!(tokens.verify(&token, NOW).is_ok());
    tokens.replace_ring(Installation::new(Algorithm::EdDSA).ring());
    assert!(matches!(tokens.verify(&token, NOW), Err(Invalid::Kid)));
}

#[test]
fn the_life_is_shortened_by_what_chance_says() {
    /// 0, 1, 2, 3 and so on.
    struct Counting;
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            (0..).zip(bytes).for_each(|(number, byte)| *byte = number);
        }
    }
    /// Every bit is one.
    struct High;
    impl Entropy for High {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(255);
        }
    }
    let tokens = Installation::new(Algorithm::EdDSA).tokens();
    for (entropy, chance) in [(&Counting as &dyn Entropy, 0x0001_0203_0405_0607), (&High, u64::MAX)] {
        let issued = tokens.issue(&session(), entropy, NOW).unwrap();
        assert_eq!(issued.expires_in, jittered(TTL, 0.05, chance).as_secs());
        let claims = tokens.verify(&issued.token, NOW).unwrap();
        assert_eq!(u64::try_from(claims.exp - claims.iat).unwrap(), issued.expires_in);
    }
}

#[test]
fn a_pseudonym_tells_kinds_names_and_installations_apart_and_nothing_else() {
    let (one, other) = (Installation::new(Algorithm::EdDSA), Installation::new(Algorithm::EdDSA));
    let pseudonym = one.ring().pseudonym("account", "ada");
    assert_eq!(pseudonym, one.ring().pseudonym("account", "ada"));
    let others = [
        one.ring().pseudonym("account", "grace"),
        one.ring().pseudonym("address", "ada"),
        one.ring().pseudonym("accounta", "da"),
        other.ring().pseudonym("account", "ada"),
    ];
    assert!(others.iter().all(|other| *other != pseudonym && other.len() == 43), "{pseudonym} {others:?}");
}
