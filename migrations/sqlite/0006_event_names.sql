-- Of a session that was renamed: what it was called before, if it had a name of its own, and since. And by which session
-- something was done to another. Events from before have none.
ALTER TABLE activity ADD COLUMN name_before TEXT;
ALTER TABLE activity ADD COLUMN name_after TEXT;
ALTER TABLE activity ADD COLUMN by_sid TEXT;
