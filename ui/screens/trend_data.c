#include "ui/screens/trend_data.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How often the live end is read anew: samples reach the file a moment after they reach us, and some come late. */
#define TREND_FIRST_US (1 * CLOCK_US_PER_SECOND) /* the first time: closes what was under way when we came */
#define TREND_AGAIN_US (5 * CLOCK_US_PER_SECOND)
#define TREND_PAST_US  (30 * CLOCK_US_PER_SECOND) /* a picture of the past */
/* An answer that has not come by then will not: the file has become another one. */
#define TREND_LOST_US (60 * CLOCK_US_PER_SECOND)
/* The history's part ends so long before the present; the mirror's samples begin there. */
#define TREND_SETTLED_US (2 * CLOCK_US_PER_SECOND)

void trend_data_free(struct trend_data *data)
{
    free(data->columns);
    free(data->texts);
    *data = (struct trend_data){0};
}

/* ---- asking ---- */

static bool trend_same_tags(const struct trend_question *one, const uint32_t *tags, size_t count)
{
    return one->tag_count == count && memcmp(one->tags, tags, count * sizeof *tags) == 0;
}

/* Up to when the history is to tell: the mirror knows the rest, as far as it has watched all the pens. */
static int64_t trend_until_us(const struct screen_host *host)
{
    int64_t until_us = host->wall_us - TREND_SETTLED_US;
    for (size_t i = 0; i < host->trends->pen_count; i++)
        if (host->mirror->pens[i].since_us > until_us)
            until_us = host->mirror->pens[i].since_us;
    return until_us;
}

static void trend_data_ask(struct trend_data *data, struct screen_host *host, const struct plot_grid *grid)
{
    const struct trend_view *view = host->trends;
    struct history_request *request = mem_new(1, sizeof *request);
    data->asked = (struct trend_question){
        .tag_count = view->pen_count,
        .grid = *grid,
        .until_us = trend_until_us(host),
        .snapshot = host->mirror->snapshot,
    };
    if (data->asked.until_us > plot_grid_end_us(grid))
        data->asked.until_us = plot_grid_end_us(grid);
    memcpy(data->asked.tags, view->tags, sizeof data->asked.tags);
    memcpy(request->tags, view->tags, view->pen_count * sizeof *view->tags);
    request->tag_count = view->pen_count;
    for (size_t i = 0; i < view->pen_count; i++) {
        const struct mirror_tag *tag = mirror_find(host->mirror, view->tags[i]);
        request->text_tags |= tag && tag->kind == TAG_TEXT ? 1u << i : 0;
    }
    request->purpose = HISTORY_PENS;
    request->ticket = ++data->ticket;
    request->grid = *grid;
    request->to_us = data->asked.until_us;
    history_reader_ask(host->history, request);
    data->waiting = true;
    data->asked_us = host->mono_us;
    free(request);
}

/* Live pictures slide: the same columns a little later need no new answer at once. */
static bool trend_serves(const struct trend_question *question, const struct screen_host *host,
                         const struct plot_grid *grid)
{
    const struct trend_view *view = host->trends;
    if (!trend_same_tags(question, view->tags, view->pen_count) ||
        question->snapshot != host->mirror->snapshot || question->grid.width_us != grid->width_us ||
        question->grid.count != grid->count)
        return false;
    return question->grid.start_us == grid->start_us ||
           (view->live && question->grid.start_us < grid->start_us && question->until_us > grid->start_us);
}

static int64_t trend_patience_us(const struct trend_data *data, const struct screen_host *host,
                                 const struct plot_grid *grid)
{
    if (data->answered.until_us >= plot_grid_end_us(grid))
        return TREND_PAST_US;
    for (size_t i = 0; i < host->trends->pen_count; i++)
        if (host->mirror->pens[i].since_us >= data->answered.until_us)
            return TREND_FIRST_US;
    return grid->width_us < TREND_AGAIN_US  ? TREND_AGAIN_US
           : grid->width_us > TREND_PAST_US ? TREND_PAST_US
                                            : grid->width_us;
}

void trend_data_follow(struct trend_data *data, struct screen_host *host, const struct plot_grid *grid)
{
    const struct trend_view *view = host->trends;
    for (size_t i = 0; i < MIRROR_PENS_MAX; i++) {
        uint32_t id = i < view->pen_count ? view->tags[i] : 0;
        mirror_watch_pen(host->mirror, i, id ? mirror_find(host->mirror, id) : NULL, host->wall_us);
    }
    if (!host->history || !view->pen_count)
        return;
    bool wanted;
    if (data->waiting)
        wanted = !trend_serves(&data->asked, host, grid) || host->mono_us - data->asked_us >= TREND_LOST_US;
    else if (*data->error)
        wanted = host->mono_us - data->asked_us >= TREND_AGAIN_US || !trend_serves(&data->asked, host, grid);
    else
        wanted = !trend_serves(&data->answered, host, grid) ||
                 host->mono_us - data->answered_us >= trend_patience_us(data, host, grid);
    if (wanted)
        trend_data_ask(data, host, grid);
}

