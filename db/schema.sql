-- The tables of a history file. They may change between versions: programs and people read the views (views.sql).
-- db/schema.c adds the version and the mark that says "this is a history file"; changing anything here means a new step in
-- its list of migrations too.

-- Facts of the file by name: 'client_id' (MQTT), 'created_us', 'alive_us' (the last proof of life, µs UTC).
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

-- A tag's identity is its topic and path; its name is a label that may move from one tag to another.
CREATE TABLE tag (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    topic       TEXT NOT NULL,
    path        TEXT NOT NULL,      -- member inside a JSON payload; '' for the payload itself
    area        TEXT NOT NULL,
    kind        TEXT NOT NULL,      -- analog, discrete, text
    unit        TEXT,
    description TEXT,
    low         REAL,               -- range, engineering units; NULL where there is none
    high        REAL,
    UNIQUE (topic, path)
);

-- What the values of a discrete tag mean.
CREATE TABLE tag_state (
    tag_id INTEGER NOT NULL,
    value  REAL NOT NULL,
    text   TEXT NOT NULL,
    PRIMARY KEY (tag_id, value)
) WITHOUT ROWID;

-- Samples. ts is µs since 1970 UTC. value is a number, NULL (the source had none), or a text bound as BLOB: the column has
-- to have one affinity in every table that the views join, and REAL would turn the text '007' into 7. quality is an OPC UA
-- status code; 0, Good, takes no byte.
--
-- Stage 1: rows in the order of their arrival, with no index, so that a commit touches few pages.
CREATE TABLE tail (
    tag_id  INTEGER NOT NULL,
    ts      INTEGER NOT NULL,
    value   REAL,
    quality INTEGER NOT NULL
);

-- Stage 2: sorted runs. When the tail is full it becomes one run, in one transaction. Two sets of them, so that one can be
-- merged into the archive while the other fills.
CREATE TABLE run_a (
    id    INTEGER PRIMARY KEY,
    t_min INTEGER NOT NULL,         -- the earliest and latest ts inside
    t_max INTEGER NOT NULL
);
CREATE TABLE run_b (
    id    INTEGER PRIMARY KEY,
    t_min INTEGER NOT NULL,
    t_max INTEGER NOT NULL
);
CREATE TABLE fresh_a (
    run     INTEGER NOT NULL,
    tag_id  INTEGER NOT NULL,
    ts      INTEGER NOT NULL,
    value   REAL,
    quality INTEGER NOT NULL,
    PRIMARY KEY (run, tag_id, ts)
) WITHOUT ROWID;
CREATE TABLE fresh_b (
    run     INTEGER NOT NULL,
    tag_id  INTEGER NOT NULL,
    ts      INTEGER NOT NULL,
    value   REAL,
    quality INTEGER NOT NULL,
    PRIMARY KEY (run, tag_id, ts)
) WITHOUT ROWID;

-- One row: which set is filled (0: a, 1: b), and up to which tag a set has been merged. Readers leave out the tags up to
-- the mark, so that a sample that moves is seen exactly once.
CREATE TABLE store (
    active INTEGER NOT NULL,
    mark_a INTEGER NOT NULL,
    mark_b INTEGER NOT NULL
);
INSERT INTO store VALUES (0, 0, 0);

-- The last sample of each tag among those that left the tail.
CREATE TABLE latest_flushed (
    tag_id  INTEGER PRIMARY KEY,
    ts      INTEGER NOT NULL,
    value   REAL,
    quality INTEGER NOT NULL
);

-- Time that was not recorded.
CREATE TABLE unrecorded (
    ts_start INTEGER NOT NULL,
    ts_end   INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (ts_start, reason)
) WITHOUT ROWID;
