/* Deleting what is older than it is to be kept, and giving room back.
 *
 * By age: every six hours a round goes through the tags and deletes samples, minutes and hours that are older
 * than their bound, some hundred rows of one tag at a time in the order of its key, in slices like all
 * housekeeping. A round needs no memory of its own in the file: after a restart the next one finds nothing to
 * do for the tags that are done. Of each tag
 *
 *   samples  stay from the last one on that is not newer than the bound: its value holds at the beginning of
 *            what is kept. So the tag's newest sample stays in any case, on which merging builds
 *   minutes  stay from the tag's last hour on, which is still folded from them, and by whole hours
 *   hours    but the last one, which lies in hour_open
 *
 * and at last the journal's oldest entries, from the beginning on, so that its chain stays whole (journal_shorten()).
 * That leaves an entry behind; so it waits for a day's worth of them.
 *
 * A clock that has run ahead must not delete a history: when it is more than a day after the last round, or after
 * the last proof of life at the start, that round is left out. What is old by the same clock six hours later goes.
 *
 * By size: the pages in use are counted several times a minute. When they come near the bound, the oldest
 * samples go, as great a share of their time as room is missing but no more than a day of it, and again until
 * there is enough; then the oldest minutes; at last the oldest entries of the journal, as many as room is missing. So a
 * clock that has run ahead by years, which makes that time look long, costs no more than there was to delete. A journal
 * that takes more than half of the bound is filled by a fault, such as an alarm that comes and goes for months: then it
 * goes before the samples, so that they are not squeezed out by it. Hours always stay, for they are small, and so do the
 * newest entries. What is fresh is never touched: a bound that is smaller than that is not kept.
 *
 * Pages that become free are used again by what comes; a merge needs and frees many. Only what has not been
 * needed for a whole round, or lies past the bound of the size, goes back to the file system, with a checkpoint. */
#include "db/history_internal.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>

#define RETAIN_EVERY_US (6 * CLOCK_US_PER_HOUR)
#define RETAIN_LOOK_US  (15 * CLOCK_US_PER_SECOND)

/* A step of the clock, or a pause, after which it is not believed at once. */
#define RETAIN_LEAP_US CLOCK_US_PER_DAY

/* How much more than is to be kept the journal grows before it is shortened. */
#define RETAIN_JOURNAL_US CLOCK_US_PER_DAY

/* Rows of one tag that are deleted between two looks at the clock, and pages that are given back. */
#define RETAIN_ROWS  256
#define RETAIN_PAGES 16

/* Shares of the bound of the size: at which the oldest is deleted, and down to which. */
#define RETAIN_FULL   0.99
#define RETAIN_TARGET 0.96

/* So much time of samples and of minutes stays for the sake of size. */
#define RETAIN_SAMPLES_LEAST_US CLOCK_US_PER_HOUR
#define RETAIN_MINUTES_LEAST_US (24 * CLOCK_US_PER_HOUR)

/* Entries of the journal that stay for the sake of size, and the share of the bound beyond which the others go first. */
#define RETAIN_JOURNAL_LEAST 10000
#define RETAIN_JOURNAL_SHARE 0.5

/* Fewer are not worth the entry that tells of them. */
#define RETAIN_JOURNAL_STEP 1000

/* So much time at once: the share of it that is missing is reckoned up to now, and now may be wrong. */
#define RETAIN_SIZE_STEP_US CLOCK_US_PER_DAY

/* Free pages that stay: a tenth of the file, and 4 MB. */
#define RETAIN_FREE_SHARE 10
#define RETAIN_FREE_LEAST 1024

/* Pages that were given back and for which the WAL is checkpointed at once, so that the file system has them: 4 MB. */
#define RETAIN_SHRINK_LEAST 1024

enum retain_table { RETAIN_SAMPLES, RETAIN_MINUTES, RETAIN_HOURS, RETAIN_TABLES };

struct retain_statements {
    enum history_statement nth, clear;
};

static const struct retain_statements RETAIN[RETAIN_TABLES] = {
    [RETAIN_SAMPLES] = {HISTORY_NTH_SAMPLE, HISTORY_CLEAR_SAMPLES},
    [RETAIN_MINUTES] = {HISTORY_NTH_MINUTE, HISTORY_CLEAR_MINUTES},
    [RETAIN_HOURS] = {HISTORY_NTH_HOUR, HISTORY_CLEAR_HOURS},
};

