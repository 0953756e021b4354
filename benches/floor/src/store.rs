//! Users and sessions, straight on SQLite: WAL, `synchronous=FULL`, one thread that writes, and waiting writes share a
//! commit.

use crate::passwords::Hash;
use crate::tokens::{now, random};
use quick_cache::sync::Cache;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// The most writes that share a commit.
const BATCH: usize = 256;
/// How many living sessions are remembered.
const ALIVE: usize = 100_000;
const READERS: usize = 4;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS users (
    id TEXT NOT NULL PRIMARY KEY, username TEXT NOT NULL UNIQUE, salt BLOB NOT NULL, hash BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), digest TEXT NOT NULL,
    parent_digest TEXT, generation INTEGER NOT NULL, created_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, revoked_at INTEGER, user_agent TEXT NOT NULL, ip TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_user ON sessions (user_id);
CREATE INDEX IF NOT EXISTS sessions_expired ON sessions (expires_at);
";
const PRAGMAS: &str = "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                       PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY";
const MONTH: i64 = 30 * 86_400;

pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) digest: String,
}

/// The owner of a living session.
pub(crate) struct Owner {
    pub(crate) username: String,
    pub(crate) created_at: i64,
}

/// A row of the list of sessions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed {
    sid: String,
    current: bool,
    user_agent: String,
    ip: Option<String>,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
}

/// Runs in the transaction, and returns what answers after the commit.
type Write = Box<dyn FnOnce(&Connection) -> Box<dyn FnOnce()> + Send>;

pub(crate) struct Store {
    writes: Sender<Write>,
    readers: Vec<Mutex<Connection>>,
    alive: Cache<String, Arc<Owner>>,
}

fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch(PRAGMAS).expect("settings");
    connection
}

impl Store {
    pub(crate) fn open(path: &Path) -> Self {
        let writer = connect(path);
        writer.execute_batch(SCHEMA).expect("tables");
        let (writes, waiting) = channel();
        std::thread::spawn(move || write(&writer, &waiting));
        let readers = (0..READERS).map(|_| Mutex::new(connect(path))).collect();
        Self { writes, readers, alive: Cache::new(ALIVE) }
    }

    async fn write<T: Send + 'static>(&self, change: impl FnOnce(&Connection) -> T + Send + 'static) -> T {
        let (reply, answer) = oneshot::channel();
        let write: Write = Box::new(move |connection| {
            let changed = change(connection);
            Box::new(move || drop(reply.send(changed)))
        });
        self.writes.send(write).expect("the writer");
        answer.await.expect("a commit")
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> T {
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        let reader = free.unwrap_or_else(|| self.readers[0].lock().expect("a reader"));
        query(&reader).expect("rows")
    }

    /// The new user's id; `None` if the name is taken.
    pub(crate) async fn add_user(&self, username: String, (salt, hash): Hash) -> Option<String> {
        self.write(move |connection| {
            let id = random::<16>();
            let mut insert = connection.prepare_cached("INSERT INTO users VALUES (?, ?, ?, ?, ?)").ok()?;
            insert.execute(params![id, username, salt, hash, now() as i64]).ok()?;
            Some(id)
        })
        .await
    }

    pub(crate) fn user(&self, username: &str) -> Option<(String, Hash)> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT id, salt, hash FROM users WHERE username = ?")?;
            select.query_row([username], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).optional()
        })
    }

    pub(crate) async fn start(&self, session: Session) {
        self.write(move |connection| {
            let Session { id, user_id, digest } = session;
            let now = now() as i64;
            let insert = "INSERT INTO sessions VALUES (?, ?, ?, NULL, 0, ?, ?, ?, NULL, 'floor', '127.0.0.1')";
            let mut insert = connection.prepare_cached(insert).expect("a statement");
            insert.execute(params![id, user_id, digest, now, now, now + MONTH]).expect("a row");
        })
        .await;
    }

    /// Replaces the digest `before` by `after`, and returns the session's user; `None` if `before` is not the current
    /// one.
    pub(crate) async fn rotate(&self, sid: String, before: String, after: String) -> Option<String> {
        self.write(move |connection| {
            let now = now() as i64;
            let select = "SELECT user_id, digest FROM sessions WHERE id = ? AND revoked_at IS NULL AND expires_at > ?";
            let mut select = connection.prepare_cached(select).ok()?;
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let (user, digest): (String, String) = select.query_row(params![sid, now], read).ok()?;
            if digest != before {
                return None;
            }
            let update = "UPDATE sessions SET digest = ?, parent_digest = ?, generation = generation + 1, \
                          last_seen_at = ? WHERE id = ?";
            let mut update = connection.prepare_cached(update).ok()?;
            update.execute(params![after, before, now, sid]).ok()?;
            Some(user)
        })
        .await
    }

    /// Ends a session of the user; whether there was one.
    pub(crate) async fn end(&self, user: String, sid: String) -> bool {
        let ended = sid.clone();
        let found = self
            .write(move |connection| {
                let update = "UPDATE sessions SET revoked_at = ? WHERE id = ? AND user_id = ? AND revoked_at IS NULL";
                let mut update = connection.prepare_cached(update).expect("a statement");
                update.execute(params![now() as i64, ended, user]).expect("an update") == 1
            })
            .await;
        self.alive.remove(&sid);
        found
    }

    pub(crate) fn owner(&self, sid: &str) -> Option<Arc<Owner>> {
        if let Some(owner) = self.alive.get(sid) {
            return Some(owner);
        }
        let owner = self.read(|connection| {
            let select = "SELECT u.username, u.created_at FROM sessions s JOIN users u ON u.id = s.user_id \
                          WHERE s.id = ? AND s.revoked_at IS NULL AND s.expires_at > ?";
            let mut select = connection.prepare_cached(select)?;
            let read = |row: &rusqlite::Row<'_>| Ok(Owner { username: row.get(0)?, created_at: row.get(1)? });
            select.query_row(params![sid, now() as i64], read).optional()
        })?;
        let owner = Arc::new(owner);
        self.alive.insert(sid.to_owned(), owner.clone());
        Some(owner)
    }

    pub(crate) fn list(&self, user: &str, current: &str) -> Vec<Listed> {
        self.read(|connection| {
            let select = "SELECT id, user_agent, ip, created_at, last_seen_at, expires_at FROM sessions \
                          WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ?";
            let mut select = connection.prepare_cached(select)?;
            let rows = select.query_map(params![user, now() as i64], |row| {
                let sid: String = row.get(0)?;
                Ok(Listed {
                    current: sid == current,
                    sid,
                    user_agent: row.get(1)?,
                    ip: row.get(2)?,
                    created_at: row.get(3)?,
                    last_seen_at: row.get(4)?,
                    expires_at: row.get(5)?,
                })
            })?;
            rows.collect()
        })
    }
}

/// Carries out what waits, up to [`BATCH`] writes in one transaction, and answers after the commit.
fn write(connection: &Connection, waiting: &Receiver<Write>) {
    while let Ok(first) = waiting.recv() {
        connection.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        let mut answers = vec![first(connection)];
        while answers.len() < BATCH
            && let Ok(next) = waiting.try_recv()
        {
            answers.push(next(connection));
        }
        connection.execute_batch("COMMIT").expect("a commit");
        answers.into_iter().for_each(|answer| answer());
    }
}
