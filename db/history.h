/* The history file, writing side: one connection, used by one thread at a time (the writer thread once it
 * runs). A second engine would stand behind these same operations. */
#ifndef DB_HISTORY_H
#define DB_HISTORY_H

#include "base/err.h"
#include "db/chain.h"
#include "plant/batch.h"
#include "plant/tagdef.h"
#include "plant/value.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct history;

/* How long to keep what, and how large the file may grow; 0: no bound. */
struct history_keep {
    int64_t samples_us, minutes_us, hours_us, journal_us;
    uint64_t bytes; /* the oldest samples go first, then minutes, then the journal */
};

struct history_options {
    const char *path;
    bool durability_full; /* fsync at each commit; else when the operating system likes */
    /* When the sorted runs are merged into the archive: as soon as one of these is reached; 0: the defaults
     * below. */
    uint64_t merge_rows_per_tag; /* in the runs, on average */
    uint64_t merge_rows;         /* in the runs */
    int64_t merge_age_us;        /* of the oldest run */
    struct history_keep keep;
};

/* Merging seldom makes a merge cheap (a tag's page of the archive is touched once for many samples); merging
 * often keeps the fresh part small, which every query of a tag reads through: 800 samples of a tag lie in at
 * most as many runs. */
#define HISTORY_MERGE_ROWS_PER_TAG 800
#define HISTORY_MERGE_ROWS         UINT64_C(8000000)
#define HISTORY_MERGE_AGE_US       (INT64_C(2) * 3600 * 1000000)

/* What a slice of housekeeping did. */
enum history_work {
    HISTORY_WORK_NONE,
    HISTORY_WORK_FLUSH,
    HISTORY_WORK_MERGE,
    HISTORY_WORK_EMPTY,
    HISTORY_WORK_GAP,
    HISTORY_WORK_CHECKPOINT,
    HISTORY_WORK_RETAIN,
    HISTORY_WORKS
};

/* A tag as the file knows it, with its last value; texts are valid during the callback only. */
struct history_tag {
    uint32_t id;
    const char *name, *topic, *path;
    enum tag_kind kind;
    enum tag_record record; /* what of it goes to the archive */
    double deviation;       /* of RECORD_COMPRESSED, engineering units */
    bool has_value;
    int64_t ts_us;
    uint32_t quality;
    struct value value;
};

/* What slices of one kind have cost since the file was opened. Processor time is that of the thread: on a busy
 * machine a slice of few ms may take many on the clock. */
struct history_cost {
    uint64_t count;
    int64_t us, most_us;
    int64_t cpu_us, cpu_most_us;
};

struct history_stats {
    uint64_t file_bytes, wal_bytes;
    uint64_t samples_written; /* since it was opened */
    uint64_t commits;
    uint64_t tail_rows;  /* waiting to be sorted */
    uint64_t fresh_rows; /* sorted, waiting to be merged */
    uint64_t merges;     /* since it was opened */
    uint64_t merged_rows;
    uint64_t
        deleted_rows; /* too old, or too many: samples, minutes, hours, entries of the journal; since it was opened */
    uint64_t returned_bytes; /* given back to the file system, since it was opened */
    enum history_work work;  /* of the last slice */
    struct history_cost costs[HISTORY_WORKS];
    int64_t slice_most_us;    /* the longest of all but checkpoints, which wait for the disk */
    long wal_holder;          /* a process whose long reading lets the WAL grow; 0: none */
    char wal_holder_name[64]; /* safe to show */
};

/* Makes the directory that the file is to lie in, mode 2750, when it is missing; its parent must exist. For
 * whoever needs the directory before the file, such as the recorder's lock. */
bool history_make_directory(const char *path, struct err *err);

/* Opens or creates the file (mode 0640, in a directory of mode 2750 that is made when it is missing), and
 * brings an older schema up to date. Says what is wrong for a file that is no history, is newer than this
 * program, is read-only, or lies on a full disk. */
struct history *history_open(const struct history_options *options, struct err *err);

/* Marks `now_us` (wall) as the exact time of the stop and closes. What waits in the tail stays there: it is
 * part of the history. `history` may be NULL. */
void history_close(struct history *history, int64_t now_us);

/* "hmi-" and a random id made when the file was created; owned by the history. */
const char *history_client_id(const struct history *history);

/* 32 random hexadecimal digits made when they were first needed; known to whoever may read the file, and to nobody
 * else. Owned by the history. */
const char *history_secret(const struct history *history);

