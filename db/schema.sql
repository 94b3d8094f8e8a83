-- The tables of a history file. They may change between versions: programs and people read the views (views.sql).
-- db/schema.c adds the version and the mark that says "this is a history file"; changing anything here means a new step in
-- its list of migrations too.

-- Facts of the file by name: 'client_id' (MQTT), 'secret' (of commands' correlation data), 'created_us', 'alive_us' (the
-- last proof of life, µs UTC), 'last_command' (the greatest number of a command that retention took).
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
    record      TEXT NOT NULL DEFAULT 'change',     -- all, change, compressed: what of it goes to the archive
    deviation   REAL NOT NULL DEFAULT 0,
    min_time_us INTEGER NOT NULL DEFAULT 0,
    max_time_us INTEGER NOT NULL DEFAULT 0,
    stepped     INTEGER NOT NULL DEFAULT 0,         -- 1: an analog value that stands until the next one
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

-- Stage 2: sorted runs. A full tail becomes one run: its rows are copied in several transactions under a number that run_a
-- or run_b does not hold yet, so that nobody sees them; the last transaction registers the number and clears the tail. Rows
-- of a number that was never registered are thrown away when the file is opened. Two sets, so that one can be merged into
-- the archive while the other fills.
CREATE TABLE run_a (
    id        INTEGER PRIMARY KEY,
    t_min     INTEGER NOT NULL,     -- the earliest and latest ts inside
    t_max     INTEGER NOT NULL,
    rows      INTEGER NOT NULL DEFAULT 16384,
    filled_us INTEGER NOT NULL DEFAULT 0  -- when it was registered, µs UTC
);
CREATE TABLE run_b (
    id        INTEGER PRIMARY KEY,
    t_min     INTEGER NOT NULL,
    t_max     INTEGER NOT NULL,
    rows      INTEGER NOT NULL DEFAULT 16384,
    filled_us INTEGER NOT NULL DEFAULT 0
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

-- One row: which set is filled (0: a, 1: b), and the last (tag, ts) of a set that has moved to the archive. Readers leave
-- out what lies up to the mark, so that a sample that moves is seen exactly once.
CREATE TABLE store (
    active    INTEGER NOT NULL,
    mark_a    INTEGER NOT NULL,
    mark_b    INTEGER NOT NULL,
    mark_a_ts INTEGER NOT NULL DEFAULT 0,
    mark_b_ts INTEGER NOT NULL DEFAULT 0
);
INSERT INTO store VALUES (0, 0, 0, 0, 0);

-- Stage 3: where samples stay: those that the tag's recording policy keeps, and always the last one that was merged.
CREATE TABLE archive (
    tag_id  INTEGER NOT NULL,
    ts      INTEGER NOT NULL,
    value   REAL,
    quality INTEGER NOT NULL,
    PRIMARY KEY (tag_id, ts)
) WITHOUT ROWID;

-- How far the recording policy of a tag has come (struct door in src/plant/door.h), for the next merge. It goes on only
-- where last_us is the tag's last sample in the archive; else everything up to that one is kept.
CREATE TABLE door (
    tag_id     INTEGER PRIMARY KEY,
    record     INTEGER NOT NULL,    -- enum tag_record
    last_us    INTEGER NOT NULL,
    start_us   INTEGER NOT NULL,
    start      REAL NOT NULL,
    slope_min  REAL,                -- NULL: unbounded
    slope_max  REAL,
    held_us    INTEGER,             -- NULL: none
    held       REAL,
    waiting_us INTEGER,             -- NULL: none
    waiting    REAL
);

-- What was merged by minute and by hour, kept or not; changed in the same transactions as the archive (db/rollup.c). Only buckets with samples have a row. A tag's last bucket lies in minute_open and hour_open: what is still
-- fresh adds to it in the views. All figures but n are over Good samples; good_us is the time with a Good value, taken to
-- hold until the next sample, the next gap, or the end of the bucket. To save room max is NULL where it equals min, first
-- where it equals min, last where it equals max. held: the last value holds to the bucket's end.
CREATE TABLE minute (
    tag_id  INTEGER NOT NULL,
    ts      INTEGER NOT NULL,       -- the bucket's start
    n       INTEGER NOT NULL,
    min     REAL,
    max     REAL,
    first   REAL,
    last    REAL,
    avg     REAL,
    good_us INTEGER NOT NULL,
    held    INTEGER NOT NULL,
    PRIMARY KEY (tag_id, ts)
) WITHOUT ROWID;
CREATE TABLE hour (
    tag_id  INTEGER NOT NULL,
    ts      INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    min     REAL,
    max     REAL,
    first   REAL,
    last    REAL,
    avg     REAL,
    good_us INTEGER NOT NULL,
    held    INTEGER NOT NULL,
    PRIMARY KEY (tag_id, ts)
) WITHOUT ROWID;
CREATE TABLE minute_open (
    tag_id  INTEGER PRIMARY KEY,
    ts      INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    min     REAL,
    max     REAL,
    first   REAL,
    last    REAL,
    avg     REAL,
    good_us INTEGER NOT NULL,
    held    INTEGER NOT NULL
);
CREATE TABLE hour_open (
    tag_id  INTEGER PRIMARY KEY,
    ts      INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    min     REAL,
    max     REAL,
    first   REAL,
    last    REAL,
    avg     REAL,
    good_us INTEGER NOT NULL,
    held    INTEGER NOT NULL
);

-- The last sample of each tag among those that left the tail.
CREATE TABLE latest_flushed (
    tag_id  INTEGER PRIMARY KEY,
    ts      INTEGER NOT NULL,
    value   REAL,
    quality INTEGER NOT NULL
);

-- Time that was not recorded. rolled: minutes and hours of the archive know of it.
CREATE TABLE unrecorded (
    ts_start INTEGER NOT NULL,
    ts_end   INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    rolled   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (ts_start, reason)
) WITHOUT ROWID;
CREATE INDEX unrecorded_end ON unrecorded (ts_end, ts_start);
