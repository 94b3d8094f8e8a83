-- How long a command took to be on record and to be sent, ms from the request. Part of the schema behind commands.sql, and as
-- it stands the step to the version that brought it.
ALTER TABLE journal_entry ADD COLUMN ms_recorded INTEGER;
ALTER TABLE journal_entry ADD COLUMN ms_sent INTEGER;
