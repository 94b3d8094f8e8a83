-- What a restart has to know of the time before. Part of the schema behind stages.sql, and as it stands the step to the
-- version that brought it.

-- The terms of each alarm: what the configuration that was read last said of it, a line 'option<tab>value' for each option
-- (src/plant/alarm_terms.h). The recorder compares them at its start: what was changed while it was stopped becomes entries of
-- the journal, in the same transaction. The row with tag_id 0 and no word says that terms were stored: without it (a new
-- file, or one of an older version) there is nothing to compare with.
CREATE TABLE alarm_terms (
    tag_id INTEGER NOT NULL,
    word   TEXT NOT NULL,       -- its name, else its type
    terms  TEXT NOT NULL,
    PRIMARY KEY (tag_id, word)
) WITHOUT ROWID;

-- Finds the beginning of a flood of alarms that a stop cut off, however long the journal is.
CREATE INDEX journal_entry_flood ON journal_entry (id) WHERE event IN ('flood began', 'flood ended');
