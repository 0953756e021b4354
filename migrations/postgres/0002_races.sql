-- Tokens before the parent whose exchange is so recent that a request with one may still be under way: JSON, or nothing.
ALTER TABLE sessions ADD COLUMN overtaken TEXT;

-- The other side of a reuse.
ALTER TABLE activity ADD COLUMN other_at BIGINT;
ALTER TABLE activity ADD COLUMN other_ip TEXT;
ALTER TABLE activity ADD COLUMN other_user_agent TEXT;