/* ---- what to do ---- */

/* Since a moment of the wall clock, which may have been set back meanwhile. */
static bool retain_is_over(int64_t now_us, int64_t since_us, int64_t span_us)
{
    return now_us < since_us || now_us - since_us >= span_us;
}

bool history_retain_is_due(const struct history *history)
{
    const struct history_retain *retain = &history->retain;
    return history->now_us > 0 && (retain->running || retain->give_pages ||
                                   retain_is_over(history->now_us, retain->looked_us, RETAIN_LOOK_US));
}

static bool retain_count_pages(struct history *history)
{
    struct history_retain *retain = &history->retain;
    sqlite3_int64 pages, unused;
    if (!sql_read_int(history->db, "PRAGMA page_count", 0, &pages) ||
        !sql_read_int(history->db, "PRAGMA freelist_count", 0, &unused))
        return false;
    retain->pages = (uint64_t)pages;
    retain->free_pages = (uint64_t)unused;
    if (retain->free_pages < retain->free_least)
        retain->free_least = retain->free_pages;
    return true;
}

static void retain_begin(struct history *history)
{
    struct history_retain *retain = &history->retain;
    retain->running = true;
    retain->tag_id = INT64_MIN;
    retain->table = RETAIN_TABLES; /* the first step goes to the first tag */
    retain->shortens = retain->in_journal = false;
    retain->journal = (struct journal_shortening){.older_us = INT64_MIN};
    retain->deleted = 0;
    retain->first_us[RETAIN_SAMPLES] = retain->first_us[RETAIN_MINUTES] = INT64_MAX;
}

/* Whether the journal is worth to be shortened: it begins a day before the bound. */
static bool retain_find_journal(struct history *history)
{
    int64_t age_us = history->options.keep.journal_us, first_us;
    if (!age_us)
        return true;
    if (!journal_begins_at(history->journal, &first_us))
        return false;
    history->retain.shortens = first_us < history->now_us - age_us - RETAIN_JOURNAL_US;
    history->retain.journal.older_us = history->now_us - age_us;
    return true;
}

/* A round by age; false on a failure. */
static bool retain_begin_age(struct history *history)
{
    const struct history_keep *keep = &history->options.keep;
    const int64_t ages_us[RETAIN_TABLES] = {keep->samples_us, keep->minutes_us, keep->hours_us};
    struct history_retain *retain = &history->retain;
    retain_begin(history);
    retain->by_size = false;
    for (int i = 0; i < RETAIN_TABLES; i++)
        retain->cut_us[i] = ages_us[i] ? history->now_us - ages_us[i] : INT64_MIN;
    if (ages_us[RETAIN_MINUTES])
        retain->cut_us[RETAIN_MINUTES] = rollup_bucket_us(retain->cut_us[RETAIN_MINUTES], ROLLUP_HOUR_US);
    return retain_find_journal(history);
}

static double retain_used_bytes(const struct history *history)
{
    return (double)(history->retain.pages - history->retain.free_pages) * HISTORY_PAGE_BYTES;
}

/* What is to be deleted for the sake of size. */
static double retain_missing_bytes(const struct history *history)
{
    return retain_used_bytes(history) - RETAIN_TARGET * (double)history->options.keep.bytes;
}

/* How far the oldest of a table is deleted so that the file has room; false when there is nothing to gain. */
static bool retain_find_cut(const struct history *history, enum retain_table table, int64_t least_us,
                            int64_t *cut_us)
{
    double share = retain_missing_bytes(history) / retain_used_bytes(history);
    int64_t first_us = history->retain.first_us[table], last_us = history->now_us - least_us;
    if (first_us >= last_us)
        return false;
    double time_us = share * (double)(history->now_us - first_us);
    *cut_us = first_us + (time_us < RETAIN_SIZE_STEP_US ? (int64_t)time_us : RETAIN_SIZE_STEP_US);
    *cut_us = *cut_us > last_us ? last_us : *cut_us;
    return true;
}

