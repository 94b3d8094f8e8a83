#include "ui/history_read.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "db/query_alarm.h"
#include "db/query_plot.h"
#include "plant/quality.h"
#include "ui/history_commands.h"
#include "ui/history_texts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_BINS_MAX 4096
#define HISTORY_JOURNAL_SCAN                                                                                 \
    50000 /* entries that one answer looks at: a search tells every now and then how far it is */

/* ---- samples of one tag ---- */

struct history_samples {
    struct recent_sample *samples;
    size_t count, capacity;
};

/* Keeps the lowest and the highest of every four, in their order,
 * with what they stand for; ends of values stay. */
static void history_thin_out(struct history_samples *all)
{
    size_t kept = 0, i = 0;
    for (; i + 4 <= all->count; i += 4) {
        struct recent_sample *four = &all->samples[i], pair[2];
        size_t low = 0, high = 0;
        bool values = true;
        for (size_t j = 0; j < 4; j++) {
            values = values && !isnan(four[j].value);
            low = four[j].value < four[low].value ? j : low;
            high = four[j].value >= four[high].value ? j : high;
        }
        if (!values || low == high) {
            memmove(&all->samples[kept], four, 4 * sizeof *four);
            kept += 4;
            continue;
        }
        uint32_t count = four[0].count + four[1].count + four[2].count + four[3].count;
        pair[0] = four[low < high ? low : high];
        pair[1] = four[low < high ? high : low];
        pair[0].count = count / 2;
        pair[1].count = count - count / 2;
        memcpy(&all->samples[kept], pair, sizeof pair);
        kept += 2;
    }
    memmove(&all->samples[kept], &all->samples[i], (all->count - i) * sizeof *all->samples);
    all->count = kept + (all->count - i);
    size_t most = RECENT_MAX - RECENT_MAX / 4;
    if (all->count > most) { /* pauses everywhere: the oldest go */
        memmove(all->samples, all->samples + (all->count - most), most * sizeof *all->samples);
        all->count = most;
    }
}

static void history_push(struct history_samples *all, int64_t ts_us, double value)
{
    if (all->count >= RECENT_MAX)
        history_thin_out(all);
    all->samples = mem_grow(all->samples, &all->capacity, all->count + 1, sizeof *all->samples);
    all->samples[all->count++] = (struct recent_sample){.ts_us = ts_us, .value = value, .count = 1};
}

static bool history_take_sample(void *context, const struct query_sample *sample)
{
    bool drawn = sample->value.type == VALUE_NUMBER &&
                 (quality_is_good(sample->quality) || sample->quality == QUALITY_UNCERTAIN);
    history_push(context, sample->ts_us, drawn ? sample->value.number : NAN);
    return true;
}

static bool history_take_gap(void *context, int64_t start_us, int64_t end_us, const char *reason)
{
    (void)end_us; /* the next sample ends it */
    (void)reason;
    history_push(context, start_us, NAN);
    return true;
}

/* By time; a gap that begins with a sample ends it: so long it was recorded, and no longer (as gaps_until_us() has it). */
static int history_compare(const void *a, const void *b)
{
    const struct recent_sample *one = a, *two = b;
    if (one->ts_us != two->ts_us)
        return one->ts_us < two->ts_us ? -1 : 1;
    return isnan(one->value) - isnan(two->value);
}

/* The samples of a tag with the gaps of the recording as ends of values. */
static bool history_collect(struct query *query, uint32_t tag, int64_t from_us, int64_t to_us,
                            struct history_samples *all, struct err *err)
{
    all->count = 0;
    if (!query_range(query, tag, from_us, to_us, 0, history_take_sample, all, err) ||
        !query_gaps(query, from_us, to_us, history_take_gap, all, err))
        return false;
    if (all->count)
        qsort(all->samples, all->count, sizeof *all->samples, history_compare);
    return true;
}

/* ---- trends of one tag, small trends ---- */

static bool history_read_trend(struct query *query, const struct history_request *request,
                               struct history_result *result, struct err *err)
{
    struct history_samples all = {0};
    bool good = !request->tag_count ||
                history_collect(query, request->tags[0], request->from_us, request->to_us, &all, err);
    result->samples = all.samples;
    result->sample_count = all.count;
    return good;
}

