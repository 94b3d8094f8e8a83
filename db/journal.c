#include "db/journal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/timefmt.h"
#include "db/chain.h"
#include "db/journal_verify.h"
#include "db/sql.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum journal_statement {
    JOURNAL_APPEND,
    JOURNAL_ALARM_PUT,
    JOURNAL_ALARM_DROP,
    JOURNAL_TERMS_PUT,
    JOURNAL_TERMS_DROP,
    JOURNAL_OLDEST,
    JOURNAL_CLEAR,
    JOURNAL_SIZE,
    JOURNAL_META_PUT,
    JOURNAL_COMMAND_PUT,
    JOURNAL_STATEMENTS
};

static const char *const JOURNAL_SQL[JOURNAL_STATEMENTS] = {
    [JOURNAL_APPEND] = "INSERT INTO journal_entry (" JOURNAL_COLUMNS ", hash)"
                       " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [JOURNAL_ALARM_PUT] =
        "REPLACE INTO alarm_state (tag_id, word, type, priority, state, active, withheld, shelf_once,"
        " first_out, chattering, activations, value, limit_value, activated_us, changed_us, cleared_us,"
        " acknowledged_us, shelf_until_us, sequence, message, acknowledged_by, shelved_by, shelf_reason,"
        " detail) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [JOURNAL_ALARM_DROP] = "DELETE FROM alarm_state WHERE tag_id = ? AND word = ?",
    [JOURNAL_TERMS_PUT] = "REPLACE INTO alarm_terms (tag_id, word, terms) VALUES (?,?,?)",
    [JOURNAL_TERMS_DROP] = "DELETE FROM alarm_terms WHERE tag_id = ? AND word = ?",
    [JOURNAL_OLDEST] = "SELECT id, ts, hash FROM journal_entry ORDER BY id LIMIT ?",
    [JOURNAL_CLEAR] = "DELETE FROM journal_entry WHERE id <= ?",
    [JOURNAL_SIZE] =
        "WITH span(first, last) AS (SELECT (SELECT min(id) FROM journal_entry), (SELECT max(id) FROM"
        " journal_entry)), step(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM step WHERE n < 255)"
        " SELECT first, last, avg(ifnull(length(e.alarm), 0) + 2 * ifnull(length(e.tag), 0)"
        " + ifnull(length(e.detail), 0)) FROM span, step JOIN journal_entry e"
        " ON e.id = first + n * (last - first) / 255",
    [JOURNAL_META_PUT] = "REPLACE INTO meta (key, value) VALUES (?, ?)",
    [JOURNAL_COMMAND_PUT] = "REPLACE INTO meta (key, value) SELECT 'last_command', last FROM"
                            " (SELECT max(command) AS last FROM journal_entry WHERE command > 0)"
                            " WHERE last IS NOT NULL",
};

/* Rows that are deleted between two looks at the clock, and in a slice at most: each dirties a page of each index. */
#define JOURNAL_STEP_ROWS  32
#define JOURNAL_SLICE_ROWS 256

/* In meta: the trigger lets rows go that are older than this (µs UTC). */
#define JOURNAL_OPEN "journal_from_us"

/* What a row takes beyond its texts, its place in the indexes included: measured with 100,000 rows of 2,500 tags. */
#define JOURNAL_ROW_BYTES 165

/* Rows that one entry about retention tells of at most; they are looked through at once. */
#define JOURNAL_TARGET_ROWS 8192

/* Where the chain ends, or began before it was shortened. */
struct journal_end {
    int64_t id;
    bool hashed; /* false: from before there was a chain */
    struct chain_hash hash;
};

struct journal {
    sqlite3_stmt *statements[JOURNAL_STATEMENTS];
    struct journal_end committed, end; /* on the disk, and with what is being written */
};

