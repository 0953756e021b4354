-- The tables as the first migration, 0001_start, left them, and the record of it. This never changes.

CREATE TABLE _sqlx_migrations (
    version        BIGINT PRIMARY KEY,
    description    TEXT NOT NULL,
    installed_on   TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success        BOOLEAN NOT NULL,
    checksum       BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations (version, description, success, execution_time, checksum) VALUES (1, '0001_start', TRUE, 0,
x'b7f9f1b54c54cb487e1a9652c2f580375f7523dc1763b39eb63e160d9ca56a008c76d368f86db48699db0954bf470b71');

CREATE TABLE users (
    id                  TEXT    NOT NULL PRIMARY KEY,
    username            TEXT    NOT NULL UNIQUE,
    password_hash       TEXT    NOT NULL,
    created_at          INTEGER NOT NULL,
    password_changed_at INTEGER NOT NULL,
    disabled_at         INTEGER
) STRICT;

CREATE TABLE sessions (
    id                TEXT    NOT NULL PRIMARY KEY,
    user_id           TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id         TEXT    NOT NULL,
    generation        INTEGER NOT NULL,
    parent_generation INTEGER,
    rotated_at        INTEGER NOT NULL,
    confirmed_at      INTEGER,
    token_digest      TEXT    NOT NULL,
    parent_digest     TEXT,
    parent_agent      TEXT,
    key_id            TEXT    NOT NULL,
    nonce             TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    authenticated_at  INTEGER NOT NULL,
    last_seen_at      INTEGER NOT NULL,
    expires_at        INTEGER NOT NULL,
    idle_expires_at   INTEGER NOT NULL,
    idle_ms           INTEGER NOT NULL,
    remember          INTEGER NOT NULL CHECK (remember IN (0, 1)),
    revoked_at        INTEGER,
    revocation_reason TEXT,
    name              TEXT,
    browser           TEXT,
    os                TEXT,
    kind              TEXT    NOT NULL,
    user_agent        TEXT    NOT NULL,
    ip                TEXT,
    CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL)),
    CHECK ((parent_generation IS NULL) = (parent_digest IS NULL)),
    CHECK ((parent_generation IS NULL) = (parent_agent IS NULL))
) STRICT;

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_expired ON sessions (expires_at);

CREATE TABLE activity (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    sid        TEXT,
    ip         TEXT,
    user_agent TEXT    NOT NULL,
    detail     TEXT
) STRICT;

CREATE INDEX activity_user ON activity (user_id, id);
CREATE INDEX activity_address ON activity (at) WHERE sid IS NULL AND ip IS NOT NULL;

CREATE TABLE keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    algorithm  TEXT    NOT NULL,
    sealed     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    active_at  INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

CREATE TABLE web_sessions (
    id         TEXT    NOT NULL PRIMARY KEY,
    data       TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX web_sessions_expired ON web_sessions (expires_at);
