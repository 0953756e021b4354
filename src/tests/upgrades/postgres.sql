-- The tables as the first migration, 0001_start, left them, and the record of it. This never changes.

CREATE TABLE _sqlx_migrations (
    version        BIGINT PRIMARY KEY,
    description    TEXT NOT NULL,
    installed_on   TIMESTAMPTZ NOT NULL DEFAULT now(),
    success        BOOLEAN NOT NULL,
    checksum       BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations (version, description, success, execution_time, checksum) VALUES (1, '0001_start', TRUE, 0,
'\xad90b0d3532cdfac0cadb44be835f29ecc31430f5c1a7a4da2992d7689a78eefe154902c46a609eb9f31f284a6c52df2');

CREATE TABLE users (
    id                  TEXT    NOT NULL PRIMARY KEY,
    username            TEXT    COLLATE "C" NOT NULL UNIQUE,
    password_hash       TEXT    NOT NULL,
    created_at          BIGINT  NOT NULL,
    password_changed_at BIGINT  NOT NULL,
    disabled_at         BIGINT
);

CREATE TABLE sessions (
    id                TEXT    NOT NULL PRIMARY KEY,
    user_id           TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id         TEXT    NOT NULL,
    generation        BIGINT  NOT NULL,
    parent_generation BIGINT,
    rotated_at        BIGINT  NOT NULL,
    confirmed_at      BIGINT,
    token_digest      TEXT    NOT NULL,
    parent_digest     TEXT,
    parent_agent      TEXT,
    key_id            TEXT    NOT NULL,
    nonce             TEXT    NOT NULL,
    created_at        BIGINT  NOT NULL,
    authenticated_at  BIGINT  NOT NULL,
    last_seen_at      BIGINT  NOT NULL,
    expires_at        BIGINT  NOT NULL,
    idle_expires_at   BIGINT  NOT NULL,
    idle_ms           BIGINT  NOT NULL,
    remember          BIGINT  NOT NULL CHECK (remember IN (0, 1)),
    revoked_at        BIGINT,
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
);

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_expired ON sessions (expires_at);

CREATE TABLE activity (
    id         BIGINT  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL,
    at         BIGINT  NOT NULL,
    sid        TEXT,
    ip         TEXT,
    user_agent TEXT    NOT NULL,
    detail     TEXT
);

CREATE INDEX activity_user ON activity (user_id, id);
CREATE INDEX activity_address ON activity (at) WHERE sid IS NULL AND ip IS NOT NULL;

CREATE TABLE keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    algorithm  TEXT    NOT NULL,
    sealed     TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    active_at  BIGINT  NOT NULL,
    expires_at BIGINT
);

CREATE TABLE web_sessions (
    id         TEXT    NOT NULL PRIMARY KEY,
    data       TEXT    NOT NULL,
    expires_at BIGINT  NOT NULL
);

CREATE INDEX web_sessions_expired ON web_sessions (expires_at);