/* The chain goes on from the last row; where retention has taken all of them, from what it noted (meta). */
static bool journal_find_end(struct journal *journal, sqlite3 *db)
{
    sqlite3_stmt *last = sql_prepare(db,
                                     "SELECT id, hash FROM journal_entry UNION ALL"
                                     " SELECT value, (SELECT value FROM meta WHERE key = 'journal_from_hash')"
                                     " FROM meta WHERE key = 'journal_from_id' ORDER BY 1 DESC LIMIT 1",
                                     false);
    int code = last ? sqlite3_step(last) : SQLITE_ERROR;
    if (code == SQLITE_ROW) {
        journal->end.id = sqlite3_column_int64(last, 0);
        if (sqlite3_column_bytes(last, 1) == CHAIN_HASH_BYTES)
            memcpy(journal->end.hash.bytes, sqlite3_column_blob(last, 1), CHAIN_HASH_BYTES);
    }
    sqlite3_finalize(last);
    journal->committed = journal->end;
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

struct journal *journal_new(sqlite3 *db)
{
    struct journal *journal = mem_new(1, sizeof *journal);
    for (int i = 0; i < JOURNAL_STATEMENTS; i++) {
        journal->statements[i] = sql_prepare(db, JOURNAL_SQL[i], true);
        if (journal->statements[i])
            continue;
        journal_free(journal);
        return NULL;
    }
    if (chain_library_init() && journal_find_end(journal, db))
        return journal;
    journal_free(journal);
    return NULL;
}

void journal_free(struct journal *journal)
{
    if (!journal)
        return;
    for (int i = 0; i < JOURNAL_STATEMENTS; i++)
        sqlite3_finalize(journal->statements[i]);
    free(journal);
}

/* ---- one row: the columns in their order ---- */

struct journal_row {
    sqlite3_stmt *statement;
    int column;
    struct chain_row *chain; /* hashes the columns, too; NULL: it does not */
};

static void journal_bind_int(struct journal_row *row, int64_t value)
{
    sqlite3_bind_int64(row->statement, ++row->column, value);
    if (row->chain)
        chain_add_integer(row->chain, value);
}

static void journal_bind_null(struct journal_row *row)
{
    sqlite3_bind_null(row->statement, ++row->column);
    if (row->chain)
        chain_add_null(row->chain);
}

/* A text lives until the statement has run; NULL and "" become NULL. */
static void journal_bind_text(struct journal_row *row, const char *text)
{
    if (!text || !*text) {
        journal_bind_null(row);
        return;
    }
    sqlite3_bind_text(row->statement, ++row->column, text, -1, SQLITE_STATIC);
    if (row->chain)
        chain_add_text(row->chain, text, strlen(text));
}

static void journal_bind_number(struct journal_row *row, double value)
{
    if (isnan(value)) {
        journal_bind_null(row);
        return;
    }
    value += 0.0; /* SQLite stores -0.0 as 0 */
    sqlite3_bind_double(row->statement, ++row->column, value);
    if (row->chain)
        chain_add_real(row->chain, value);
}

static void journal_bind_value(struct journal_row *row, const struct command_value *value)
{
    if (value->type == VALUE_TEXT)
        journal_bind_text(row, value->text);
    else
        journal_bind_number(row, value->type == VALUE_NUMBER ? value->number : NAN);
}

static void journal_bind_ms(struct journal_row *row, int64_t ms)
{
    if (ms < 0)
        journal_bind_null(row);
    else
        journal_bind_int(row, ms);
}

/* The columns that came after the chain: it passes over them where none has a value, so that rows from before stay as they
 * were hashed. */
static void journal_bind_later(struct journal_row *row, const struct command_record *command)
{
    struct chain_row *chain = row->chain;
    if (command->ms_recorded < 0 && command->ms_sent < 0)
        row->chain = NULL;
    journal_bind_ms(row, command->ms_recorded);
    journal_bind_ms(row, command->ms_sent);
    row->chain = chain;
}

/* The columns that only commands have. */
static void journal_bind_command(struct journal_row *row, const struct command_record *command)
{
    static const struct command_record NONE = {
        .ms_recorded = -1, .ms_sent = -1, .ms_broker = -1, .ms_readback = -1};
    if (command)
        journal_bind_int(row, (int64_t)command->id);
    else
        journal_bind_null(row);
    command = command ? command : &NONE;
    journal_bind_value(row, &command->old);
    journal_bind_value(row, &command->new);
    journal_bind_value(row, &command->readback);
    journal_bind_ms(row, command->ms_broker);
    journal_bind_ms(row, command->ms_readback);
    journal_bind_later(row, command);
}

static bool journal_append(struct journal *journal, const struct alarm_event *event)
{
    struct chain_row chain;
    struct journal_row row = {.statement = journal->statements[JOURNAL_APPEND], .chain = &chain};
    bool known = event->has_alarm;
    chain_begin(&chain, &journal->end.hash);
    journal_bind_int(&row, journal->end.id + 1);
    journal_bind_int(&row, event->ts_us);
    journal_bind_text(&row, journal_kind_word(event->kind));
    journal_bind_text(&row, event->tag);
    journal_bind_text(&row, event->alarm);
    journal_bind_text(&row, event->event);
    journal_bind_text(&row, known ? alarm_type_word(event->type) : NULL);
    journal_bind_text(&row, known ? ALARM_PRIORITY_WORDS[event->priority] : NULL);
    journal_bind_number(&row, event->value);
    journal_bind_number(&row, event->limit);
    journal_bind_text(&row, known ? alarm_state_word(event->before) : NULL);
    journal_bind_text(&row, known ? alarm_state_word(event->after) : NULL);
    journal_bind_text(&row, event->operator);
    journal_bind_text(&row, event->station);
    journal_bind_text(&row, event->detail);
    journal_bind_command(&row, event->command);
    journal->end.hash = chain_end(&chain);
    journal->end.id++;
    sqlite3_bind_blob(row.statement, ++row.column, journal->end.hash.bytes, CHAIN_HASH_BYTES,
                      SQLITE_TRANSIENT);
    return sql_run(row.statement);
}

static bool journal_drop_alarm(struct journal *journal, const struct batch *batch,
                               const struct batch_alarm *alarm)
{
    struct journal_row row = {.statement = journal->statements[JOURNAL_ALARM_DROP]};
    journal_bind_int(&row, alarm->tag_id);
    journal_bind_text(&row, batch_word(batch, alarm->word));
    return sql_run(row.statement);
}

static bool journal_put_alarm(struct journal *journal, const struct batch *batch,
                              const struct batch_alarm *alarm)
{
    struct journal_row row = {.statement = journal->statements[JOURNAL_ALARM_PUT]};
    const struct alarm_status *status = &alarm->status;
    journal_bind_int(&row, alarm->tag_id);
    journal_bind_text(&row, batch_word(batch, alarm->word));
    journal_bind_text(&row, alarm_type_word(alarm->type));
    journal_bind_text(&row, ALARM_PRIORITY_WORDS[status->priority]);
    journal_bind_text(&row, alarm_state_word(status->state));
    journal_bind_int(&row, status->active);
    journal_bind_int(&row, status->withheld);
    journal_bind_int(&row, status->shelf_once);
    journal_bind_int(&row, status->first_out);
    journal_bind_int(&row, status->chattering);
    journal_bind_int(&row, status->activations);
    journal_bind_number(&row, status->value);
    journal_bind_number(&row, status->limit);
    journal_bind_int(&row, status->activated_us);
    journal_bind_int(&row, status->changed_us);
    journal_bind_int(&row, status->cleared_us);
    journal_bind_int(&row, status->acknowledged_us);
    journal_bind_int(&row, status->shelf_until_us);
    journal_bind_int(&row, (int64_t)status->sequence);
    journal_bind_text(&row, batch_word(batch, alarm->message));
    journal_bind_text(&row, alarm->texts.acknowledged_by);
    journal_bind_text(&row, alarm->texts.shelved_by);
    journal_bind_text(&row, alarm->texts.shelf_reason);
    journal_bind_text(&row, alarm->texts.detail);
    return sql_run(row.statement);
}

/* "" stays "" here. */
static bool journal_write_terms(struct journal *journal, const struct batch *batch,
                                const struct batch_terms *row)
{
    sqlite3_stmt *statement = journal->statements[row->terms ? JOURNAL_TERMS_PUT : JOURNAL_TERMS_DROP];
    sqlite3_bind_int64(statement, 1, row->tag_id);
    sqlite3_bind_text(statement, 2, batch_word(batch, row->word), -1, SQLITE_STATIC);
    if (row->terms)
        sqlite3_bind_text(statement, 3, batch_word(batch, row->terms), -1, SQLITE_STATIC);
    return sql_run(statement);
}

bool journal_write(struct journal *journal, const struct batch *batch)
{
    journal->end = journal->committed;
    for (size_t i = 0; i < batch->event_count; i++) {
        const struct alarm_event event = batch_event(batch, i);
        if (!journal_append(journal, &event))
            return false;
    }
    for (size_t i = 0; i < batch->alarm_count; i++) {
        const struct batch_alarm *alarm = &batch->alarms[i];
        bool normal = alarm->gone || (alarm->status.state == ALARM_NORMAL && !alarm->status.withheld);
        if (!(normal ? journal_drop_alarm : journal_put_alarm)(journal, batch, alarm))
            return false;
    }
    for (size_t i = 0; i < batch->terms_count; i++)
        if (!journal_write_terms(journal, batch, &batch->terms[i]))
            return false;
    return true;
}

/* ---- retention ---- */

/* The last of the oldest rows that go, of so many that it is soon found; 0: none does. */
static bool journal_find_target(struct journal *journal, struct journal_shortening *shortening)
{
    sqlite3_stmt *oldest = journal->statements[JOURNAL_OLDEST];
    sqlite3_bind_int(oldest, 1, JOURNAL_TARGET_ROWS);
    shortening->target_id = 0;
    while (sqlite3_step(oldest) == SQLITE_ROW && (sqlite3_column_int64(oldest, 0) <= shortening->last_id ||
                                                  sqlite3_column_int64(oldest, 1) < shortening->older_us))
        shortening->target_id = sqlite3_column_int64(oldest, 0);
    return sqlite3_reset(oldest) == SQLITE_OK;
}

static bool journal_put_meta(struct journal *journal, const char *key, int64_t value)
{
    sqlite3_stmt *put = journal->statements[JOURNAL_META_PUT];
    sqlite3_bind_text(put, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 2, value);
    return sql_run(put);
}

/* Deletes some of the oldest rows, the target the last; *last: the last one that went. */
static bool journal_clear_some(struct journal *journal, struct journal_shortening *shortening,
                               struct journal_end *last)
{
    sqlite3_stmt *oldest = journal->statements[JOURNAL_OLDEST], *clear = journal->statements[JOURNAL_CLEAR];
    int64_t newest_us = INT64_MIN;
    sqlite3_bind_int(oldest, 1, JOURNAL_STEP_ROWS);
    while (sqlite3_step(oldest) == SQLITE_ROW && sqlite3_column_int64(oldest, 0) <= shortening->target_id) {
        last->id = sqlite3_column_int64(oldest, 0);
        if (sqlite3_column_int64(oldest, 1) > newest_us)
            newest_us = sqlite3_column_int64(oldest, 1);
        last->hashed = sqlite3_column_bytes(oldest, 2) == CHAIN_HASH_BYTES;
        if (last->hashed)
            memcpy(last->hash.bytes, sqlite3_column_blob(oldest, 2), CHAIN_HASH_BYTES);
    }
    sqlite3_bind_int64(clear, 1, last->id);
    if (sqlite3_reset(oldest) != SQLITE_OK || !journal_put_meta(journal, JOURNAL_OPEN, newest_us + 1) ||
        !sql_run(clear))
        return false;
    shortening->deleted += (uint64_t)sqlite3_changes(sqlite3_db_handle(clear));
    return true;
}

/* Where the chain begins from now on: behind that row. And the trigger lets nobody delete any more. */
static bool journal_put_beginning(struct journal *journal, const struct journal_end *last)
{
    sqlite3_stmt *put = journal->statements[JOURNAL_META_PUT];
    if (!journal_put_meta(journal, JOURNAL_OPEN, 0) ||
        !journal_put_meta(journal, "journal_from_id", last->id))
        return false;
    sqlite3_bind_text(put, 1, "journal_from_hash", -1, SQLITE_STATIC);
    if (last->hashed)
        sqlite3_bind_blob(put, 2, last->hash.bytes, CHAIN_HASH_BYTES, SQLITE_STATIC);
    else
        sqlite3_bind_null(put, 2);
    return sql_run(put);
}

static bool journal_note_shortened(struct journal *journal, const struct journal_shortening *shortening,
                                   int64_t now_us)
{
    char before[TIMEFMT_MAX], detail[128];
    int64_t target_id = shortening->target_id;
    timefmt_utc(before, sizeof before, shortening->older_us);
    if (target_id <= shortening->last_id)
        snprintf(detail, sizeof detail,
                 "rows up to %" PRId64 " are not kept any longer: the file is as large as keep_mb allows",
                 target_id);
    else
        snprintf(detail, sizeof detail, "rows up to %" PRId64 ", from before %s, are not kept any longer",
                 target_id, before);
    return journal_append(journal, &(struct alarm_event){.ts_us = now_us,
                                                         .kind = JOURNAL_CONFIG,
                                                         .event = JOURNAL_SHORTENED,
                                                         .value = (double)target_id,
                                                         .limit = NAN,
                                                         .detail = detail});
}

/* The first slice: what will go. */
static bool journal_announce(struct journal *journal, struct journal_shortening *shortening, int64_t now_us)
{
    return journal_find_target(journal, shortening) &&
           (!shortening->target_id || journal_note_shortened(journal, shortening, now_us));
}

bool journal_shorten(struct journal *journal, struct journal_shortening *shortening, int64_t now_us,
                     int64_t until_us, bool *more)
{
    struct journal_end last = {0};
    journal->end = journal->committed;
    if (!shortening->target_id) {
        bool good = journal_announce(journal, shortening, now_us);
        *more = good && shortening->target_id;
        return good;
    }
    bool good = sql_run(journal->statements[JOURNAL_COMMAND_PUT]); /* numbers of commands go on behind it */
    for (int rows = 0; good && last.id < shortening->target_id && rows < JOURNAL_SLICE_ROWS;
         rows += JOURNAL_STEP_ROWS) {
        if (rows && clock_mono_us() >= until_us)
            break;
        good = journal_clear_some(journal, shortening, &last);
    }
    if (last.id == shortening->target_id)
        shortening->target_id = 0; /* there may be others */
    *more = good;
    return good && journal_put_beginning(journal, &last);
}

bool journal_measure(struct journal *journal, struct journal_size *size)
{
    sqlite3_stmt *row = journal->statements[JOURNAL_SIZE];
    *size = (struct journal_size){.row_bytes = JOURNAL_ROW_BYTES};
    if (sqlite3_step(row) == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL) {
        size->first_id = sqlite3_column_int64(row, 0);
        size->last_id = sqlite3_column_int64(row, 1);
        size->row_bytes += sqlite3_column_double(row, 2);
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

bool journal_begins_at(struct journal *journal, int64_t *ts_us)
{
    sqlite3_stmt *oldest = journal->statements[JOURNAL_OLDEST];
    sqlite3_bind_int(oldest, 1, 1);
    *ts_us = sqlite3_step(oldest) == SQLITE_ROW ? sqlite3_column_int64(oldest, 1) : INT64_MAX;
    return sqlite3_reset(oldest) == SQLITE_OK;
}

void journal_note_commit(struct journal *journal)
{
    journal->committed = journal->end;
}

struct chain_hash journal_head(const struct journal *journal, int64_t *id)
{
    *id = journal->committed.id;
    return journal->committed.hash;
}