static bool history_read_series(struct query *query, const struct history_request *request,
                                struct history_result *result, struct err *err)
{
    if (request->bin_us <= 0 || request->to_us < request->from_us)
        return err_set(err, EX_SOFTWARE, "a request for small trends without a span");
    int64_t last_bin = request->to_us / request->bin_us;
    int64_t bins = last_bin - request->from_us / request->bin_us + 1;
    if (bins > HISTORY_BINS_MAX)
        bins = HISTORY_BINS_MAX;
    result->bins = (size_t)bins;
    result->first_bin = last_bin - bins + 1;
    result->spans = mem_new(result->tag_count * result->bins + 1, sizeof *result->spans);
    struct series *series = series_new(request->bin_us, (uint32_t)bins);
    struct history_samples all = {0};
    bool good = true;
    for (size_t tag = 0; good && tag < result->tag_count; tag++) {
        good = history_collect(query, result->tags[tag], request->from_us, request->to_us, &all, err);
        series_clear(series);
        for (size_t i = 0; good && i < all.count; i++) {
            if (!isnan(all.samples[i].value))
                series_add(series, all.samples[i].ts_us, all.samples[i].value);
            series_hold(series, all.samples[i].ts_us, all.samples[i].value);
        }
        series_advance(series, request->to_us);
        series_columns(series, request->to_us, 1, result->spans + tag * result->bins, result->bins);
    }
    free(all.samples);
    free(series);
    return good;
}

/* ---- pens ---- */

static struct plot_column history_column(const struct query_column *from)
{
    struct plot_column column;
    plot_clear(&column, 1);
    column.known = true;
    column.count = from->count;
    column.bad = from->bad;
    column.gap = from->gap;
    column.good_us = from->good_us;
    if (!from->has_value)
        return column;
    column.low = from->min;
    column.high = from->max;
    column.low_us = from->min_us;
    column.high_us = from->max_us;
    column.first = from->first;
    column.first_us = from->first_us;
    column.last = from->last;
    column.last_us = from->last_us;
    column.area = isnan(from->average) ? 0 : from->average * (double)from->good_us;
    return column;
}

/* The columns that are over, and apart from them the one in which to_us lies, up to there: what comes later is
 * the mirror's, and nothing may count twice. */
static bool history_read_pen(struct query *query, uint32_t tag, const struct history_request *request,
                             struct query_column *room, struct plot_column *columns, struct err *err)
{
    const struct plot_grid *grid = &request->grid;
    int64_t whole = plot_grid_column(grid, request->to_us);
    size_t count = whole < 0 ? 0 : whole < (int64_t)grid->count ? (size_t)whole : grid->count;
    int64_t begun_us = grid->start_us + grid->width_us * (int64_t)count;
    plot_clear(columns, grid->count);
    if (count && !query_plot(query, tag, grid->start_us, begun_us, count, room, NULL, err))
        return false;
    for (size_t i = 0; i < count; i++)
        columns[i] = history_column(&room[i]);
    if (count == grid->count || request->to_us <= begun_us)
        return true;
    if (!query_plot(query, tag, begun_us, request->to_us, 1, room, NULL, err))
        return false;
    columns[count] = history_column(room);
    return true;
}

static bool history_read_pens(struct query *query, const struct history_request *request,
                              struct history_result *result, struct err *err)
{
    size_t count = request->grid.count;
    if (count < 1 || count > PLOT_COLUMNS_MAX || request->grid.width_us < 1)
        return err_set(err, EX_SOFTWARE, "a request for pens without columns");
    result->columns = mem_new(result->tag_count * count + 1, sizeof *result->columns);
    struct query_column *room = mem_new(count, sizeof *room);
    bool good = true;
    for (size_t i = 0; good && i < result->tag_count; i++)
        good = history_read_pen(query, result->tags[i], request, room, result->columns + i * count, err);
    free(room);
    return good;
}

/* ---- values at an instant ---- */

/* The last one that comes is the one that was valid. */
static bool history_take_instant(void *context, const struct query_sample *sample)
{
    struct history_instant *instant = context;
    const struct value *value = &sample->value;
    *instant = (struct history_instant){
        .found = true, .type = value->type, .quality = sample->quality, .ts_us = sample->ts_us};
    if (value->type == VALUE_NUMBER)
        instant->number = value->number;
    else if (value->type == VALUE_TEXT)
        utf8_make_safe(instant->text, sizeof instant->text, value->text, value->text_length);
    return true;
}

