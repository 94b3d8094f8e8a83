#include "ui/screens/trend_legend.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "plant/quality.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LEGEND_TEXT_MAX 160

/* What one row says. */
struct trend_row {
    char value[LEGEND_TEXT_MAX], time[TIMEFMT_MAX];
    char column[LEGEND_TEXT_MAX]; /* "": no more than the value */
    const char *quality;
    enum meaning meaning; /* of value and quality */
};

enum trend_field {
    FIELD_NAME,
    FIELD_VALUE,
    FIELD_UNIT,
    FIELD_TIME,
    FIELD_COLUMN,
    FIELD_MIN,
    FIELD_MAX,
    FIELD_AVERAGE,
    FIELD_QUALITY,
    FIELD_SCALE,
    FIELD_DESCRIPTION,
    FIELD_COUNT
};

/* In the order of the screen. A field is left out in windows narrower than `from` columns; what is left over goes
 * to the name, up to `most`, then to the description. */
static const struct {
    const char *heading;
    int width, from;
    bool right;
} FIELDS[FIELD_COUNT] = {
    [FIELD_NAME] = {"PEN", 12, 0, false},
    [FIELD_VALUE] = {"VALUE", 10, 24, true},
    [FIELD_UNIT] = {"UNIT", 6, 40, false},
    [FIELD_TIME] = {"TIME", 12, 96, true},
    [FIELD_COLUMN] = {"IN THE COLUMN", 17, 120, true},
    [FIELD_MIN] = {"MIN", 9, 56, true},
    [FIELD_MAX] = {"MAX", 9, 56, true},
    [FIELD_AVERAGE] = {"AVERAGE", 9, 66, true},
    [FIELD_QUALITY] = {"QUALITY", 7, 50, false},
    [FIELD_SCALE] = {"SCALE", 19, 130, false},
    [FIELD_DESCRIPTION] = {"DESCRIPTION", 0, 150, false},
};

#define LEGEND_MARK     2  /* columns of the pen's digit */
#define LEGEND_NAME_MAX 36 /* columns of a name at most */

char trend_legend_digit(size_t pen)
{
    return (char)('1' + pen);
}

enum meaning trend_legend_meaning(size_t pen)
{
    return (enum meaning)(MEANING_PEN_1 + (int)pen);
}

/* ---- values ---- */

static void trend_row_of_tag(const struct mirror_tag *tag, struct trend_row *row)
{
    enum mirror_trust trust = mirror_tag_trust(tag);
    mirror_tag_value_fit(tag, row->value, sizeof row->value, FIELDS[FIELD_VALUE].width);
    if (tag->ts_us && mirror_tag_age_is_known(tag))
        timefmt_local(row->time, sizeof row->time, tag->ts_us, TIMEFMT_MS);
    row->quality = mirror_tag_word(tag);
    row->meaning = trust == MIRROR_BAD         ? MEANING_VALUE_BAD
                   : trust == MIRROR_UNCERTAIN ? MEANING_VALUE_UNCERTAIN
                                               : MEANING_VALUE;
}

static void trend_row_of_instant(const struct mirror_tag *tag, const struct history_instant *instant,
                                 const struct plot_column *column, struct trend_row *row)
{
    row->quality = "";
    if (!instant->found)
        return;
    if (instant->type == VALUE_NUMBER && tag->state_count)
        mirror_tag_number(tag, instant->number, row->value, sizeof row->value);
    else if (instant->type == VALUE_NUMBER)
        num_format_fit(row->value, sizeof row->value, instant->number, tag->decimals,
                       FIELDS[FIELD_VALUE].width);
    else
        snprintf(row->value, sizeof row->value, "%s", instant->text);
    timefmt_local(row->time, sizeof row->time, instant->ts_us, TIMEFMT_MS);
    bool lost = column->gap && isnan(column->held) && isnan(column->low);
    row->quality = lost ? "gap" : quality_word(instant->quality);
    row->meaning = lost || quality_is_bad(instant->quality) ? MEANING_VALUE_BAD
                   : quality_is_good(instant->quality)      ? MEANING_VALUE
                                                            : MEANING_VALUE_UNCERTAIN;
}

