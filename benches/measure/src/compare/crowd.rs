//! A database with very many sessions, and the tokens of some of them, chosen evenly over all.

use crate::people::{Person, REFRESH};
use crate::server::Server;
use latchkey::domain::id::SessionId;
use latchkey::server::application::{Runtime, services};
use latchkey::server::config::Settings;
use latchkey::server::ports::Store;
use latchkey::server::storage;
use latchkey::server::token::refresh;
use sqlx::{AnyConnection, Connection as _};
use std::sync::Arc;
use std::time::Instant;

/// Of how many sessions tokens are presented, at most.
const PRESENTED: u64 = 20_000;
/// How many sessions a user has.
const EACH: u64 = 3;

const USERS: &str = "
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
INSERT INTO users (id, username, password_hash, created_at, password_changed_at)
SELECT printf('%08x-user', i), printf('user-%d', i), 'none', $2, $2 FROM n";

/// The ids are in no order, as far as the index is concerned: the factor is odd, so no two are the same.
const SESSIONS: &str = "
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
INSERT INTO sessions (id, user_id, client_id, generation, rotated_at, token_digest, key_id, nonce, created_at,
    authenticated_at, last_seen_at, expires_at, idle_expires_at, idle_ms, remember, browser, os, kind, user_agent, ip)
SELECT printf('%08x-session', (i * 2654435761) & 0xffffffff), printf('%08x-user', i / $4), 'web', 0, $2,
    printf('%043d', i), $5, printf('%022d', i), $2, $2, $2, $2 + $3 * 2, $2 + $3, $3, 1, 'Firefox', 'Linux', 'desktop',
    'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0', '127.0.0.1' FROM n";

/// The id that [`SESSIONS`] gives to the session of this number.
fn id(number: u64) -> SessionId {
    SessionId::new(format!("{:08x}-session", number.wrapping_mul(2_654_435_761) & 0xffff_ffff))
}

/// Fills the database of a server that does not run yet, and returns the people for so many connections.
pub(crate) async fn fill(server: &Server, sessions: u64, connections: usize) -> Vec<Vec<Person>> {
    let began = Instant::now();
    let url = format!("sqlite://{}", server.database().display());
    let mut settings = Settings::default();
    settings.secret.file = server.secret();
    settings.server.public_url = server.public_url();
    let store: Arc<dyn Store> = storage::connect(&url).await.expect("a database");
    let services = services(store.clone(), Arc::new(settings), &Runtime::default()).await.expect("services");
    let (now, ring) = (services.now(), services.access_tokens().ring());
    let key = ring.newest_refresh(now).expect("a key").id.clone();

    let mut connection = AnyConnection::connect(&url).await.expect("a connection");
    sqlx::raw_sql("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000")
        .execute(&mut connection)
        .await
        .expect("settings");
    let (now_millis, fortnight, each) = (now.as_millis(), 14 * 86_400_000_i64, EACH as i64);
    let users = sqlx::query(USERS).bind(sessions.div_ceil(EACH) as i64).bind(now_millis);
    users.execute(&mut connection).await.expect("users");
    let rows = sqlx::query(SESSIONS).bind(sessions as i64).bind(now_millis).bind(fortnight).bind(each);
    rows.bind(key.as_str().to_owned()).execute(&mut connection).await.expect("sessions");

    let mut people: Vec<Vec<Person>> = (0..connections).map(|_| Vec::new()).collect();
    let presented = PRESENTED.min(sessions);
    sqlx::raw_sql("BEGIN").execute(&mut connection).await.expect("a transaction");
    for n in 0..presented {
        let id = id(n * sessions / presented);
        let session = store.session(&id).await.expect("a row").expect("a session");
        let access = services.access_tokens().issue(&session, &*Runtime::default().entropy, now).expect("a token");
        let minted = refresh::mint(session.token_input(), &ring, &server.public_url()).expect("a token");
        let update = sqlx::query("UPDATE sessions SET token_digest = $2 WHERE id = $1");
        let update = update.bind(id.as_str().to_owned()).bind(minted.digest().to_string());
        update.execute(&mut connection).await.expect("a digest");
        let mut person = Person { access_token: access.token, ..Person::default() };
        person.cookies.insert(REFRESH.to_owned(), minted.expose().to_owned());
        // No two connections present tokens of one session, and neighbours go to different ones.
        people[n as usize % connections].push(person);
    }
    sqlx::raw_sql("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.expect("a commit");
    connection.close().await.expect("an end");
    let size = std::fs::metadata(server.database()).map_or(0, |file| file.len());
    eprintln!(
        "{sessions} sessions in {:.0} s, {} bytes a session with its share of a user",
        began.elapsed().as_secs_f64(),
        size / sessions.max(1)
    );
    people
}
