-- Browsers from which somebody signed in to an account, also after signing out: their own guesses count by themselves.
-- Of the cookie only a digest is here.
CREATE TABLE known_browsers (
    digest       TEXT    NOT NULL,
    user_id      TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (digest, user_id)
);

CREATE INDEX known_browsers_user ON known_browsers (user_id, last_used_at);
CREATE INDEX known_browsers_used ON known_browsers (last_used_at);