static void trend_row_set_column(const struct mirror_tag *tag, const struct plot_column *column,
                                 struct trend_row *row)
{
    char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX];
    if (tag->kind == TAG_TEXT || column->count < 2 || !(column->low < column->high) || tag->state_count)
        return;
    num_format_fit(low, sizeof low, column->low, tag->decimals, 7);
    num_format_fit(high, sizeof high, column->high, tag->decimals, 7);
    snprintf(row->column, sizeof row->column, "%s – %s", low, high);
}

/* What is not good never looks like a live value. */
static void trend_row_mark(struct trend_row *row)
{
    char plain[LEGEND_TEXT_MAX - 3];
    if (row->meaning == MEANING_VALUE || !*row->value)
        return;
    snprintf(plain, sizeof plain, "%.*s", (int)sizeof plain - 1, row->value);
    snprintf(row->value, sizeof row->value, "(%s)", plain);
}

/* At the cursor where there is one and it is not on the present, else now. */
static void trend_row_of(const struct trend_picture *picture, struct trend_data *data,
                         struct screen_host *host, size_t pen, struct trend_row *row)
{
    const struct mirror_tag *tag = picture->pens[pen].tag;
    const struct plot_grid *grid = &picture->grid;
    int64_t column = trend_view_cursor_column(host->trends, grid);
    int64_t at_us = grid->start_us + grid->width_us * (column + 1) - 1;
    struct history_instant instant;
    *row = (struct trend_row){.quality = "", .meaning = MEANING_VALUE};
    if (!tag)
        return;
    if (column >= 0)
        trend_row_set_column(tag, &picture->pens[pen].columns[column], row);
    if (column < 0 || at_us >= host->wall_us)
        trend_row_of_tag(tag, row);
    else if (trend_data_instant(data, host, pen, at_us, &instant))
        trend_row_of_instant(tag, &instant, &picture->pens[pen].columns[column], row);
    else
        snprintf(row->value, sizeof row->value, "...");
    trend_row_mark(row);
}

/* ---- layout ---- */

struct trend_layout {
    int width[FIELD_COUNT]; /* 0: left out */
};

static struct trend_layout trend_layout_of(int columns, bool at_cursor)
{
    struct trend_layout layout;
    int used = LEGEND_MARK;
    for (int i = 0; i < FIELD_COUNT; i++) {
        layout.width[i] = columns >= FIELDS[i].from ? FIELDS[i].width : 0;
        if (i == FIELD_COLUMN && !at_cursor)
            layout.width[i] = 0;
        used += layout.width[i] ? layout.width[i] + 1 : 0;
    }
    int rest = columns - used + 1;
    int more =
        rest < LEGEND_NAME_MAX - FIELDS[FIELD_NAME].width ? rest : LEGEND_NAME_MAX - FIELDS[FIELD_NAME].width;
    layout.width[FIELD_NAME] += more; /* less than it has in a very narrow window */
    if (columns >= FIELDS[FIELD_DESCRIPTION].from && rest - more > 2)
        layout.width[FIELD_DESCRIPTION] = rest - more - 1;
    return layout;
}

static void trend_put_headings(const struct pane *pane, const struct trend_layout *layout, bool at_cursor)
{
    int x = LEGEND_MARK;
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (layout->width[i] <= 0)
            continue;
        const char *heading = i == FIELD_VALUE && at_cursor ? "AT CURSOR" : FIELDS[i].heading;
        if (FIELDS[i].right)
            pane_text_right(pane, x, 0, layout->width[i], MEANING_HEADING, heading);
        else
            pane_text(pane, x, 0, layout->width[i], MEANING_HEADING, heading);
        x += layout->width[i] + 1;
    }
}

/* ---- rows ---- */

static void trend_figure(const struct mirror_tag *tag, double figure, char *out, size_t size)
{
    if (isnan(figure))
        snprintf(out, size, "-");
    else if (tag->state_count)
        mirror_tag_number(tag, figure, out, size);
    else
        num_format_fit(out, size, figure, tag->decimals, FIELDS[FIELD_MIN].width);
}

static int trend_decimals(const char *number)
{
    const char *point = strchr(number, '.');
    return point ? (int)strspn(point + 1, "0123456789") : 0;
}

