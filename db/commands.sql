-- What commands (setpoints) add to the journal. Part of the schema behind journal.sql, and as it stands the step to the
-- version that brought it; stages.sql adds to it.

-- The number of a command stands in its request and in its outcome; what it asks for and what came of it. The values have
-- no affinity: a text '007' stays one. ms count from the request.
ALTER TABLE journal_entry ADD COLUMN command INTEGER;
ALTER TABLE journal_entry ADD COLUMN value_old;
ALTER TABLE journal_entry ADD COLUMN value_new;
ALTER TABLE journal_entry ADD COLUMN value_readback;
ALTER TABLE journal_entry ADD COLUMN ms_broker INTEGER;
ALTER TABLE journal_entry ADD COLUMN ms_readback INTEGER;
CREATE INDEX journal_entry_command ON journal_entry (command, kind) WHERE command IS NOT NULL;
