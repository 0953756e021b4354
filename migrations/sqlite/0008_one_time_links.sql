-- Links that work once. Of the token only a digest is here; a link that was used has no row. A link to choose a new
-- password belongs to a user; an invitation belongs to a name that nobody has yet.
CREATE TABLE one_time_links (
    digest     TEXT    NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    user_id    TEXT    REFERENCES users (id) ON DELETE CASCADE,
    username   TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((user_id IS NULL) <> (username IS NULL))
) STRICT;

-- One link for each purpose of a user or a name.
CREATE UNIQUE INDEX one_time_links_user ON one_time_links (user_id, purpose);
CREATE UNIQUE INDEX one_time_links_name ON one_time_links (username, purpose);
CREATE INDEX one_time_links_expired ON one_time_links (expires_at);
