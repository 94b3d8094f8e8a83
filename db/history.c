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

/* OR FAIL: SQLite keeps no journal of its own for each statement, which would cost a third more. What a
 * failed statement leaves behind goes with the transaction, which is then always rolled back.
 *
 * The statements: head, one row's values repeated, foot. In those of a set '@' stands
 * for its letter, a or b.
 */
struct history_sql {
    const char *head, *row, *foot;
    int rows;
};

#define TAIL_HEAD    "INSERT OR FAIL INTO tail (tag_id, ts, value, quality) VALUES "
#define RUN_HEAD     "INSERT OR FAIL INTO fresh_@ (run, tag_id, ts, value, quality) VALUES "
#define ARCHIVE_HEAD "INSERT OR FAIL INTO archive (tag_id, ts, value, quality) VALUES "
#define LATEST_HEAD  "INSERT OR FAIL INTO latest_flushed (tag_id, ts, value, quality) VALUES "
/* Of one tag's rows before a moment: the one behind so many others, and those before another moment. */
#define NTH(table)   "SELECT ts FROM " table " WHERE tag_id = ?1 AND ts < ?2 ORDER BY ts LIMIT 1 OFFSET ?3"
#define CLEAR(table) "DELETE FROM " table " WHERE tag_id = ?1 AND ts < ?2"

#define LATEST_FOOT                                                                                          \
    " ON CONFLICT (tag_id) DO UPDATE SET ts = excluded.ts, value = excluded.value,"                          \
    " quality = excluded.quality WHERE excluded.ts >= ts"

