/* What the rows of the Alarms screen say, column by column: for those that stand and for those that are withheld. */
#ifndef UI_SCREENS_ALARM_CELLS_H
#define UI_SCREENS_ALARM_CELLS_H

#include "ui/alarm_list.h"
#include "ui/canvas.h"
#include "ui/mirror.h"
#include "ui/widgets/grid.h"

#include <stdbool.h>
#include <stdint.h>

/* What a picture of rows needs besides the list; valid during the call. */
struct alarm_cells {
    const struct mirror *mirror;
    const struct alarm_list *list;
    int64_t wall_us;
    struct grid_memory *memory; /* of the columns of this list */
};

/* Heading in row 0 of `pane`, from row 1 on the rows from list->top on, with the cursor. */
void alarm_cells_draw(const struct alarm_cells *cells, const struct pane *pane);

/* What sets it apart from others, as a sentence, with what to do about it; "": nothing does. */
void alarm_cells_advice(const struct wire_alarm *alarm, char *out, size_t size);

#endif
