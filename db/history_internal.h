/* What the files of the writing side share; nobody else includes it.
 *
 *   history.c       open, close, append, proof of life
 *   history_file.c  the file, its rights, its making
 *   history_tags.c  the rows that describe tags
 *   history_run.c   sorting samples into a run
 *   history_tidy.c  when to sort, when to empty the WAL
 */
#ifndef DB_HISTORY_INTERNAL_H
#define DB_HISTORY_INTERNAL_H

#include "db/history.h"
#include "db/sql.h"

/* A tail of this many samples is sorted into a run. */
#define HISTORY_RUN_ROWS 16384

/* Samples in one INSERT: one statement for 32 rows costs less than half of 32 statements (measured). */
#define HISTORY_INSERT_ROWS 32

/* At most so many bytes of texts wait in the tail, and so many samples whatever its user does. */
#define HISTORY_TAIL_TEXT_MAX (4u << 20)
#define HISTORY_TAIL_ROWS_MAX (4 * HISTORY_RUN_ROWS)

/* How long another writer (a sqlite3 shell, say) may hold up a transaction before it fails. */
#define HISTORY_BUSY_MS 1000

/* Pages (of 4 KiB) in the WAL before it is worth a checkpoint. A page that is written again and again
 * meanwhile is copied once. */
#define HISTORY_WAL_FRAMES 2000

/* The statements that are prepared once; their SQL is the table in history.c. */
enum history_statement {
    HISTORY_BEGIN,
    HISTORY_COMMIT,
    HISTORY_ROLLBACK,
    HISTORY_META_PUT,
    HISTORY_TAIL_MANY,
    HISTORY_TAIL_ONE,
    HISTORY_TAIL_CLEAR,
    HISTORY_RUN_NEW,
    HISTORY_RUN_MANY,
    HISTORY_RUN_ONE,
    HISTORY_LATEST_MANY,
    HISTORY_LATEST_ONE,
    HISTORY_GAP_NAME,
    HISTORY_GAP,
    HISTORY_TAG_PARK,
    HISTORY_TAG_PUT,
    HISTORY_TAG_PARKED,
    HISTORY_TAG_NAME,
    HISTORY_STATES_CLEAR,
    HISTORY_STATE_PUT,
    HISTORY_STATEMENTS
};

struct history {
    sqlite3 *db;
    char *path;
    /* Of the -shm file, to ask who holds a lock. Open until the connection is closed: closing any descriptor
     * of a file drops the locks that this process has on it (fcntl(2)), SQLite's too. */
    int shm_fd;
    char client_id[32];
    int64_t alive_us; /* the last one written */
    sqlite3_stmt *statements[HISTORY_STATEMENTS];
    struct batch *tail; /* what the table `tail` holds, so that it need not be read again to be sorted */
    struct history_run_key *keys; /* room for sorting; owned */
    size_t key_capacity;
    uint64_t wal_frames;      /* pages in the WAL after the last commit */
    uint64_t wal_frames_next; /* when it is checkpointed next */
    long wal_holder; /* the process whose reading kept the last checkpoint from starting it anew; 0: none */
    struct history_stats stats;
};

/* Tells the connection's failure in `err` and rolls an open transaction back. Returns false. */
bool history_fail(struct history *history, const char *doing, struct err *err);

bool history_begin(struct history *history, struct err *err);
bool history_commit(struct history *history, struct err *err);

/* Writes the batch's tags inside the open transaction.
 * This and history_run_write() leave a failure in the connection. */
bool history_tags_write(struct history *history, const struct batch *batch);

/* Sorts the samples of a batch into a new run and updates the last values, inside the open transaction. */
bool history_run_write(struct history *history, const struct batch *batch);

/* Moves the whole tail into a run, in a transaction of its own. */
bool history_flush(struct history *history, struct err *err);

#endif
