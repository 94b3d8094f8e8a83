/* The columns of the Tags screen: which of them fit, how wide each is, and how a tag's cells are drawn.
 * Columns keep their place: widths that follow the data only ever grow. */
#ifndef UI_SCREENS_TAG_COLUMNS_H
#define UI_SCREENS_TAG_COLUMNS_H

#include "ui/canvas.h"
#include "ui/mirror.h"
#include "ui/tag_list.h"

#include <stdbool.h>
#include <stdint.h>

struct tag_columns {
    /* what the data asks for; grows */
    int name_need, description_need, unit_need;
    int whole_need, fraction_need; /* of numbers: before the point, and from the point on */
    bool trend_need, range_need;   /* there are numbers; there are ranges */
    bool alarm_need;               /* there are alarms, whether or not one stands */
    int text_need;                 /* of texts and states */
    /* what fits: column and width, 0 for none */
    struct {
        int x, width;
    } at[TAG_COLUMN_COUNT];
    int unit_x;
};

/* A value as text, and whether it lines up at a point. */
struct tag_value_text {
    char text[64];
    bool numeric;
    int whole, fraction; /* columns before the point, from the point on; others have all in `whole` */
};

/* The value as a cell shows it in at most `columns` (numbers; texts are cut when they are drawn); its widths
 * depend on the pane's level of drawing. */
struct tag_value_text tag_columns_value(const struct mirror_tag *tag, const struct pane *pane, int columns);

/* Takes what this row needs into account. */
void tag_columns_need(struct tag_columns *columns, const struct tag_row *row, const struct pane *pane);

/* Lays the columns out for so many columns of terminal. */
void tag_columns_layout(struct tag_columns *columns, int width);

/* The heading line in row `y`. */
void tag_columns_draw_heading(const struct tag_columns *columns, const struct pane *pane, int y,
                              const struct tag_list *list);

/* One tag or group in row `y`. */
void tag_columns_draw_row(const struct tag_columns *columns, const struct pane *pane, int y,
                          const struct tag_row *row, int64_t wall_us);

/* The column whose heading is at `x`; TAG_COLUMN_COUNT for none. */
enum tag_list_column tag_columns_at(const struct tag_columns *columns, int x);

/* How long ago, in steps that leave a quiet screen quiet:
 * "now" up to 10 s, "<1m", then minutes, hours, days. */
void tag_columns_age(char *out, size_t size, int64_t span_us);

/* The time that a small trend ends at: now, or for a tag without news a time that goes on with its age. */
int64_t tag_columns_trend_end_us(int64_t arrival_us, int64_t now_us);

#endif
