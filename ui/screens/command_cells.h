/* What the Commands screen says of a command: in a row, and in full. */
#ifndef UI_SCREENS_COMMAND_CELLS_H
#define UI_SCREENS_COMMAND_CELLS_H

#include "ui/canvas.h"
#include "ui/command_list.h"
#include "ui/mirror.h"
#include "ui/widgets/grid.h"

#include <stdint.h>

/* What pictures of commands need besides them; valid during the call. */
struct command_cells {
    const struct mirror *mirror;
    int64_t wall_us;
    struct grid_memory *memory; /* of the columns of the list */
};

/* Heading in row 0 of `pane`, from row 1 on the rows from list->top on, with the cursor. */
void command_cells_draw(const struct command_cells *cells, const struct command_list *list,
                        const struct pane *pane);

/* All that is known of one command. */
void command_cells_draw_whole(const struct command_cells *cells, const struct wire_command *command,
                              const struct pane *pane);

/* "40.0 -> 42.5 °C", as the tag shows its values; of a foreign one what was published. */
void command_cells_change(const struct mirror *mirror, const struct wire_command *command, char *out,
                          size_t size);

#endif
