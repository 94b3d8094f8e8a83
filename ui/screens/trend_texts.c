#include "ui/screens/trend_texts.h"

#include "base/utf8.h"
#include "ui/screens/trend_legend.h"
#include "ui/screens/trend_scale.h"

#include <string.h>

#define TREND_TEXT_LEAST 4 /* columns of one that is cut */

/* Where the texts of one pen go: a row of the plot, and the column behind the last that the pen has. */
struct trend_texts {
    const struct trend_picture *picture;
    const struct pane *pane;
    enum meaning meaning;
    int y, end;
};

static int trend_texts_cell(const struct trend_picture *picture, size_t span)
{
    return (int)(span / (picture->area.spans / (size_t)picture->area.columns));
}

/* The column of the plot in which a time lies; of one before the picture the first that the pen has. */
static int trend_texts_column(const struct trend_picture *picture, size_t pen, int64_t ts_us)
{
    int64_t column = plot_grid_column(&picture->grid, ts_us);
    size_t span = column < 0 ? 0 : (size_t)column;
    while (column < 0 && span < picture->grid.count && !picture->pens[pen].columns[span].good_us)
        span++;
    return trend_texts_cell(picture, span < picture->grid.count ? span : picture->grid.count);
}

static bool trend_texts_is_free(const struct trend_texts *texts, int x)
{
    const struct pane *pane = texts->pane;
    const struct chart_area *area = &texts->picture->area;
    const struct cell *cell = canvas_cell(pane->canvas, pane->x + area->x + x, pane->y + area->y + texts->y);
    return cell && (cell->code_point == ' ' || cell->meaning == MEANING_CHART_AXIS);
}

/* From column x on, up to the next one at `end`. */
static void trend_texts_put(const struct trend_texts *texts, int x, int end, const char *text)
{
    const struct chart_area *area = &texts->picture->area;
    int room = 0, wanted = pane_text_columns(texts->pane, text) + 1;
    while (x + room < end && x + room < area->columns && room < wanted &&
           trend_texts_is_free(texts, x + room))
        room++;
    if (!*text || !room)
        return;
    pane_sign(texts->pane, area->x + x, area->y + texts->y, texts->meaning, SIGN_VERTICAL);
    if (room == wanted || room > TREND_TEXT_LEAST)
        pane_text(texts->pane, area->x + x + 1, area->y + texts->y, room - 1, texts->meaning, text);
}

/* Whether the live text is this one, which is cut as the history's are. */
static bool trend_texts_is_same(const struct history_text *known, const char *live)
{
    char cut[sizeof known->text];
    utf8_make_safe(cut, sizeof cut, live, strlen(live));
    return !strcmp(known->text, cut);
}

/* The text that came since the history was asked: in the last column that has news. False: none that is known. */
static bool trend_texts_live(const struct trend_picture *picture, const struct trend_data *data, size_t pen,
                             const struct history_text *last, int *x)
{
    const struct trend_pen *trend = &picture->pens[pen];
    if (!trend->tag->live || trend->tag->type != VALUE_TEXT || trend_texts_is_same(last, trend->tag->text))
        return false;
    for (size_t i = picture->grid.count; i-- > 0;)
        if (trend->columns[i].count) {
            *x = trend_texts_cell(picture, i);
            return plot_grid_end_us(&picture->grid) > data->answered.until_us;
        }
    return false;
}

void trend_texts_draw(const struct trend_picture *picture, const struct trend_data *data, size_t pen,
                      const struct pane *pane)
{
    const struct trend_pen *trend = &picture->pens[pen];
    const struct chart_area *area = &picture->area;
    struct trend_texts texts = {
        .picture = picture, .pane = pane, .meaning = trend_legend_meaning(pen), .end = area->columns};
    const struct history_text *last = NULL;
    int live_x = 0;
    texts.y = chart_scale_row(&trend->scale, trend_scale_text_level(pen), area->rows) - 1;
    if (texts.y < 0)
        return;
    for (size_t i = 0; i < data->text_count; i++)
        if (data->texts[i].tag == trend->tag->id)
            last = &data->texts[i];
    if (last && trend_texts_live(picture, data, pen, last, &live_x)) {
        trend_texts_put(&texts, live_x, texts.end, trend->tag->text);
        texts.end = live_x;
    }
    for (size_t i = data->text_count; i-- > 0;) {
        if (data->texts[i].tag != trend->tag->id)
            continue;
        int x = trend_texts_column(picture, pen, data->texts[i].ts_us);
        trend_texts_put(&texts, x, texts.end, data->texts[i].text);
        texts.end = x;
    }
}