/* How far samples go, or when hardly any are left minutes; false when there is nothing to gain. */
static bool retain_find_cuts(const struct history *history, int64_t cut_us[RETAIN_TABLES])
{
    if (retain_find_cut(history, RETAIN_SAMPLES, RETAIN_SAMPLES_LEAST_US, &cut_us[RETAIN_SAMPLES]))
        return true;
    if (!retain_find_cut(history, RETAIN_MINUTES, RETAIN_MINUTES_LEAST_US, &cut_us[RETAIN_MINUTES]))
        return false;
    cut_us[RETAIN_MINUTES] = rollup_bucket_us(cut_us[RETAIN_MINUTES], ROLLUP_HOUR_US) + ROLLUP_HOUR_US;
    return true;
}

/* The last entry of the journal that goes to make room; 0: none may. */
static int64_t retain_find_entry(const struct history *history, const struct journal_size *size)
{
    int64_t rows = size->last_id - size->first_id + 1 - RETAIN_JOURNAL_LEAST;
    double missing = fmax(retain_missing_bytes(history) / size->row_bytes, RETAIN_JOURNAL_STEP);
    if (rows < RETAIN_JOURNAL_STEP)
        return 0;
    return size->first_id - 1 + (missing < (double)rows ? (int64_t)missing : rows);
}

static bool retain_journal_is_large(const struct history *history, const struct journal_size *size)
{
    double bytes = (double)(size->last_id - size->first_id + 1) * size->row_bytes;
    return bytes > RETAIN_JOURNAL_SHARE * (double)history->options.keep.bytes;
}

/* A round by size: samples, minutes or the journal, see above. False on a failure. */
static bool retain_begin_size(struct history *history)
{
    struct history_retain *retain = &history->retain;
    int64_t cut_us[RETAIN_TABLES] = {INT64_MIN, INT64_MIN, INT64_MIN};
    struct journal_size size;
    if (!journal_measure(history->journal, &size))
        return false;
    int64_t last_id = retain_find_entry(history, &size);
    bool journal_first = last_id && retain_journal_is_large(history, &size);
    if (!journal_first && retain_find_cuts(history, cut_us))
        last_id = 0;
    else if (!last_id)
        return true;
    retain_begin(history);
    retain->by_size = true;
    retain->shortens = last_id != 0;
    retain->journal.last_id = last_id;
    for (int i = 0; i < RETAIN_TABLES; i++)
        retain->cut_us[i] = cut_us[i];
    return true;
}

static bool retain_is_full(const struct history *history, double share)
{
    double bound = (double)history->options.keep.bytes;
    return bound > 0 && retain_used_bytes(history) > share * bound;
}

/* What lies past the bound and is free goes back at once. */
static void retain_give_excess(struct history *history)
{
    struct history_retain *retain = &history->retain;
    uint64_t most = history->options.keep.bytes / HISTORY_PAGE_BYTES;
    if (!most || retain->pages <= most)
        return;
    uint64_t excess = retain->pages - most;
    retain->give_pages = excess < retain->free_pages ? excess : retain->free_pages;
}

static bool retain_look(struct history *history)
{
    struct history_retain *retain = &history->retain;
    if (!retain_count_pages(history))
        return false;
    retain->looked_us = history->now_us;
    if (!retain->aged_us || retain_is_over(history->now_us, retain->aged_us, RETAIN_EVERY_US)) {
        int64_t before_us = retain->aged_us ? retain->aged_us : retain->alive_us;
        retain->aged_us = history->now_us;
        if (history->now_us - before_us <= RETAIN_LEAP_US && !retain_begin_age(history))
            return false;
    }
    if (!retain->running && retain_is_full(history, RETAIN_FULL) && !retain_begin_size(history))
        return false;
    if (!retain->running)
        retain_give_excess(history);
    return true;
}

/* ---- a round ---- */

/* The first column of a statement with the tag and a moment for parameters; *found: not NULL. */
static bool retain_read(struct history *history, enum history_statement which, int64_t ts_us, bool *found,
                        int64_t *value)
{
    sqlite3_stmt *row = history->statements[which];
    sqlite3_bind_int64(row, 1, history->retain.tag_id);
    sqlite3_bind_int64(row, 2, ts_us);
    *found = sqlite3_step(row) == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL;
    *value = sqlite3_column_int64(row, 0);
    return sqlite3_reset(row) == SQLITE_OK;
}

