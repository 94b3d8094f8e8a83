/* What the files of the writing side share; nobody else includes it.
 *
 *   history.c       open, close, append, proof of life
 *   history_file.c  the file, its rights, its making
 *   history_tags.c  the rows that describe tags
 *   history_alarms.c the states of alarms, read at the start
 *   history_commands.c what the journal knows of commands, likewise
 *   history_run.c   sorting samples into a run
 *   history_sort.c  their keys in order, some at a time
 *   history_stamp.c samples of one stamp in two runs
 *   history_merge.c runs into the archive
 *   history_policy.c what a tag's recording policy keeps of them
 *   history_gaps.c  gaps, and what the archive's minutes and hours make of them
 *   history_retain.c deleting what is old
 *   history_tidy.c  what to do next, and when to empty the WAL
 */
#ifndef DB_HISTORY_INTERNAL_H
#define DB_HISTORY_INTERNAL_H

#include "db/gaps.h"
#include "db/history.h"
#include "db/journal.h"
#include "db/rollup.h"
#include "db/sql.h"

#include "plant/door.h"

#include <stdatomic.h>

/* A tail of this many samples is sorted into a run. */
#define HISTORY_RUN_ROWS 16384

/* A piece of a slice's work: after so many rows, or bytes of texts among them, it is looked whether the slice is over. */
#define HISTORY_STEP_ROWS 512
#define HISTORY_STEP_TEXT (256u << 10)

/* The same of sorting in memory, of which so many keys take less than half a millisecond. */
#define HISTORY_SORT_ROWS 4096

/* Samples in one INSERT: one statement for 32 rows costs less than half of 32 statements (measured). */
#define HISTORY_INSERT_ROWS 32

/* At most so many bytes of texts wait in the tail, and so many samples whatever its user does. */
#define HISTORY_TAIL_TEXT_MAX (4u << 20)
#define HISTORY_TAIL_ROWS_MAX (4 * HISTORY_RUN_ROWS)

/* While a flush is under way at most HISTORY_RUN_ROWS samples may come; batches wait for slices from here on. */
#define HISTORY_REST_ROWS (HISTORY_RUN_ROWS / 4 * 3)

/* SQLite's default, which no history changes. */
#define HISTORY_PAGE_BYTES 4096

/* How long another writer (a sqlite3 shell, say) may hold up a transaction before it fails. */
#define HISTORY_BUSY_MS 1000

/* Pages (of 4 KiB) in the WAL before it is worth a checkpoint. A page that is written again and again
 * meanwhile is copied once. */
#define HISTORY_WAL_FRAMES 3800

/* So many more, and a batch waits for it: it takes the longer the more there are. */
#define HISTORY_WAL_BEHIND 400

/* Pages after which it is tried again when readers kept it from being emptied. */
#define HISTORY_WAL_AGAIN 500

/* Readers that come after everything was copied do not use the WAL; those before them get so long to end. */
#define HISTORY_WAL_WAIT_MS 5

/* With so many pages it is more urgent than a quick next batch. */
#define HISTORY_WAL_LARGE        6000
#define HISTORY_WAL_WAIT_LONG_MS 40

/* With so many, kept by a reader, merging waits until the reader lets go: it would write most of what lets the
 * WAL grow on. It is looked whether the reader is still there once in this time. */
#define HISTORY_WAL_HELD          8192
#define HISTORY_WAL_HELD_EVERY_US CLOCK_US_PER_SECOND