static const struct history_sql HISTORY_SQL[HISTORY_STATEMENTS] = {
    [HISTORY_BEGIN] = {.head = "BEGIN IMMEDIATE"},
    [HISTORY_COMMIT] = {.head = "COMMIT"},
    [HISTORY_ROLLBACK] = {.head = "ROLLBACK"},
    [HISTORY_META_PUT] = {.head = "INSERT INTO meta (key, value) VALUES (?1, ?2)"
                                  " ON CONFLICT (key) DO UPDATE SET value = excluded.value"},
    [HISTORY_TAIL_MANY] = {.head = TAIL_HEAD, .row = "(?,?,?,?)", .rows = HISTORY_INSERT_ROWS},
    [HISTORY_TAIL_ONE] = {.head = TAIL_HEAD, .row = "(?,?,?,?)", .rows = 1},
    [HISTORY_TAIL_CLEAR] = {.head = "DELETE FROM tail"},
    [HISTORY_ARCHIVE_MANY] = {.head = ARCHIVE_HEAD, .row = "(?,?,?,?)", .rows = HISTORY_INSERT_ROWS},
    [HISTORY_ARCHIVE_ONE] = {.head = ARCHIVE_HEAD, .row = "(?,?,?,?)", .rows = 1},
    [HISTORY_ARCHIVE_AT] = {.head = "SELECT value, quality FROM archive WHERE tag_id = ?1 AND ts = ?2"},
    [HISTORY_ARCHIVE_DROP] = {.head = "DELETE FROM archive WHERE tag_id = ?1 AND ts = ?2"},
    [HISTORY_ARCHIVE_BEFORE] = {.head = "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts < ?2"
                                        " ORDER BY ts DESC LIMIT 1"},
    [HISTORY_ARCHIVE_AFTER] = {.head = "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts > ?2"
                                       " ORDER BY ts LIMIT 1"},
    [HISTORY_RULE] =
        {.head = "SELECT record, deviation, min_time_us, max_time_us, kind = 'analog' AND NOT stepped"
                 " FROM tag WHERE id = ?1"},
    [HISTORY_DOOR] = {.head = "SELECT record, last_us, start_us, start, slope_min, slope_max, held_us, held,"
                              " waiting_us, waiting FROM door WHERE tag_id = ?1"},
    [HISTORY_DOOR_PUT] = {.head = "INSERT OR REPLACE INTO door (tag_id, record, last_us, start_us, start,"
                                  " slope_min, slope_max, held_us, held, waiting_us, waiting)"
                                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"},
    [HISTORY_ARCHIVE_LAST] = {.head = "SELECT max(ts) FROM archive WHERE tag_id = ?1"},
    [HISTORY_KEEP_SAMPLES] = {.head = "SELECT max(ts) FROM archive WHERE tag_id = ?1 AND ts <= ?2"},
    [HISTORY_KEEP_MINUTES] = {.head = "SELECT ts FROM hour_open WHERE tag_id = ?1 AND ts <= ?2"},
    [HISTORY_NTH_SAMPLE] = {.head = NTH("archive")},
    [HISTORY_NTH_MINUTE] = {.head = NTH("minute")},
    [HISTORY_NTH_HOUR] = {.head = NTH("hour")},
    [HISTORY_CLEAR_SAMPLES] = {.head = CLEAR("archive")},
    [HISTORY_CLEAR_MINUTES] = {.head = CLEAR("minute")},
    [HISTORY_CLEAR_HOURS] = {.head = CLEAR("hour")},
    [HISTORY_CLEAR_GAPS] = {.head = "DELETE FROM unrecorded WHERE ts_end < ?1 AND rolled = 1"},
    [HISTORY_STORE_FLIP] = {.head = "UPDATE store SET active = ?1"},
    [HISTORY_STAMP_SOURCE] = {.head = "SELECT ts FROM latest_flushed WHERE tag_id = ?1"},
    /* The tag's newest sample that is sorted or merged, unless it is older than a stamp. Few runs reach so far. */
    [HISTORY_STAMP_STORED] =
        {.head = "SELECT ts, value, quality FROM (SELECT ts, value, quality FROM archive"
                 " WHERE tag_id = ?1 AND ts >= ?2 UNION ALL"
                 " SELECT s.ts, s.value, s.quality FROM run_a r CROSS JOIN fresh_a s ON s.run = r.id"
                 " WHERE r.t_max >= ?2 AND s.tag_id = ?1 AND s.ts >= ?2 UNION ALL"
                 " SELECT s.ts, s.value, s.quality FROM run_b r CROSS JOIN fresh_b s ON s.run = r.id"
                 " WHERE r.t_max >= ?2 AND s.tag_id = ?1 AND s.ts >= ?2) ORDER BY ts DESC LIMIT 1"},
    [HISTORY_STAMP_LATEST] = {.head =
                                  "SELECT value, quality FROM latest_flushed WHERE tag_id = ?1 AND ts = ?2"},
    [HISTORY_LATEST_MANY] = {.head = LATEST_HEAD,
                             .row = "(?,?,?,?)",
                             .rows = HISTORY_INSERT_ROWS,
                             .foot = LATEST_FOOT},
    [HISTORY_LATEST_ONE] = {.head = LATEST_HEAD, .row = "(?,?,?,?)", .rows = 1, .foot = LATEST_FOOT},
    /* A gap that was noted while it grew, and whose reason is now known further. */
    [HISTORY_GAP_NAME] = {.head = "UPDATE OR REPLACE unrecorded SET reason = ?2 WHERE ts_start = ?1"
                                  " AND reason <> ?2 AND substr(?2, 1, length(reason)) = reason"},
    [HISTORY_GAP] = {.head =
                         "INSERT INTO unrecorded (ts_start, ts_end, reason) VALUES (?1, ?2, ?3)"
                         " ON CONFLICT (ts_start, reason) DO UPDATE SET ts_end = excluded.ts_end, rolled = 0"
                         " WHERE excluded.ts_end > ts_end"},
    [HISTORY_GAP_CUT] =
        {.head = "UPDATE unrecorded SET ts_end = ?1, rolled = 0 WHERE ts_start < ?1 AND ts_end > ?1"},
    [HISTORY_GAP_DROP] = {.head = "DELETE FROM unrecorded WHERE ts_start >= ?1 AND reason = '" BATCH_GAP_CLOCK
                                  "'"},
    [HISTORY_GAP_WAITING] = {.head =
                                 "SELECT ts_start, ts_end, reason FROM unrecorded WHERE rolled = 0 LIMIT 1"},
    [HISTORY_GAP_ROLLED] = {.head = "UPDATE unrecorded SET rolled = 1"
                                    " WHERE ts_start = ?1 AND ts_end = ?2 AND reason = ?3"},
    [HISTORY_TAG_NEXT] = {.head = "SELECT id FROM tag WHERE id > ?1 ORDER BY id LIMIT 1"},
    [HISTORY_TAG_PARK] = {.head = "UPDATE tag SET name = char(1) || id WHERE name = ?2 AND id <> ?1"},
    [HISTORY_TAG_PUT] =
        {.head =
             "INSERT INTO tag (id, name, topic, path, area, kind, unit, description, low, high,"
             " record, deviation, min_time_us, max_time_us, stepped)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
             " ON CONFLICT (id) DO UPDATE SET name = excluded.name, topic = excluded.topic,"
             " path = excluded.path, area = excluded.area, kind = excluded.kind, unit = excluded.unit,"
             " description = excluded.description, low = excluded.low, high = excluded.high,"
             " record = excluded.record, deviation = excluded.deviation,"
             " min_time_us = excluded.min_time_us, max_time_us = excluded.max_time_us,"
             " stepped = excluded.stepped"
             " WHERE (name, topic, path, area, kind, unit, description, low, high,"
             " record, deviation, min_time_us, max_time_us, stepped) IS NOT"
             " (excluded.name, excluded.topic, excluded.path, excluded.area, excluded.kind, excluded.unit,"
             " excluded.description, excluded.low, excluded.high,"
             " excluded.record, excluded.deviation, excluded.min_time_us, excluded.max_time_us, excluded.stepped)"},
    [HISTORY_TAG_PARKED] = {.head = "SELECT id, topic, path FROM tag"
                                    " WHERE name >= char(1) AND name < char(2) AND name = char(1) || id"},
    [HISTORY_TAG_NAME] = {.head = "UPDATE tag SET name = ?2 WHERE id = ?1 AND NOT EXISTS"
                                  " (SELECT 1 FROM tag WHERE name = ?2)"},
    [HISTORY_STATES_CLEAR] = {.head = "DELETE FROM tag_state WHERE tag_id = ?1"},
    [HISTORY_STATE_PUT] = {.head =
                               "INSERT OR REPLACE INTO tag_state (tag_id, value, text) VALUES (?1, ?2, ?3)"},
};

static const struct history_sql HISTORY_SET_SQL[HISTORY_SET_STATEMENTS] = {
    [HISTORY_RUN_NEW] = {.head = "INSERT INTO run_@ (id, t_min, t_max, rows, filled_us)"
                                 " VALUES (?1, ?2, ?3, ?4, ?5)"},
    [HISTORY_RUN_MANY] = {.head = RUN_HEAD, .row = "(?1,?,?,?,?)", .rows = HISTORY_INSERT_ROWS},
    [HISTORY_RUN_ONE] = {.head = RUN_HEAD, .row = "(?1,?,?,?,?)", .rows = 1},
    [HISTORY_RUN_AT] = {.head =
                            "SELECT value, quality FROM fresh_@ WHERE run = ?1 AND tag_id = ?2 AND ts = ?3"},
    [HISTORY_RUN_CLEAR] = {.head = "DELETE FROM run_@"},
    [HISTORY_MARK] = {.head = "UPDATE store SET mark_@ = ?1, mark_@_ts = ?2"},
    [HISTORY_FRESH_NTH] =
        {.head = "SELECT run, tag_id, ts FROM fresh_@ ORDER BY run, tag_id, ts LIMIT 1 OFFSET ?1"},
    [HISTORY_FRESH_EMPTY] = {.head = "DELETE FROM fresh_@"},
    [HISTORY_FRESH_CLEAR] = {.head = "DELETE FROM fresh_@ WHERE run = ?1"},
    [HISTORY_FRESH_CLEAR_TO] = {.head = "DELETE FROM fresh_@ WHERE (run, tag_id, ts) < (?1, ?2, ?3)"},
};

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

static sqlite3_stmt *history_prepare_one(struct history *history, const struct history_sql *sql, char set)
{
    struct buf text;
    buf_init(&text, 0);
    buf_append_text(&text, sql->head);
    for (int row = 0; row < sql->rows; row++)
        buf_printf(&text, "%s%s", row ? "," : "", sql->row);
    buf_append_text(&text, sql->foot ? sql->foot : "");
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '@')
            text.data[i] = (uint8_t)set;
    sqlite3_stmt *statement = sql_prepare(history->db, buf_text(&text), true);
    buf_free(&text);
    return statement;
}

