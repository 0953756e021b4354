-- An authenticator app of a user. Its secret is sealed under the key of purpose `factors`. Without `confirmed_at` it is
-- being set up, and no sign-in asks for it. `last_step`: the newest time step whose code was used.
CREATE TABLE totp (
    user_id       TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed_secret TEXT    NOT NULL,
    last_step     INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    confirmed_at  INTEGER
) STRICT;

-- A user's set of recovery codes: the key of their digests, sealed in the same way.
CREATE TABLE recovery_code_sets (
    user_id    TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed_key TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_codes (
    digest  TEXT    NOT NULL PRIMARY KEY,
    user_id TEXT    NOT NULL REFERENCES recovery_code_sets (user_id) ON DELETE CASCADE,
    used_at INTEGER
) STRICT;

CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

-- Sign-ins whose password was right, and that wait for the second factor. Of the value that names one only a digest is
-- here.
CREATE TABLE waiting_sign_ins (
    digest              TEXT    NOT NULL PRIMARY KEY,
    user_id             TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id           TEXT    NOT NULL,
    remember            INTEGER NOT NULL,
    password_changed_at INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL,
    tries               INTEGER NOT NULL
) STRICT;

CREATE INDEX waiting_sign_ins_user ON waiting_sign_ins (user_id);
CREATE INDEX waiting_sign_ins_expired ON waiting_sign_ins (expires_at);

-- How the user signed in, and when the second factor was last proved.
ALTER TABLE sessions ADD COLUMN authenticated_by TEXT NOT NULL DEFAULT 'password';
ALTER TABLE sessions ADD COLUMN second_factor_at INTEGER;