/* The statements that are prepared once; their SQL is the table in history.c. */
enum history_statement {
    HISTORY_BEGIN,
    HISTORY_COMMIT,
    HISTORY_ROLLBACK,
    HISTORY_META_PUT,
    HISTORY_TAIL_MANY,
    HISTORY_TAIL_ONE,
    HISTORY_TAIL_CLEAR,
    HISTORY_LATEST_MANY,
    HISTORY_LATEST_ONE,
    HISTORY_ARCHIVE_MANY,
    HISTORY_ARCHIVE_ONE,
    HISTORY_ARCHIVE_AT,
    HISTORY_ARCHIVE_DROP,
    HISTORY_ARCHIVE_BEFORE,
    HISTORY_ARCHIVE_AFTER,
    HISTORY_RULE,
    HISTORY_DOOR,
    HISTORY_DOOR_PUT,
    HISTORY_ARCHIVE_LAST,
    HISTORY_KEEP_SAMPLES,
    HISTORY_KEEP_MINUTES,
    HISTORY_NTH_SAMPLE,
    HISTORY_NTH_MINUTE,
    HISTORY_NTH_HOUR,
    HISTORY_CLEAR_SAMPLES,
    HISTORY_CLEAR_MINUTES,
    HISTORY_CLEAR_HOURS,
    HISTORY_CLEAR_GAPS,
    HISTORY_STORE_FLIP,
    HISTORY_STAMP_SOURCE,
    HISTORY_STAMP_STORED,
    HISTORY_STAMP_LATEST,
    HISTORY_GAP_NAME,
    HISTORY_GAP,
    HISTORY_GAP_CUT,
    HISTORY_GAP_DROP,
    HISTORY_GAP_WAITING,
    HISTORY_GAP_ROLLED,
    HISTORY_TAG_NEXT,
    HISTORY_TAG_PARK,
    HISTORY_TAG_PUT,
    HISTORY_TAG_PARKED,
    HISTORY_TAG_NAME,
    HISTORY_STATES_CLEAR,
    HISTORY_STATE_PUT,
    HISTORY_STATEMENTS
};

/* Those that exist for each of the two sets of runs. */
enum history_set_statement {
    HISTORY_RUN_NEW,
    HISTORY_RUN_MANY,
    HISTORY_RUN_ONE,
    HISTORY_RUN_AT,
    HISTORY_RUN_CLEAR,
    HISTORY_MARK,
    HISTORY_FRESH_NTH,
    HISTORY_FRESH_EMPTY,
    HISTORY_FRESH_CLEAR,
    HISTORY_FRESH_CLEAR_TO,
    HISTORY_SET_STATEMENTS
};

/* Where a sample lies in its batch, and what it is sorted by. */
struct history_run_key {
    int64_t ts_us;
    uint32_t tag_id;
    uint32_t index;
};

/* Keys that are being put in order. */
struct history_sort {
    struct history_run_key *keys;  /* owned; those of the pass before, in the end all in order */
    struct history_run_key *spare; /* owned, as many; those of this pass */
    size_t count;
    size_t width;              /* of the pieces that are in order; 0: they are being made */
    size_t at;                 /* keys that this pass has moved */
    size_t first, left, right; /* the pair of pieces at hand, and the next key of each */
};

/* Where the samples of one tag that came with one stamp are stored. */
struct history_stamp_place {
    int64_t ts_us; /* the first free stamp, from their own on */
    bool repeated; /* the first of them says what the last flushed one of their stamp said */
    bool asked;    /* the file was, which takes as long as many rows */
};

/* Samples of one tag that came with one stamp. */
struct history_run_group {
    uint32_t tag_id;
    int64_t ts_us;
    struct history_stamp_place place;  /* of the next one */
    const struct batch_sample *before; /* the one before it; NULL: none */
};

/* A tail that is becoming a run, a slice at a time. */
struct history_flush {
    struct batch *rows; /* owned; NULL: none. They still lie in the table tail, before history->tail */
    int64_t run;        /* its number, not registered yet */
    struct history_sort sort;
    size_t looked; /* keys in order that have been looked at for repetitions */
    struct history_run_group group;
    struct history_run_key
        *keys;          /* those that stay, with their own stamps; in sort.keys, as far as looked at */
    size_t count, done; /* how many, and how many have become rows of the run */
    struct history_run_key *latest; /* the last of each tag; in sort.spare */
    size_t latest_count, latest_done;
    int64_t t_min, t_max;
};

/* The newest sample of a tag that left the tail. */
struct history_stamp {
    int64_t
        source_us; /* the stamp it came with; INT64_MIN: there is none, INT64_MAX: to be read from the file */
    int64_t stored_us; /* the one it is stored with; INT64_MIN: not known since the file was opened */
    /* Of samples that were late when they left the tail, the last: the same of it, and its run. */
    int64_t late_source_us, late_stored_us;
    int64_t late_run;
};

struct history_stamps {
    struct history_stamp *tags; /* by tag id */
    size_t count, capacity;
};

/* One of the two sets of runs. */
struct history_set {
    sqlite3_stmt *statements[HISTORY_SET_STATEMENTS];
    uint64_t rows;     /* in its runs */
    int64_t filled_us; /* when its oldest run was registered; 0: no run */
    int64_t next_run;  /* a number no row has */
    int64_t mark, mark_ts_us;
    bool dirty; /* it may hold rows */
};