static bool history_read_instants(struct query *query, const struct history_request *request,
                                  struct history_result *result, struct err *err)
{
    result->instants = mem_new(result->tag_count + 1, sizeof *result->instants);
    for (size_t i = 0; i < result->tag_count; i++)
        if (!query_range(query, result->tags[i], request->to_us, request->to_us, 0, history_take_instant,
                         &result->instants[i], err))
            return false;
    return true;
}

/* ---- the journal ---- */

struct history_journal_walk {
    const struct history_journal *ask;
    struct history_result *result;
    size_t seen;
};

/* Looks at one; stops where an answer is full. */
static bool history_take_entry(void *context, const struct query_journal_entry *entry)
{
    struct history_journal_walk *walk = context;
    struct history_result *result = walk->result;
    walk->seen++;
    result->reached = entry->place;
    if (entry->place.id > result->newest_id)
        result->newest_id = entry->place.id;
    if (journal_search_matches(&walk->ask->search, entry))
        result->entries[result->entry_count++] = journal_entry_of(entry);
    return result->entry_count < walk->ask->most;
}

static bool history_read_journal(struct query *query, const struct history_request *request,
                                 struct history_result *result, struct err *err)
{
    const struct history_journal *ask = &request->journal;
    struct history_journal_walk walk = {.ask = ask, .result = result};
    result->newer = ask->newer;
    result->reached = ask->before;
    result->entries = mem_new(ask->most + 1, sizeof *result->entries);
    enum query_journal_of of = *ask->tag                                   ? QUERY_JOURNAL_OF_ONE_TAG
                               : journal_search_is_of_people(&ask->search) ? QUERY_JOURNAL_OF_PEOPLE
                                                                           : QUERY_JOURNAL_OF_ALL;
    bool good = ask->newer ? query_journal_since(query, ask->since_id, HISTORY_JOURNAL_SCAN,
                                                 history_take_entry, &walk, err)
                           : query_journal(query, of, ask->tag, ask->before, ask->search.from_us,
                                           HISTORY_JOURNAL_SCAN, history_take_entry, &walk, err);
    result->more = result->entry_count == ask->most || walk.seen == HISTORY_JOURNAL_SCAN;
    return good;
}

/* ---- alarms ---- */

/* The journal takes names as they came; what is shown of it is safe. */
static void history_make_safe(struct query_occurrence *occurrence)
{
    char name[sizeof occurrence->acknowledged_by];
    memcpy(name, occurrence->acknowledged_by, sizeof name);
    utf8_make_safe(occurrence->acknowledged_by, sizeof name, name, strlen(name));
}

static bool history_read_alarm(struct query *query, const struct history_request *request,
                               struct history_result *result, struct err *err)
{
    result->occurrences = mem_new(HISTORY_OCCURRENCES_MAX, sizeof *result->occurrences);
    if (!query_occurrences(query, request->tag_name, request->alarm, result->occurrences,
                           HISTORY_OCCURRENCES_MAX, &result->occurrence_count, err))
        return false;
    for (size_t i = 0; i < result->occurrence_count; i++)
        history_make_safe(&result->occurrences[i]);
    return !request->grid.count || history_read_pens(query, request, result, err);
}

/* ---- all of them ---- */

bool history_read(struct query *query, const struct history_request *request, struct history_result *result,
                  struct err *err)
{
    switch (request->purpose) {
    case HISTORY_TREND:
        return history_read_trend(query, request, result, err);
    case HISTORY_SERIES:
        return history_read_series(query, request, result, err);
    case HISTORY_PENS:
        return history_read_pens(query, request, result, err) &&
               history_read_texts(query, request, result, err);
    case HISTORY_INSTANTS:
        return history_read_instants(query, request, result, err);
    case HISTORY_JOURNAL:
        return history_read_journal(query, request, result, err);
    case HISTORY_ALARM:
        return history_read_alarm(query, request, result, err);
    case HISTORY_COMMANDS:
        return history_read_commands(query, result, err);
    case HISTORY_PURPOSE_COUNT:
        break;
    }
    return err_set(err, EX_SOFTWARE, "a request without purpose");
}
