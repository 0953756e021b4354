-- Of which session a web session is: it has one at a time.
ALTER TABLE web_sessions ADD COLUMN sid TEXT;
CREATE INDEX web_sessions_sid ON web_sessions (sid) WHERE sid IS NOT NULL;
