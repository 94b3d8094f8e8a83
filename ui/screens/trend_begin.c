#include "ui/screens/trend_begin.h"

#include "base/clock.h"
#include "base/timefmt.h"

#include <stdio.h>
#include <string.h>

/* The first column from `from` on in which a pen has what is asked for; the count of columns: none. */
static size_t trend_begin_find(const struct trend_picture *picture, size_t pen_count, size_t from,
                               bool (*has)(const struct plot_column *column))
{
    for (size_t i = from; i < picture->grid.count; i++)
        for (size_t pen = 0; pen < pen_count; pen++)
            if (has(&picture->pens[pen].columns[i]))
                return i;
    return picture->grid.count;
}

/* A sample, or one that still held. */
static bool trend_begin_has_samples(const struct plot_column *column)
{
    return column->count || column->good_us || column->bad;
}

/* Anything to be seen; or it is not known yet. */
static bool trend_begin_is_drawn(const struct plot_column *column)
{
    return trend_begin_has_samples(column) || column->gap || !column->known;
}

/* When the first sample of that column came; its begin where only texts came, whose times are not in it. */
static int64_t trend_begin_us(const struct trend_picture *picture, size_t pen_count, size_t column,
                              bool *exact)
{
    int64_t start_us = picture->grid.start_us + picture->grid.width_us * (int64_t)column;
    int64_t first_us = start_us + picture->grid.width_us;
    *exact = false;
    for (size_t pen = 0; pen < pen_count; pen++) {
        const struct plot_column *one = &picture->pens[pen].columns[column];
        if (one->first_us < start_us || one->first_us >= first_us)
            continue;
        first_us = one->first_us;
        *exact = true;
    }
    return *exact ? first_us : start_us;
}

static void trend_begin_print(const struct trend_picture *picture, size_t pen_count, size_t column, char *out,
                              size_t size)
{
    bool exact;
    char when[TIMEFMT_MAX];
    int64_t begin_us = trend_begin_us(picture, pen_count, column, &exact);
    bool days = plot_grid_end_us(&picture->grid) - begin_us >= CLOCK_US_PER_DAY;
    timefmt_local(when, sizeof when, begin_us, days ? TIMEFMT_DATE : 0);
    if (!exact)
        when[strlen(when) - strlen(":00")] = '\0'; /* no seconds */
    snprintf(out, size, "recorded since %s", when);
}

void trend_begin_draw(const struct trend_picture *picture, size_t pen_count, const struct pane *pane)
{
    const struct chart_area *area = &picture->area;
    size_t blank = trend_begin_find(picture, pen_count, 0, trend_begin_is_drawn);
    size_t begin = trend_begin_find(picture, pen_count, blank, trend_begin_has_samples);
    char text[TIMEFMT_MAX + 32] = "nothing was recorded in this time";
    if (begin < picture->grid.count)
        trend_begin_print(picture, pen_count, begin, text, sizeof text);
    int columns = (int)(blank / (area->spans / (size_t)area->columns));
    int needed = pane_text_columns(pane, text) + 1;
    if (needed < columns)
        pane_text(pane, area->x + columns - needed, area->y + area->rows - 1, needed, MEANING_DIM, text);
}