static bool history_prepare(struct history *history, struct err *err)
{
    bool done = true;
    for (int i = 0; done && i < HISTORY_STATEMENTS; i++)
        done = (history->statements[i] = history_prepare_one(history, &HISTORY_SQL[i], 0)) != NULL;
    for (int set = 0; set < 2; set++)
        for (int i = 0; done && i < HISTORY_SET_STATEMENTS; i++)
            done = (history->sets[set].statements[i] =
                        history_prepare_one(history, &HISTORY_SET_SQL[i], set ? 'b' : 'a')) != NULL;
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

static enum tag_kind history_kind_of_word(const char *word)
{
    for (int i = 0; word && TAG_KIND_WORDS[i]; i++)
        if (!strcmp(word, TAG_KIND_WORDS[i]))
            return (enum tag_kind)i;
    return TAG_ANALOG;
}

static enum tag_record history_record_of_word(const char *word)
{
    for (int i = 0; word && TAG_RECORD_WORDS[i]; i++)
        if (!strcmp(word, TAG_RECORD_WORDS[i]))
            return (enum tag_record)i;
    return RECORD_ALL;
}

bool history_each_tag(struct history *history, history_tag_function *function, void *context, struct err *err)
{
    sqlite3_stmt *rows = sql_prepare(history->db,
                                     "SELECT t.id, t.name, t.topic, t.path, t.kind, l.ts, l.quality, l.value,"
                                     " t.record, t.deviation"
                                     " FROM tag t LEFT JOIN latest_stored l ON l.tag_id = t.id ORDER BY t.id",
                                     false);
    if (!rows)
        return sql_fail(history->db, -1, "read its tags", err);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        struct history_tag tag = {
            .id = (uint32_t)sqlite3_column_int64(rows, 0),
            .name = sql_column_text(rows, 1),
            .topic = sql_column_text(rows, 2),
            .path = sql_column_text(rows, 3),
            .kind = history_kind_of_word(sql_column_text(rows, 4)),
            .record = history_record_of_word(sql_column_text(rows, 8)),
            .deviation = sqlite3_column_double(rows, 9),
            .has_value = sqlite3_column_type(rows, 5) != SQLITE_NULL,
            .ts_us = sqlite3_column_int64(rows, 5),
            .quality = (uint32_t)sqlite3_column_int64(rows, 6),
        };
        sql_column_value(rows, 7, &tag.value);
        function(context, &tag);
    }
    return sqlite3_finalize(rows) == SQLITE_OK || sql_fail(history->db, -1, "read its tags", err);
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