/* What is known of the tag whose samples are being merged. */
struct history_policy {
    int64_t tag_id;
    struct door_rule rule;
    bool sloped; /* its values move straight from one to the next */
    struct door door;
    bool has_last;
    struct rollup_sample last; /* the newest sample so far, which is always kept */
    struct value last_value;   /* and its value, unless everything is kept; the text lies in `last_text` */
    uint32_t last_quality;
    struct buf last_text;
};

/* Deleting what is old: samples, minutes, hours. */
struct history_retain {
    int64_t alive_us;  /* the last proof of life when the file was opened */
    int64_t aged_us;   /* when the last round by age was due; 0: none since then */
    int64_t looked_us; /* when pages were counted last; 0: to be counted at once */
    uint64_t pages, free_pages;
    uint64_t free_least;  /* the fewest free pages since the last round by age ended */
    bool watched;         /* that was a whole round ago */
    uint64_t give_pages;  /* to be given back */
    uint64_t given_pages; /* given back in the WAL only: the file shrinks when a checkpoint copies it */
    bool running;         /* a round, the following are its own */
    bool by_size;
    int64_t cut_us[3]; /* what is older goes; INT64_MIN: nothing */
    int64_t tag_id;    /* the tag in hand */
    int table;         /* and what of it */
    bool shortens;     /* behind the last tag entries of the journal go */
    bool in_journal;   /* they do now */
    struct journal_shortening journal;
    uint64_t deleted;
    int64_t first_us[2]; /* of the last round: the oldest that size could delete */
};

/* Telling minutes and hours of the archive about one gap, tag after tag. */
struct history_gap_sweep {
    bool running;
    struct batch_gap gap; /* as it was when it began */
    int64_t tag_id;       /* the tag in hand; INT64_MIN: none yet */
    int64_t from_us;      /* from where on; INT64_MAX: that tag is done */
};

struct history_merge;

struct history {
    sqlite3 *db;
    char *path;
    /* Of the -shm file, to ask who holds a lock. Open until the connection is closed: closing any descriptor
     * of a file drops the locks that this process has on it (fcntl(2)), SQLite's too. */
    int shm_fd;
    char client_id[32], secret[40];
    struct history_options options; /* the path is not kept */
    int64_t alive_us;               /* the last one written */
    int64_t now_us;                 /* the last that a caller told */
    sqlite3_stmt *statements[HISTORY_STATEMENTS];
    struct history_set sets[2];
    int active;         /* the set that is filled; the other one is merged */
    struct batch *tail; /* what the table `tail` holds past the flush, so that it need not be read again */
    struct history_flush flush;
    struct history_stamps stamps;
    struct history_merge *merge; /* NULL: none begun since the start */
    struct rollup *rollup;
    struct journal *journal;
    struct history_retain retain;
    struct gaps gaps;
    bool gaps_changed; /* the table holds others than `gaps` */
    bool gaps_wait;    /* minutes and hours of the archive may not know of all of them */
    struct history_gap_sweep sweep;
    uint64_t tags;            /* rows of the table tag; 0: not counted since some were written */
    uint64_t wal_frames;      /* pages in the WAL after the last commit */
    uint64_t wal_frames_next; /* when it is checkpointed next */
    int64_t wal_tried_us;     /* when it was last checkpointed, clock_mono_us() */
    long wal_holder; /* the process whose reading kept the last checkpoint from starting it anew; 0: none */
    bool durable;    /* a commit waits for the disk */
    const atomic_bool *hurry; /* a slice ends early when this is true; NULL: never */
    struct history_stats stats;
};

/* Tells the connection's failure in `err` and rolls an open transaction back. Returns false. */
bool history_fail(struct history *history, const char *doing, struct err *err);

/* Prepares all statements (history_sql.c). False: the connection knows why. */
bool history_sql_prepare(struct history *history);

/* Whether the commits that follow wait until the disk has them; to be called outside a transaction. What
 * housekeeping does need not: a loss of power takes the newest commits of the WAL with it, and one that waits
 * takes all before it to the disk. */
bool history_set_durable(struct history *history, bool durable, struct err *err);

/* Begins and commits a transaction on the writing connection. False on a failure, with `err` set and nothing left open.
 * Commits are counted in the stats. */
bool history_begin(struct history *history, struct err *err);
bool history_commit(struct history *history, struct err *err);