/* Notes from where on the tag could be cut for the sake of size: behind its oldest sample, for one stays, or at its oldest
 * minute but for those of its last hour, which stay however old they are. */
static bool retain_note_first(struct history *history, enum retain_table table)
{
    struct history_retain *retain = &history->retain;
    bool found = true;
    int64_t first_us, before_us = INT64_MAX;
    if (table == RETAIN_HOURS || !history->options.keep.bytes)
        return true;
    if (table == RETAIN_MINUTES && !retain_read(history, HISTORY_KEEP_MINUTES, INT64_MAX, &found, &before_us))
        return false;
    if (!found)
        return true;
    sqlite3_bind_int64(history->statements[RETAIN[table].nth], 3, table == RETAIN_SAMPLES);
    if (!retain_read(history, RETAIN[table].nth, before_us, &found, &first_us))
        return false;
    if (found && first_us < retain->first_us[table])
        retain->first_us[table] = first_us;
    return true;
}

/* What is older than this goes: the bound, or what has to stay beyond it (see above). */
static bool retain_find_limit(struct history *history, enum retain_table table, int64_t *limit_us)
{
    int64_t cut_us = history->retain.cut_us[table], stays_us = cut_us;
    bool found = false;
    if (table != RETAIN_HOURS &&
        !retain_read(history, table == RETAIN_SAMPLES ? HISTORY_KEEP_SAMPLES : HISTORY_KEEP_MINUTES, cut_us,
                     &found, &stays_us))
        return false;
    bool nothing = table == RETAIN_SAMPLES && !found; /* is as old as that */
    *limit_us = nothing ? INT64_MIN : found && stays_us < cut_us ? stays_us : cut_us;
    return true;
}

/* Deletes some rows of the tag and table in hand; *more: there are others. */
static bool retain_delete(struct history *history, enum retain_table table, bool *more)
{
    struct history_retain *retain = &history->retain;
    sqlite3_stmt *clear = history->statements[RETAIN[table].clear],
                 *nth = history->statements[RETAIN[table].nth];
    int64_t limit_us, nth_us;
    *more = false;
    if (!retain_find_limit(history, table, &limit_us))
        return false;
    if (limit_us == INT64_MIN)
        return true;
    sqlite3_bind_int64(nth, 3, RETAIN_ROWS);
    if (!retain_read(history, RETAIN[table].nth, limit_us, more, &nth_us))
        return false;
    sqlite3_bind_int64(clear, 1, retain->tag_id);
    sqlite3_bind_int64(clear, 2, *more ? nth_us : limit_us);
    if (!sql_run(clear))
        return false;
    retain->deleted += (uint64_t)sqlite3_changes(history->db);
    return true;
}

/* Gaps that ended before everything that is kept. */
static bool retain_delete_gaps(struct history *history)
{
    const struct history_retain *retain = &history->retain;
    sqlite3_stmt *clear = history->statements[HISTORY_CLEAR_GAPS];
    int64_t first_us = INT64_MAX;
    for (int i = 0; i < RETAIN_TABLES; i++)
        first_us = retain->cut_us[i] < first_us ? retain->cut_us[i] : first_us;
    if (retain->by_size || first_us == INT64_MIN)
        return true;
    sqlite3_bind_int64(clear, 1, first_us);
    if (!sql_run(clear))
        return false;
    history->gaps_changed |= sqlite3_changes(history->db) > 0;
    return true;
}

/* Goes on to the next table, the next tag, the journal, or *ended. */
static bool retain_next(struct history *history, bool *ended)
{
    struct history_retain *retain = &history->retain;
    sqlite3_stmt *next = history->statements[HISTORY_TAG_NEXT];
    if (++retain->table < RETAIN_TABLES)
        return true;
    retain->table = 0;
    sqlite3_bind_int64(next, 1, retain->tag_id);
    bool last = sqlite3_step(next) != SQLITE_ROW;
    retain->tag_id = sqlite3_column_int64(next, 0);
    retain->in_journal = last && retain->shortens;
    *ended = last && !retain->in_journal;
    return sqlite3_reset(next) == SQLITE_OK;
}

