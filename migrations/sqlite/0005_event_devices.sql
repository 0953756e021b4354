-- Which device an event came from, as its request told: more than its User-Agent does. Events from before have none.
ALTER TABLE activity ADD COLUMN browser TEXT;
ALTER TABLE activity ADD COLUMN os TEXT;
