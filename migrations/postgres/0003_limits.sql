-- Attempts to sign in and the like. Keys are keyed digests of accounts and addresses.
CREATE TABLE limits (
    key        TEXT    NOT NULL PRIMARY KEY,
    until      BIGINT NOT NULL,
    count      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX limits_expired ON limits (expires_at);