static bool retain_step(struct history *history, bool *ended)
{
    struct history_retain *retain = &history->retain;
    bool more = false;
    if (retain->table < RETAIN_TABLES && retain->cut_us[retain->table] != INT64_MIN &&
        !retain_delete(history, (enum retain_table)retain->table, &more))
        return false;
    if (more)
        return true;
    if (retain->table < RETAIN_TABLES && !retain_note_first(history, (enum retain_table)retain->table))
        return false;
    return retain_next(history, ended);
}

/* The end of a round; by size there may be another one at once, unless this one gained nothing. */
static bool retain_end(struct history *history)
{
    struct history_retain *retain = &history->retain;
    retain->running = false;
    if (!retain_count_pages(history))
        return false;
    uint64_t stay = retain->pages / RETAIN_FREE_SHARE;
    stay = stay < RETAIN_FREE_LEAST ? RETAIN_FREE_LEAST : stay;
    if (!retain->by_size) {
        if (retain->watched && retain->free_least > stay)
            retain->give_pages = retain->free_least - stay / 2;
        retain->watched = true;
        retain->free_least = retain->free_pages;
    }
    if (!retain->by_size || retain->deleted)
        retain->looked_us = 0;
    return true;
}

/* A slice's share of the tags, or of the journal: the latter in transactions of its own. */
static bool retain_share(struct history *history, int64_t until_us, bool *ended)
{
    struct history_retain *retain = &history->retain;
    bool more, done = true;
    if (retain->in_journal) {
        uint64_t deleted = retain->journal.deleted;
        done = journal_shorten(history->journal, &retain->journal, history->now_us, until_us, &more);
        retain->deleted += retain->journal.deleted - deleted;
        *ended = !more;
        return done;
    }
    while (done && !*ended && !retain->in_journal) {
        done = retain_step(history, ended);
        if (history_slice_is_over(history, until_us))
            break;
    }
    return done;
}

static bool retain_round(struct history *history, int64_t until_us, struct err *err)
{
    struct history_retain *retain = &history->retain, before = *retain;
    bool ended = false;
    if (!history_begin(history, err))
        return false;
    bool done = retain_share(history, until_us, &ended) && (!ended || retain_delete_gaps(history));
    done = done ? history_commit(history, err) : history_fail(history, "delete what is old", err);
    if (!done) {
        *retain = before;
        return false;
    }
    if (before.in_journal)
        journal_note_commit(history->journal);
    history->stats.deleted_rows += retain->deleted - before.deleted;
    return !ended || retain_end(history) || history_fail(history, "delete what is old", err);
}

/* A checkpoint now, where it pays: it may be hours until the next one of a quiet plant. */
static void retain_shrink(struct history *history)
{
    if (history->retain.given_pages < RETAIN_SHRINK_LEAST)
        return;
    history->retain.given_pages = 0;
    history->wal_frames_next = 0;
}

/* Gives pages back. */
static bool retain_give(struct history *history, int64_t until_us, struct err *err)
{
    struct history_retain *retain = &history->retain;
    if (!history_begin(history, err))
        return false;
    uint64_t before = retain->pages, given = 0;
    bool done = true;
    do {
        char pragma[64];
        snprintf(pragma, sizeof pragma, "PRAGMA incremental_vacuum(%d)", RETAIN_PAGES);
        done = sql_exec(history->db, pragma) == SQLITE_OK;
        given += RETAIN_PAGES;
    } while (done && given < retain->give_pages && !history_slice_is_over(history, until_us));
    done = done && retain_count_pages(history);
    done = done ? history_commit(history, err) : history_fail(history, "give back room", err);
    if (!done)
        return false;
    retain->give_pages -= given < retain->give_pages ? given : retain->give_pages;
    if (!retain->free_pages)
        retain->give_pages = 0;
    if (retain->pages < before) {
        history->stats.returned_bytes += (before - retain->pages) * HISTORY_PAGE_BYTES;
        retain->given_pages += before - retain->pages;
    }
    if (!retain->give_pages)
        retain_shrink(history);
    return true;
}

bool history_retain_slice(struct history *history, int64_t until_us, struct err *err)
{
    history->stats.work = HISTORY_WORK_RETAIN;
    if (history->retain.running)
        return retain_round(history, until_us, err);
    if (history->retain.give_pages)
        return retain_give(history, until_us, err);
    return retain_look(history) || history_fail(history, "see how large it is", err);
}