/* Where the tag does not say how many digits count: one more than its own values have. */
static void trend_average(const struct mirror_tag *tag, const struct plot_figures *figures, char *out,
                          size_t size)
{
    char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX];
    if (tag->decimals >= 0 || isnan(figures->average)) {
        trend_figure(tag, figures->average, out, size);
        return;
    }
    num_format(low, sizeof low, figures->low, -1);
    num_format(high, sizeof high, figures->high, -1);
    int decimals = trend_decimals(low) > trend_decimals(high) ? trend_decimals(low) : trend_decimals(high);
    num_format_fit(out, size, figures->average, decimals + 1, FIELDS[FIELD_AVERAGE].width);
}

/* The text of one field, where it is not part of the row of values. */
static void trend_field_text(const struct trend_pen *pen, enum trend_field field, char *out, size_t size)
{
    char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX];
    const struct mirror_tag *tag = pen->tag;
    out[0] = '\0';
    if (tag->kind == TAG_TEXT && field != FIELD_DESCRIPTION) /* a text has no figures */
        return;
    switch (field) {
    case FIELD_UNIT:
        snprintf(out, size, "%s", tag->unit);
        break;
    case FIELD_MIN:
        trend_figure(tag, pen->figures.low, out, size);
        break;
    case FIELD_MAX:
        trend_figure(tag, pen->figures.high, out, size);
        break;
    case FIELD_AVERAGE:
        if (!tag->state_count) /* between two states there is none */
            trend_average(tag, &pen->figures, out, size);
        break;
    case FIELD_SCALE:
        num_format_fit(low, sizeof low, pen->scale.low, -1, 8);
        num_format_fit(high, sizeof high, pen->scale.high, -1, 8);
        snprintf(out, size, "%s – %s", low, high);
        break;
    case FIELD_DESCRIPTION:
        snprintf(out, size, "%s", tag->description);
        break;
    default:
        break;
    }
}

static void trend_put_row(const struct pane *pane, int y, const struct trend_layout *layout,
                          const struct trend_pen *pen, const struct trend_row *row, enum meaning name_meaning)
{
    int x = LEGEND_MARK;
    for (int i = 0; i < FIELD_COUNT; i++) {
        char text[LEGEND_TEXT_MAX];
        int width = layout->width[i];
        if (width <= 0)
            continue;
        trend_field_text(pen, (enum trend_field)i, text, sizeof text);
        if (i == FIELD_NAME)
            pane_text(pane, x, y, width, name_meaning, pen->tag->name);
        else if (i == FIELD_VALUE)
            pane_text_right(pane, x, y, width, row->meaning, row->value);
        else if (i == FIELD_TIME)
            pane_text_right(pane, x, y, width, MEANING_DIM, row->time);
        else if (i == FIELD_COLUMN)
            pane_text_right(pane, x, y, width, MEANING_TEXT, row->column);
        else if (i == FIELD_QUALITY)
            pane_text(pane, x, y, width, row->meaning == MEANING_VALUE ? MEANING_DIM : row->meaning,
                      row->quality);
        else if (FIELDS[i].right)
            pane_text_right(pane, x, y, width, MEANING_TEXT, text);
        else
            pane_text(pane, x, y, width, MEANING_DIM, text);
        x += width + 1;
    }
}

void trend_legend_draw(struct trend_picture *picture, struct trend_data *data, struct screen_host *host,
                       const struct pane *pane)
{
    const struct trend_view *view = host->trends;
    struct trend_layout layout = trend_layout_of(pane->columns, view->has_cursor);
    int headed = pane->rows > 1;
    size_t rows = (size_t)(pane->rows - headed);
    size_t first = view->selected >= rows ? view->selected + 1 - rows : 0;
    if (headed)
        trend_put_headings(pane, &layout, view->has_cursor);
    picture->legend_first = first;
    for (size_t i = first; i < view->pen_count && i < first + rows; i++) {
        struct trend_row row;
        int y = (int)(i - first) + headed;
        char digit[2] = {trend_legend_digit(i), '\0'};
        pane_text(pane, 0, y, 1, trend_legend_meaning(i), digit);
        trend_row_of(picture, data, host, i, &row);
        if (picture->pens[i].tag)
            trend_put_row(pane, y, &layout, &picture->pens[i], &row, trend_legend_meaning(i));
        else
            pane_text(pane, LEGEND_MARK, y, -1, MEANING_WARNING, "this tag is gone");
        if (i == view->selected && view->pen_count > 1)
            pane_select_row(pane, y);
    }
}
