#include "db/journal.h"

#include "base/mem.h"
#include "db/sql.h"

#include <math.h>
#include <stdlib.h>

enum journal_statement { JOURNAL_APPEND, JOURNAL_ALARM_PUT, JOURNAL_ALARM_DROP, JOURNAL_STATEMENTS };

static const char *const JOURNAL_SQL[JOURNAL_STATEMENTS] = {
    [JOURNAL_APPEND] =
        "INSERT INTO journal_entry (ts, kind, tag, alarm, event, type, priority, value, limit_value,"
        " state_before, state_after, operator, station, detail) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [JOURNAL_ALARM_PUT] =
        "REPLACE INTO alarm_state (tag_id, word, type, priority, state, active, withheld, shelf_once,"
        " first_out, chattering, activations, value, limit_value, activated_us, changed_us, cleared_us,"
        " acknowledged_us, shelf_until_us, sequence, message, acknowledged_by, shelved_by, shelf_reason,"
        " detail) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [JOURNAL_ALARM_DROP] = "DELETE FROM alarm_state WHERE tag_id = ? AND word = ?",
};

struct journal {
    sqlite3_stmt *statements[JOURNAL_STATEMENTS];
};

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
    return journal;
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
};

static void journal_bind_int(struct journal_row *row, int64_t value)
{
    sqlite3_bind_int64(row->statement, ++row->column, value);
}

/* A text lives until the statement has run; NULL and "" become NULL. */
static void journal_bind_text(struct journal_row *row, const char *text)
{
    sqlite3_bind_text(row->statement, ++row->column, text && *text ? text : NULL, -1, SQLITE_STATIC);
}

static void journal_bind_number(struct journal_row *row, double value)
{
    if (isnan(value))
        sqlite3_bind_null(row->statement, ++row->column);
    else
        sqlite3_bind_double(row->statement, ++row->column, value);
}

static bool journal_append(struct journal *journal, const struct alarm_event *event)
{
    struct journal_row row = {.statement = journal->statements[JOURNAL_APPEND]};
    bool known = event->has_alarm;
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

bool journal_write(struct journal *journal, const struct batch *batch)
{
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
    return true;
}
