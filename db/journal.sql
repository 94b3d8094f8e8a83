-- The tables of the journal and of the alarms. This file is part of schema.sql, and as it stands the step to the version
-- that brought them: whoever changes a table here writes what it was into that step first (db/schema.c).

-- The journal: what happened, in the order in which it was committed. Rows are only ever added: the triggers below refuse
-- all else, but for retention, which has 'journal_from_us' in meta tell them what may go, and takes that back in the same
-- transaction. Names are those of the moment. hash is for the chain that tells when somebody went around the triggers; it begins behind the row and the
-- hash that meta has as 'journal_from_id' and 'journal_from_hash', else with row 1.
CREATE TABLE journal_entry (
    id           INTEGER PRIMARY KEY,
    ts           INTEGER NOT NULL,
    kind         TEXT NOT NULL,      -- alarm, operator, refusal, config
    tag          TEXT,
    alarm        TEXT,               -- its address, TAG/word
    event        TEXT NOT NULL,      -- activated, cleared, acknowledged, shelved ...
    type         TEXT,
    priority     TEXT,
    value        REAL,
    limit_value  REAL,
    state_before TEXT,
    state_after  TEXT,
    operator     TEXT,
    station      TEXT,
    detail       TEXT,
    hash         BLOB
);
CREATE INDEX journal_entry_ts ON journal_entry (ts);
CREATE INDEX journal_entry_tag ON journal_entry (tag, ts);
CREATE TRIGGER journal_entry_insert BEFORE INSERT ON journal_entry
WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id = new.id) BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER journal_entry_update BEFORE UPDATE ON journal_entry BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER journal_entry_delete BEFORE DELETE ON journal_entry
WHEN old.ts >= ifnull((SELECT value FROM meta WHERE key = 'journal_from_us'), old.ts) BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

-- Where each alarm stands that is not normal; what the recorder goes on from after a restart. Times are µs UTC, 0: never.
CREATE TABLE alarm_state (
    tag_id          INTEGER NOT NULL,   -- 0: of hmi itself
    word            TEXT NOT NULL,      -- its name, else its type
    type            TEXT NOT NULL,
    priority        TEXT NOT NULL,
    state           TEXT NOT NULL,
    active          INTEGER NOT NULL,
    withheld        INTEGER NOT NULL,   -- 1 shelved, 2 by design, 4 out of service by hmi.cfg, 8 by somebody; added up
    shelf_once      INTEGER NOT NULL,
    first_out       INTEGER NOT NULL,
    chattering      INTEGER NOT NULL,
    activations     INTEGER NOT NULL,
    value           REAL,
    limit_value     REAL,
    activated_us    INTEGER NOT NULL,
    changed_us      INTEGER NOT NULL,
    cleared_us      INTEGER NOT NULL,
    acknowledged_us INTEGER NOT NULL,
    shelf_until_us  INTEGER NOT NULL,
    sequence        INTEGER NOT NULL,
    message         TEXT,
    acknowledged_by TEXT,
    shelved_by      TEXT,
    shelf_reason    TEXT,
    detail          TEXT,
    PRIMARY KEY (tag_id, word)
) WITHOUT ROWID;
