-- Attempts to sign in and the like. Keys are keyed digests of accounts and addresses.
CREATE TABLE limits (
    key        TEXT    NOT NULL PRIMARY KEY,
    until      INTEGER NOT NULL,
    count      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX limits_expired ON limits (expires_at);