/* Does a slice that may last until `until_us` (clock_mono_us()) end now? Asked after each piece of its work. */
bool history_slice_is_over(const struct history *history, int64_t until_us);

/* Writes the batch's tags inside the open transaction. This, history_run_write(), history_write_rows() and
 * history_gaps_write() leave a failure in the connection. */
bool history_tags_write(struct history *history, const struct batch *batch);

/* Writes samples by statements of many rows and of one. */
bool history_write_rows(struct history *history, enum history_statement many, enum history_statement one,
                        const struct batch *batch);

/* Sorts the samples of a batch into a new run and updates the last values, inside the open transaction. */
bool history_run_write(struct history *history, const struct batch *batch);

/* Is it the same sample but for its stamp? */
bool history_is_same(const struct value *a, uint32_t a_quality, const struct value *b, uint32_t b_quality);

/* Moves keys, at most HISTORY_SORT_ROWS a step, until those of `count` samples of a batch are in order. */
void history_sort_begin(struct history_sort *sort, size_t count);
void history_sort_step(struct history_sort *sort, const struct batch *batch);
bool history_sort_is_done(const struct history_sort *sort);
void history_sort_free(struct history_sort *sort);

/* Moves `place` past what was flushed with the key's stamp. Leaves a failure in the connection, and may be asked
 * again then. */
bool history_stamp_find(struct history *history, const struct batch *batch, const struct history_run_key *key,
                        struct history_stamp_place *place);

/* Remembers that the last of the tag's samples that came with a stamp is stored with another one in the run, if
 * they are late. */
void history_stamp_note_late(struct history *history, uint32_t tag_id, int64_t source_us, int64_t stored_us,
                             int64_t run);

/* Remembers the last keys of tags: latest[first .. end) of the flush, all of whose rows lie in its run. */
void history_stamp_note(struct history *history, const struct history_flush *flush, size_t first, size_t end);

/* Forgets them all, after what was noted failed to be committed, or at the end. */
void history_stamp_forget(struct history *history);

/* Throws away the rows of runs that were never registered, and sees what the sets hold. */
bool history_sets_load(struct history *history, struct err *err);

/* A slice of sorting the tail into a run, until about `until_us` (clock_mono_us()); begins one when none is
 * under way, which the tail must hold something for. */
bool history_flush_slice(struct history *history, int64_t until_us, struct err *err);

/* Ends the flush that is under way, if there is one. */
bool history_flush_finish(struct history *history, struct err *err);

/* Moves the whole tail into a run, or two when a flush is under way. */
bool history_flush(struct history *history, struct err *err);
void history_flush_free(struct history_flush *flush);

/* Is there something to merge or to empty? */
bool history_merge_is_due(const struct history *history);

/* Does merging get on more slowly than the other set fills? */
bool history_merge_is_behind(const struct history *history);

/* A slice of merging or emptying. */
bool history_merge_slice(struct history *history, int64_t until_us, struct err *err);
void history_merge_free(struct history_merge *merge);

/* The tag's policy, how far it has come, and its last sample in the archive. */
bool history_policy_open(struct history *history, struct history_policy *policy, int64_t tag_id);
bool history_policy_save(struct history *history, const struct history_policy *policy);
void history_policy_free(struct history_policy *policy);

/* Takes a sample that is newer than the last one: adds it to `rows`, which wait to be written to the archive,
 * and removes from there or from the archive what is not needed any more. */
bool history_policy_take(struct history *history, struct history_policy *policy, struct batch *rows,
                         int64_t ts_us, const struct value *value, uint32_t quality);

/* Says whether a sample that is older than the last one is kept; nothing waits to be written. */
bool history_policy_take_late(struct history *history, struct history_policy *policy, int64_t ts_us,
                              const struct value *value, uint32_t quality, bool *kept);

/* Writes the batch's gaps inside the open transaction. */
bool history_gaps_write(struct history *history, const struct batch *batch);

/* Brings `gaps` up to date; to be called before minutes are computed. */
bool history_gaps_load(struct history *history);

/* A slice of telling minutes and hours of the archive about gaps. */
bool history_gaps_slice(struct history *history, int64_t until_us, struct err *err);

/* Is there something to look at, to delete or to give back? */
bool history_retain_is_due(const struct history *history);

/* A slice of it. */
bool history_retain_slice(struct history *history, int64_t until_us, struct err *err);

#endif