/* The newest committed row of the journal and its hash, to be kept elsewhere; false: there is none yet. */
bool history_journal_head(const struct history *history, int64_t *id, char hash[CHAIN_TEXT_BYTES]);

/* When the recorder last proved that it was alive (µs UTC); 0 for a new file. From it to now is a gap. */
int64_t history_alive_us(const struct history *history);

/* Calls back for every tag of the file, by id. */
typedef void history_tag_function(void *context, const struct history_tag *tag);
bool history_each_tag(struct history *history, history_tag_function *function, void *context,
                      struct err *err);

/* Where an alarm stood when the file was written last; texts are valid during the callback only. */
struct history_alarm {
    uint32_t tag_id;  /* 0: of hmi itself */
    const char *word; /* its name, else its type */
    struct alarm_status status;
    struct alarm_texts texts;
};

/* Calls back for every alarm that was not normal. */
typedef void history_alarm_function(void *context, const struct history_alarm *alarm);
bool history_each_alarm(struct history *history, history_alarm_function *function, void *context,
                        struct err *err);

/* Calls back for the terms of each alarm (plant/alarm_terms.h), with the name of its tag, as of when the file was written
 * last; NULL: the tag is not there any more. `word` "" stands for all of them, see db/restart.sql. */
typedef void history_terms_function(void *context, uint32_t tag_id, const char *tag, const char *word,
                                    const char *terms);
bool history_each_terms(struct history *history, history_terms_function *function, void *context,
                        struct err *err);

/* Calls back with the times (µs UTC) of the alarms that operators were told of after `from_us` and until `to_us`, in their
 * order: those among the newest 65536 entries of the journal. */
typedef void history_activation_function(void *context, int64_t ts_us);
bool history_each_activation(struct history *history, int64_t from_us, int64_t to_us,
                             history_activation_function *function, void *context, struct err *err);

/* When the flood of alarms began (µs UTC) that the journal knows no end of; 0: there is none. */
bool history_read_flood(struct history *history, int64_t *since_us, struct err *err);

/* A command that the journal knows no outcome of, or whose button it does not know to have been let go; texts are valid
 * during the callback only. */
struct history_command {
    uint64_t id;
    const char *tag, *operator, * station;
    bool has_outcome, pressed;
};

/* Calls back for every such command. *last_id: the greatest number that a command has had, kept or not; 0: none. */
typedef void history_command_function(void *context, const struct history_command *command);
bool history_each_open_command(struct history *history, history_command_function *function, void *context,
                               uint64_t *last_id, struct err *err);

/* How far a command moved a setpoint. */
struct history_move {
    uint32_t tag_id;
    int64_t ts_us; /* when it was asked for, UTC */
    double by;     /* engineering units, >= 0 */
};

/* Calls back for those of the last `most` commands that were asked for after `since_us` (UTC) and changed a number, the
 * oldest first. Whether they were sent does not matter: who asks for a rate counts what he let through. */
typedef void history_move_function(void *context, const struct history_move *move);
bool history_each_move(struct history *history, int64_t since_us, size_t most,
                       history_move_function *function, void *context, struct err *err);

/* Writes the batch in one transaction and commits it; on false nothing of it is in the file and it may be
 * given again. `now_us` (wall) is stored now and then as the proof of life. */
bool history_append(struct history *history, const struct batch *batch, int64_t now_us, struct err *err);

/* One slice of housekeeping of at most about `budget_us` (10 ms), one short transaction: sorting a full tail
 * into a run, merging runs into the archive with its minutes and hours, emptying what was merged, minutes and
 * hours around a gap, deleting what is old, or a checkpoint of the WAL. Sets *more when there is more to do at
 * once. Only a checkpoint waits for the disk. */
bool history_tidy(struct history *history, int64_t budget_us, bool *more, struct err *err);

/* Slices end at the next opportunity, within a millisecond or so, while `*hurry` is true, which another thread may
 * set; NULL: they last their time. It must outlive the history. */
void history_set_hurry(struct history *history, const atomic_bool *hurry);

/* Whether a slice must come before the next batch, because housekeeping has fallen behind: otherwise what is
 * fresh would grow as long as batches come without a pause. False again after enough slices. */
bool history_is_behind(const struct history *history);

/* Proof of life without samples (a quiet plant): at most every few seconds. */
bool history_mark_alive(struct history *history, int64_t now_us, struct err *err);

/* Figures about the file as it is now; asks the file system for sizes, so the disk may hold it up. */
void history_get_stats(struct history *history, struct history_stats *stats);

#endif
