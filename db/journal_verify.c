#include "db/journal_verify.h"

#include "db/sql.h"
#include "plant/alarm_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Places of JOURNAL_COLUMNS. */
enum { JOURNAL_COLUMN_KIND = 2, JOURNAL_COLUMN_EVENT = 5, JOURNAL_COLUMN_VALUE = 8 };

/* What the chain goes on from, with each row. */
struct journal_walk {
    struct journal_verdict *verdict;
    struct chain_hash previous;
    int64_t previous_id;
    int64_t from_id; /* the last row that retention took, by meta; 0: none */
    int64_t told_id; /* the last row that it takes, by the journal itself */
    bool begun;      /* a row with a hash has come */
};

static bool journal_read_hash(sqlite3_stmt *row, int column, struct chain_hash *hash)
{
    if (sqlite3_column_type(row, column) != SQLITE_BLOB ||
        sqlite3_column_bytes(row, column) != CHAIN_HASH_BYTES)
        return false;
    memcpy(hash->bytes, sqlite3_column_blob(row, column), CHAIN_HASH_BYTES);
    return true;
}

/* The columns of this row that are hashed, of the first `columns`. */
static int journal_count_hashed(sqlite3_stmt *row, int columns)
{
    for (int i = columns - JOURNAL_LATER_COLUMNS; i < columns; i++)
        if (sqlite3_column_type(row, i) != SQLITE_NULL)
            return columns;
    return columns - JOURNAL_LATER_COLUMNS;
}

static struct chain_hash journal_hash_row(sqlite3_stmt *row, int columns, const struct chain_hash *previous)
{
    struct chain_row chain;
    columns = journal_count_hashed(row, columns);
    chain_begin(&chain, previous);
    for (int i = 0; i < columns; i++) {
        switch (sqlite3_column_type(row, i)) {
        case SQLITE_INTEGER:
            chain_add_integer(&chain, sqlite3_column_int64(row, i));
            break;
        case SQLITE_FLOAT:
            chain_add_real(&chain, sqlite3_column_double(row, i));
            break;
        case SQLITE_NULL:
            chain_add_null(&chain);
            break;
        default:
            chain_add_text(&chain, sqlite3_column_blob(row, i), (size_t)sqlite3_column_bytes(row, i));
        }
    }
    return chain_end(&chain);
}

static void journal_break(struct journal_verdict *verdict, int64_t id, const char *text)
{
    if (verdict->broken_id)
        return;
    verdict->broken_id = id;
    snprintf(verdict->text, sizeof verdict->text, "%s", text);
}

static bool journal_is_text(sqlite3_stmt *row, int column, const char *text)
{
    const char *found = sql_column_text(row, column);
    return found && !strcmp(found, text);
}

static void journal_walk_row(struct journal_walk *walk, sqlite3_stmt *row)
{
    struct journal_verdict *verdict = walk->verdict;
    int columns = sqlite3_column_count(row) - 1;
    int64_t id = sqlite3_column_int64(row, 0);
    struct chain_hash stored;
    bool hashed = journal_read_hash(row, columns, &stored);
    if (id != walk->previous_id + 1) {
        char text[JOURNAL_VERDICT_MAX];
        snprintf(text, sizeof text, "rows %" PRId64 " to %" PRId64 " are missing before it",
                 walk->previous_id + 1, id - 1);
        journal_break(verdict, id, text);
    }
    walk->previous_id = id;
    if (!hashed && !walk->begun) {
        verdict->unhashed++;
        return;
    }
    struct chain_hash computed = journal_hash_row(row, columns, &walk->previous);
    if (!hashed || !chain_is_equal(&stored, &computed))
        journal_break(verdict, id, "it was changed, put in, or follows a row that was taken out");
    if (journal_is_text(row, JOURNAL_COLUMN_EVENT, JOURNAL_SHORTENED) &&
        journal_is_text(row, JOURNAL_COLUMN_KIND, journal_kind_word(JOURNAL_CONFIG)))
        walk->told_id = (int64_t)sqlite3_column_double(row, JOURNAL_COLUMN_VALUE);
    walk->begun = true;
    walk->previous = verdict->head = hashed ? stored : computed;
    verdict->head_id = id;
    verdict->rows++;
}

/* Where retention left off. */
static bool journal_find_beginning(sqlite3 *db, struct journal_walk *walk)
{
    sqlite3_stmt *from = sql_prepare(db,
                                     "SELECT value, (SELECT value FROM meta WHERE key = 'journal_from_hash')"
                                     " FROM meta WHERE key = 'journal_from_id'",
                                     false);
    int code = from ? sqlite3_step(from) : SQLITE_ERROR;
    if (code == SQLITE_ROW) {
        walk->from_id = walk->previous_id = walk->verdict->head_id = sqlite3_column_int64(from, 0);
        walk->begun = journal_read_hash(from, 1, &walk->previous);
        walk->verdict->head = walk->previous;
    }
    sqlite3_finalize(from);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool journal_walk_rows(sqlite3 *db, struct journal_walk *walk)
{
    sqlite3_stmt *row =
        sql_prepare(db, "SELECT " JOURNAL_COLUMNS ", hash FROM journal_entry ORDER BY id", false);
    int code = row ? SQLITE_ROW : SQLITE_ERROR;
    while (row && (code = sqlite3_step(row)) == SQLITE_ROW)
        journal_walk_row(walk, row);
    sqlite3_finalize(row);
    return code == SQLITE_DONE;
}

/* After the last row. */
static void journal_check_beginning(const struct journal_walk *walk)
{
    char text[JOURNAL_VERDICT_MAX];
    if (walk->from_id <= walk->told_id) /* less: it has not come so far yet, or was killed on the way */
        return;
    snprintf(text, sizeof text,
             "the journal begins behind row %" PRId64
             ", but by its own entries retention takes those up to %" PRId64,
             walk->from_id, walk->told_id);
    journal_break(walk->verdict, walk->from_id + 1, text);
}

bool journal_verify(sqlite3 *db, struct journal_verdict *verdict)
{
    *verdict = (struct journal_verdict){0};
    struct journal_walk walk = {.verdict = verdict};
    /* One transaction: the recorder may shorten the journal meanwhile. */
    if (sql_exec(db, "BEGIN") != SQLITE_OK)
        return false;
    bool good = journal_find_beginning(db, &walk) && journal_walk_rows(db, &walk);
    if (good)
        journal_check_beginning(&walk);
    return sql_exec(db, good ? "COMMIT" : "ROLLBACK") == SQLITE_OK && good;
}
