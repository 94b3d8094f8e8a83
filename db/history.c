/* Samples reach the file in stages, because writing them where they belong would dirty one page for each tag
 * at each commit (measured: 7 kB written a sample for 10,000 tags, against 0.2 kB this way).
 *
 *   append  a batch goes to the end of the table `tail`: few pages, one fsync
 *   flush   a tail of 16,384 samples is sorted into a run of fresh_a or fresh_b (history_run.c)
 *   merge   many runs become part of the archive with its minutes and hours (history_merge.c)
 *
 * A batch that is as big as a run becomes one without the detour. The views show the union of the stages,
 * each sample once, at every commit, because a move and the mark that tells of it are one transaction.
 *
 * The copy of the tail in memory changes only after the commit that changed the table, so the two never
 * differ: a failed commit leaves both as they were. */
#include "db/history_internal.h"

#include "db/history_file.h"
#include "db/schema.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* A proof of life costs a page, so it is not part of every commit. */
#define HISTORY_ALIVE_EVERY_US (5 * CLOCK_US_PER_SECOND)

bool history_fail(struct history *history, const char *doing, struct err *err)
{
    sql_fail(history->db, history->shm_fd, doing, err);
    if (!sqlite3_get_autocommit(history->db))
        sql_run(history->statements[HISTORY_ROLLBACK]);
    return false;
}