bool trend_data_is_loading(const struct trend_data *data, const struct screen_host *host,
                           const struct plot_grid *grid)
{
    return data->waiting && !trend_serves(&data->answered, host, grid);
}

/* ---- answers ---- */

static void trend_take_columns(struct trend_data *data, const struct history_result *result)
{
    if (result->ticket != data->ticket)
        return;
    data->waiting = false;
    data->answered_us = data->asked_us;
    utf8_make_safe(data->error, sizeof data->error, result->error, strlen(result->error));
    if (!result->good)
        return;
    data->answered = data->asked;
    size_t count = data->answered.tag_count * data->answered.grid.count;
    data->columns = mem_resize(data->columns, count + 1, sizeof *data->columns);
    memcpy(data->columns, result->columns, count * sizeof *data->columns);
    data->text_count = result->text_count;
    data->texts = mem_resize(data->texts, result->text_count + 1, sizeof *data->texts);
    if (result->text_count)
        memcpy(data->texts, result->texts, result->text_count * sizeof *data->texts);
}

static void trend_take_instants(struct trend_data *data, const struct history_result *result)
{
    if (result->to_us != data->instant_asked_us)
        return;
    data->instant_us = result->to_us;
    data->instant_count = result->tag_count;
    memcpy(data->instant_tags, result->tags, result->tag_count * sizeof *result->tags);
    memset(data->instants, 0, sizeof data->instants);
    if (result->good)
        memcpy(data->instants, result->instants, result->tag_count * sizeof *result->instants);
}

void trend_data_answer(struct trend_data *data, const struct history_result *result)
{
    if (result->purpose == HISTORY_PENS)
        trend_take_columns(data, result);
    else if (result->purpose == HISTORY_INSTANTS && result->tag_count <= TREND_PENS_MAX)
        trend_take_instants(data, result);
}

/* ---- columns ---- */

void trend_data_columns(const struct trend_data *data, const struct screen_host *host, size_t pen,
                        const struct plot_grid *grid, bool sloped, struct plot_column *out)
{
    const struct mirror_pen *live = &host->mirror->pens[pen];
    const struct trend_question *answered = &data->answered;
    int64_t since_us = live->since_us;
    plot_clear(out, grid->count);
    for (size_t i = 0; i < answered->tag_count; i++) {
        if (answered->tags[i] != host->trends->tags[pen])
            continue;
        plot_add_columns(out, grid, data->columns + i * answered->grid.count, &answered->grid);
        if (since_us < answered->until_us)
            since_us = answered->until_us;
    }
    if (live->tag)
        plot_add_samples(out, grid, live->recent.samples, live->recent.count, sloped, since_us,
                         host->wall_us);
}

bool trend_data_knows_texts(const struct trend_data *data, uint32_t tag)
{
    for (size_t i = 0; i < data->text_count; i++)
        if (data->texts[i].tag == tag)
            return true;
    return false;
}

/* ---- the cursor ---- */

/* The newest of our own samples up to then; only where we have watched all the time. */
static bool trend_own_instant(const struct mirror_pen *pen, int64_t ts_us, struct history_instant *instant)
{
    const struct recent *recent = &pen->recent;
    size_t i = recent->count;
    while (i > 0 && recent->samples[i - 1].ts_us > ts_us)
        i--;
    if (ts_us < pen->since_us || !pen->tag || pen->tag->kind == TAG_TEXT || !i ||
        isnan(recent->samples[i - 1].value))
        return false;
    *instant = (struct history_instant){.found = true,
                                        .type = VALUE_NUMBER,
                                        .ts_us = recent->samples[i - 1].ts_us,
                                        .number = recent->samples[i - 1].value};
    return true;
}

bool trend_data_instant(struct trend_data *data, struct screen_host *host, size_t pen, int64_t ts_us,
                        struct history_instant *instant)
{
    const struct trend_view *view = host->trends;
    if (trend_own_instant(&host->mirror->pens[pen], ts_us, instant))
        return true;
    if (data->instant_us == ts_us)
        for (size_t i = 0; i < data->instant_count; i++)
            if (data->instant_tags[i] == view->tags[pen]) {
                *instant = data->instants[i];
                return true;
            }
    if (host->history && data->instant_asked_us != ts_us) {
        struct history_request *request = mem_new(1, sizeof *request);
        request->purpose = HISTORY_INSTANTS;
        request->to_us = ts_us;
        request->tag_count = view->pen_count;
        memcpy(request->tags, view->tags, view->pen_count * sizeof *view->tags);
        history_reader_ask(host->history, request);
        data->instant_asked_us = ts_us;
        free(request);
    }
    return false;
}