bool history_set_durable(struct history *history, bool durable, struct err *err)
{
    durable = durable && history->options.durability_full;
    if (durable == history->durable)
        return true;
    if (sql_exec(history->db, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL") !=
        SQLITE_OK)
        return history_fail(history, "set how it is written", err);
    history->durable = durable;
    return true;
}

bool history_begin(struct history *history, struct err *err)
{
    return sql_run(history->statements[HISTORY_BEGIN]) || history_fail(history, "begin to write", err);
}

bool history_commit(struct history *history, struct err *err)
{
    if (!sql_run(history->statements[HISTORY_COMMIT]))
        return history_fail(history, "commit", err);
    history->stats.commits++;
    return true;
}

/* ---- opening ---- */

static int history_on_commit(void *context, sqlite3 *db, const char *name, int frames)
{
    struct history *history = context;
    (void)db;
    (void)name;
    if ((uint64_t)frames < history->wal_frames) /* it has begun anew */
        history->wal_frames_next = HISTORY_WAL_FRAMES;
    history->wal_frames = (uint64_t)frames;
    return SQLITE_OK;
}

/* Settings of the writing connection; each is measured or needed:
 *   secure_delete   on by default in Debian; writes 59 bytes a sample more
 *   checkpoints     history_tidy() empties the WAL, not whatever commit happens to find it large
 *   PERSIST_WAL     users who may only read can then open the file after a clean stop */
static bool history_configure(struct history *history, struct err *err)
{
    int on = 1;
    sqlite3_busy_timeout(history->db, HISTORY_BUSY_MS);
    sqlite3_extended_result_codes(history->db, 1);
    if (sqlite3_file_control(history->db, "main", SQLITE_FCNTL_PERSIST_WAL, &on) != SQLITE_OK ||
        sql_exec(history->db, "PRAGMA secure_delete = OFF;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cache_size = -8192;"
                              "PRAGMA journal_size_limit = 16777216;"
                              "PRAGMA synchronous = NORMAL") != SQLITE_OK)
        return sql_fail(history->db, -1, "open it", err);
    /* Takes the place of the automatic checkpoint. */
    sqlite3_wal_hook(history->db, history_on_commit, history);
    return true;
}

/* WAL stands in the file itself; this mends one that somebody switched away from it. */
static bool history_use_wal(struct history *history, struct err *err)
{
    sqlite3_stmt *mode = sql_prepare(history->db, "PRAGMA journal_mode = WAL", false);
    bool done = mode && sqlite3_step(mode) == SQLITE_ROW && !strcmp(sql_column_text(mode, 0), "wal");
    if (sqlite3_finalize(mode) != SQLITE_OK || !mode)
        return sql_fail(history->db, -1, "open it", err);
    return done || err_set(err, EX_UNAVAILABLE,
                           "%s: SQLite cannot keep a write-ahead log there. The file has to lie on a disk "
                           "of this machine, not on a network drive, and no other program may have it open "
                           "in another mode.",
                           history->path);
}

static bool history_connect(struct history *history, const struct history_options *options, struct err *err)
{
    if (sqlite3_open_v2(options->path, &history->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        return sql_fail(history->db, -1, "open it", err);
    if (sqlite3_db_readonly(history->db, "main") == 1)
        return sql_fail_code(options->path, SQLITE_READONLY, "it is read-only for this user", -1,
                             "write to it", err);
    if (!history_configure(history, err) || !history_set_durable(history, true, err) ||
        !history_use_wal(history, err) || !schema_migrate(history->db, err))
        return false;
    free(history->path);
    history->path = mem_copy_text(sqlite3_db_filename(history->db, "main")); /* where a symbolic link leads */
    char *shm = mem_format("%s-shm", history->path);
    history->shm_fd = open(shm, O_RDONLY | O_CLOEXEC);
    free(shm);
    return true;
}

static bool history_prepare(struct history *history, struct err *err)
{
    bool done = history_sql_prepare(history);
    done = done && (history->rollup = rollup_new(history->db, &history->gaps)) != NULL;
    done = done && (history->journal = journal_new(history->db)) != NULL;
    return done || sql_fail(history->db, -1, "use it", err);
}

static bool history_load_tail(struct history *history, struct err *err)
{
    sqlite3_stmt *rows =
        sql_prepare(history->db, "SELECT tag_id, ts, value, quality FROM tail ORDER BY rowid", false);
    if (!rows)
        return sql_fail(history->db, -1, "read it", err);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        struct value value;
        sql_column_value(rows, 2, &value);
        batch_add_sample(history->tail, (uint32_t)sqlite3_column_int64(rows, 0),
                         sqlite3_column_int64(rows, 1), &value, (uint32_t)sqlite3_column_int64(rows, 3));
    }
    return sqlite3_finalize(rows) == SQLITE_OK || sql_fail(history->db, -1, "read it", err);
}

static bool history_put_meta_text(struct history *history, const char *key, const char *text)
{
    sqlite3_stmt *put = history->statements[HISTORY_META_PUT];
    sqlite3_bind_text(put, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 2, text, -1, SQLITE_STATIC);
    return sql_run(put);
}

static bool history_put_alive(struct history *history, int64_t now_us)
{
    sqlite3_stmt *put = history->statements[HISTORY_META_PUT];
    sqlite3_bind_text(put, 1, "alive_us", -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 2, now_us);
    return sql_run(put);
}

/* Reads a text that is made once for a file: a prefix and two digits for each of `count` (at most 16) random bytes. */
static bool history_load_random(struct history *history, const char *key, const char *prefix, size_t count,
                                char *text, size_t size, struct err *err)
{
    uint8_t bytes[16];
    sqlite3_stmt *query = sql_prepare(history->db, "SELECT value FROM meta WHERE key = ?1", false);
    if (query && sqlite3_bind_text(query, 1, key, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW)
        snprintf(text, size, "%s", sql_column_text(query, 0));
    if (!query || sqlite3_finalize(query) != SQLITE_OK)
        return sql_fail(history->db, -1, "read it", err);
    if (*text)
        return true;
    if (getrandom(bytes, count, 0) != (ssize_t)count)
        return err_set(err, EX_OSERR, "cannot get random bytes: %s", strerror(errno));
    size_t length = (size_t)snprintf(text, size, "%s", prefix);
    for (size_t i = 0; i < count; i++)
        snprintf(text + length + 2 * i, size - length - 2 * i, "%02x", bytes[i]);
    return history_put_meta_text(history, key, text) || history_fail(history, "write to it", err);
}

static bool history_load_meta(struct history *history, struct err *err)
{
    sqlite3_int64 alive_us;
    if (!sql_read_int(history->db, "SELECT value FROM meta WHERE key = 'alive_us'", 0, &alive_us))
        return sql_fail(history->db, -1, "read it", err);
    history->alive_us = alive_us;
    return history_load_random(history, "client_id", "hmi-", 8, history->client_id, sizeof history->client_id,
                               err) &&
           history_load_random(history, "secret", "", 16, history->secret, sizeof history->secret, err);
}

static void history_free(struct history *history)
{
    for (int i = 0; i < HISTORY_STATEMENTS; i++)
        sqlite3_finalize(history->statements[i]);
    for (int set = 0; set < 2; set++)
        for (int i = 0; i < HISTORY_SET_STATEMENTS; i++)
            sqlite3_finalize(history->sets[set].statements[i]);
    rollup_free(history->rollup);
    journal_free(history->journal);
    history_merge_free(history->merge);
    history_flush_free(&history->flush);
    history_stamp_forget(history);
    gaps_free(&history->gaps);
    sqlite3_close(history->db);
    if (history->shm_fd >= 0)
        close(history->shm_fd);
    batch_free(history->tail);
    free(history->path);
    free(history);
}

struct history *history_open(const struct history_options *options, struct err *err)
{
    bool is_new;
    if (!schema_check_file(options->path, &is_new, err) ||
        (is_new && !history_file_create(options->path, err)))
        return NULL;
    struct history *history = mem_new(1, sizeof *history);
    history->shm_fd = -1;
    history->path = mem_copy_text(options->path);
    history->tail = batch_new();
    history->options = (struct history_options){
        .durability_full = options->durability_full,
        .merge_rows_per_tag =
            options->merge_rows_per_tag ? options->merge_rows_per_tag : HISTORY_MERGE_ROWS_PER_TAG,
        .merge_rows = options->merge_rows ? options->merge_rows : HISTORY_MERGE_ROWS,
        .merge_age_us = options->merge_age_us ? options->merge_age_us : HISTORY_MERGE_AGE_US,
        .keep = options->keep,
    };
    history->gaps_changed = history->gaps_wait = true;
    history->retain.free_least = UINT64_MAX;
    if (!history_connect(history, options, err) || !history_prepare(history, err) ||
        !history_load_meta(history, err) || !history_load_tail(history, err) ||
        !history_sets_load(history, err)) {
        history_free(history);
        return NULL;
    }
    history->retain.alive_us = history->alive_us;
    return history;
}

void history_close(struct history *history, int64_t now_us)
{
    if (!history)
        return;
    if (now_us > 0) /* on a failure the gap at the next start begins a few seconds earlier */
        history_put_alive(history, now_us);
    history_free(history);
}

/* Reading what the recorder needs at its start */

const char *history_client_id(const struct history *history)
{
    return history->client_id;
}

bool history_journal_head(const struct history *history, int64_t *id, char hash[CHAIN_TEXT_BYTES])
{
    const struct chain_hash head = journal_head(history->journal, id);
    chain_text(&head, hash);
    return *id != 0;
}

const char *history_secret(const struct history *history)
{
    return history->secret;
}

int64_t history_alive_us(const struct history *history)
{
    return history->alive_us;
}

/* ---- writing ---- */

static void history_bind_sample(sqlite3_stmt *statement, int index, const struct batch *batch,
                                const struct batch_sample *sample)
{
    struct value value = batch_sample_value(batch, sample);
    sqlite3_bind_int64(statement, index, sample->tag_id);
    sqlite3_bind_int64(statement, index + 1, sample->ts_us);
    sql_bind_value(statement, index + 2, &value);
    sqlite3_bind_int64(statement, index + 3, sample->quality);
}

bool history_write_rows(struct history *history, enum history_statement many, enum history_statement one,
                        const struct batch *batch)
{
    size_t i = 0;
    while (i < batch->count) {
        size_t rows = batch->count - i >= HISTORY_INSERT_ROWS ? HISTORY_INSERT_ROWS : 1;
        sqlite3_stmt *statement = history->statements[rows > 1 ? many : one];
        for (size_t row = 0; row < rows; row++)
            history_bind_sample(statement, 1 + 4 * (int)row, batch, &batch->samples[i + row]);
        if (!sql_run(statement))
            return false;
        i += rows;
    }
    return true;
}

static bool history_alive_is_due(const struct history *history, int64_t now_us)
{
    return now_us < history->alive_us || now_us - history->alive_us >= HISTORY_ALIVE_EVERY_US;
}

/* Finishes a flush before the batch, whatever time that takes,
 *
 *   when the tail has become too long: its user never lets housekeeping have its turn
 *   when more than a run's worth would have come since the flush began, which its last slice writes once more
 *   when the batch itself becomes a run: what is merged must not be newer than what waits in the tail. */
static bool history_make_room(struct history *history, const struct batch *batch, bool as_run,
                              struct err *err)
{
    const struct batch *tail = history->tail, *flushed = history->flush.rows;
    bool full = tail->count + (flushed ? flushed->count : 0) >= HISTORY_TAIL_ROWS_MAX;
    bool much = flushed && (tail->count + batch->count > HISTORY_RUN_ROWS ||
                            tail->texts.length + batch->texts.length > HISTORY_TAIL_TEXT_MAX);
    if (full || as_run)
        return history_flush(history, err);
    return !much || history_flush_finish(history, err);
}

bool history_append(struct history *history, const struct batch *batch, int64_t now_us, struct err *err)
{
    bool as_run = batch->count >= HISTORY_RUN_ROWS;
    /* With each gap, too: should we be killed, the gap of the next start begins where this one ends. */
    bool alive = history_alive_is_due(history, now_us) || batch->gap_count;
    history->now_us = now_us;
    if (!history_make_room(history, batch, as_run, err) || !history_set_durable(history, true, err) ||
        !history_begin(history, err))
        return false;
    struct history_set *set = &history->sets[history->active], before = *set;
    if (!history_tags_write(history, batch) || !history_gaps_write(history, batch) ||
        !journal_write(history->journal, batch) ||
        !(as_run ? history_run_write(history, batch)
                 : history_write_rows(history, HISTORY_TAIL_MANY, HISTORY_TAIL_ONE, batch)) ||
        (alive && !history_put_alive(history, now_us))) {
        *set = before;
        history_stamp_forget(history);
        return history_fail(history, "store samples", err);
    }
    if (!history_commit(history, err)) {
        *set = before;
        history_stamp_forget(history);
        return false;
    }
    journal_note_commit(history->journal);
    if (!as_run)
        batch_add_samples(history->tail, batch);
    if (alive)
        history->alive_us = now_us;
    if (batch->tag_count)
        history->tags = 0; /* counted again when it matters */
    history->stats.samples_written += batch->count;
    return true;
}

bool history_mark_alive(struct history *history, int64_t now_us, struct err *err)
{
    history->now_us = now_us;
    if (!history_alive_is_due(history, now_us))
        return true;
    if (!history_put_alive(history, now_us))
        return history_fail(history, "write to it", err);
    history->alive_us = now_us;
    return true;
}

static uint64_t history_file_bytes(const char *path, const char *suffix)
{
    struct stat status;
    char *name = mem_format("%s%s", path, suffix);
    bool found = stat(name, &status) == 0;
    free(name);
    return found ? (uint64_t)status.st_size : 0;
}

void history_get_stats(struct history *history, struct history_stats *stats)
{
    history->stats.file_bytes = history_file_bytes(history->path, "");
    history->stats.wal_bytes = history_file_bytes(history->path, "-wal");
    history->stats.tail_rows = history->tail->count + (history->flush.rows ? history->flush.rows->count : 0);
    history->stats.fresh_rows = history->sets[0].rows + history->sets[1].rows;
    history->stats.wal_holder = history->wal_holder;
    *stats = history->stats;
}
