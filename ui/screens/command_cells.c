#include "ui/screens/command_cells.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "plant/command.h"
#include "plant/value.h"
#include "ui/widgets/grid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CELL_MAX        1200 /* bytes of a cell's text */
#define CELLS_TIME      8    /* columns of a time without date */
#define CELLS_DATE_FROM 110  /* columns of a terminal that has room for dates */
#define CELLS_LABEL     17   /* columns of the labels of one command in full */

/* How a state is shown besides its word: a shape, and a colour for what needs a person. */
static const struct {
    enum sign sign;
    enum meaning meaning;
} STATES[COMMAND_STATES] = {
    [COMMAND_CHECKED] = {SIGN_HALF, MEANING_STRONG},    [COMMAND_JOURNALED] = {SIGN_HALF, MEANING_STRONG},
    [COMMAND_PUBLISHED] = {SIGN_HALF, MEANING_STRONG},  [COMMAND_ACKNOWLEDGED] = {SIGN_HALF, MEANING_STRONG},
    [COMMAND_DONE] = {SIGN_ON, MEANING_TEXT},           [COMMAND_UNVERIFIED] = {SIGN_OFF, MEANING_TEXT},
    [COMMAND_MISMATCH] = {SIGN_FAILED, MEANING_ERROR},  [COMMAND_TIMED_OUT] = {SIGN_FAILED, MEANING_ERROR},
    [COMMAND_UNREACHED] = {SIGN_FAILED, MEANING_ERROR}, [COMMAND_REJECTED] = {SIGN_FAILED, MEANING_ERROR},
    [COMMAND_CANCELLED] = {SIGN_DASH, MEANING_WARNING}, [COMMAND_UNKNOWN] = {SIGN_FAILED, MEANING_ERROR},
    [COMMAND_REFUSED] = {SIGN_DASH, MEANING_WARNING},   [COMMAND_FOREIGN] = {SIGN_ARROW, MEANING_WARNING},
};

struct cell_row {
    const struct command_cells *cells;
    const struct wire_command *command;
    enum glyph_level level;
    bool dates; /* there is room for them */
};

typedef void cell_text(const struct cell_row *row, char *out, size_t size);

/* ---- values ---- */

/* The tag by which values are shown: of a discrete setpoint its readback, for START comes before RUNNING. NULL: it is
 * gone. */
static const struct mirror_tag *cells_tag(const struct mirror *mirror, const struct wire_command *command)
{
    const struct mirror_tag *tag = command->tag ? mirror_find(mirror, command->tag) : NULL;
    const struct mirror_tag *present = tag ? mirror_tag_present(mirror, tag) : NULL;
    return present && present->state_count ? present : tag;
}

/* `whole`: with digits that the tag hides, for what was sent and what came back are compared by them. */
static void cells_value(const struct mirror_tag *tag, uint32_t type, double number, const char *text,
                        bool whole, char *out, size_t size)
{
    if (type == VALUE_TEXT)
        snprintf(out, size, "%s", text);
    else if (type != VALUE_NUMBER)
        snprintf(out, size, "nothing");
    else if (!tag)
        num_format_whole(out, size, number, -1);
    else if (whole)
        mirror_tag_number_whole(tag, number, out, size);
    else
        mirror_tag_number(tag, number, out, size);
}

void command_cells_change(const struct mirror *mirror, const struct wire_command *command, char *out,
                          size_t size)
{
    const struct mirror_tag *tag = cells_tag(mirror, command);
    char old[CELL_MAX], new[CELL_MAX];
    bool unit = tag && *tag->unit && command->new_type == VALUE_NUMBER && !tag->state_count;
    out[0] = '\0';
    if (command->state == COMMAND_FOREIGN)
        return; /* the detail tells what was published */
    cells_value(tag, command->old_type, command->old_number, command->old_text, false, old, sizeof old);
    cells_value(tag, command->new_type, command->new_number, command->new_text, true, new, sizeof new);
    snprintf(out, size, "%.500s -> %.500s%s%.100s", old, new, unit ? " " : "", unit ? tag->unit : "");
}

/* ---- cells ---- */

static void cell_time(const struct cell_row *row, char *out, size_t size)
{
    if (row->dates)
        timefmt_local(out, size, row->command->asked_us, TIMEFMT_DATE);
    else
        timefmt_recent(out, size, row->command->asked_us, row->cells->wall_us, 0, CELLS_TIME);
}

static void cell_state(const struct cell_row *row, char *out, size_t size)
{
    uint32_t state = row->command->state;
    snprintf(out, size, "%s %s", glyph_sign(STATES[state].sign, row->level), COMMAND_STATE_WORDS[state]);
}

static void cell_tag(const struct cell_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", row->command->tag_name);
}

static void cell_change(const struct cell_row *row, char *out, size_t size)
{
    command_cells_change(row->cells->mirror, row->command, out, size);
}

static void cell_operator(const struct cell_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", row->command->operator_name);
}

static void cell_station(const struct cell_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", row->command->station);
}

static void cells_ms(int64_t ms, char *out, size_t size)
{
    out[0] = '\0';
    if (ms >= 0 && ms < 10000)
        snprintf(out, size, "%" PRId64 " ms", ms);
    else if (ms >= 0)
        snprintf(out, size, "%.1f s", (double)ms / 1e3);
}

/* From the request to its end; of one that is under way the time that runs, -1 where it is not known. */
static int64_t cells_elapsed_ms(const struct command_cells *cells, const struct wire_command *command)
{
    if (command_state_is_cheap((enum command_state)command->state))
        return -1;
    if (command->state < COMMAND_DONE) {
        int64_t span_us = cells->wall_us - command->asked_us;
        return span_us > 0 ? span_us / 1000 : 0;
    }
    return command->ms_ended >= 0 ? command->ms_ended : command->ms_readback;
}

static void cell_elapsed(const struct cell_row *row, char *out, size_t size)
{
    cells_ms(cells_elapsed_ms(row->cells, row->command), out, size);
}

static void cell_sent(const struct cell_row *row, char *out, size_t size)
{
    cells_ms(row->command->ms_published, out, size);
}

static void cell_broker(const struct cell_row *row, char *out, size_t size)
{
    cells_ms(row->command->ms_broker, out, size);
}

static void cell_readback(const struct cell_row *row, char *out, size_t size)
{
    cells_ms(row->command->ms_readback, out, size);
}

/* Why it was given, and what was said of it. */
static void cell_words(const struct cell_row *row, char *out, size_t size)
{
    const struct wire_command *command = row->command;
    const char *const texts[] = {command->detail, command->answer, command->reason};
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof texts / sizeof *texts && used + 1 < size; i++) {
        if (!*texts[i])
            continue;
        int wrote = snprintf(out + used, size - used, "%s%.300s", used ? "; " : "", texts[i]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

static const struct {
    struct grid_column column;
    cell_text *text;
} COLUMNS[] = {
    {{"TIME", CELLS_TIME, 19, 0, GRID_LEFT}, cell_time}, {{"OUTCOME", 14, 14, 0, GRID_LEFT}, cell_state},
    {{"TAG", 12, 40, 0, GRID_LEFT}, cell_tag},           {{"CHANGE", 15, 40, 0, GRID_LEFT}, cell_change},
    {{"BY", 5, 16, 1, GRID_LEFT}, cell_operator},        {{"TOOK", 7, 8, 1, GRID_RIGHT}, cell_elapsed},
    {{"SENT", 6, 8, 4, GRID_RIGHT}, cell_sent},          {{"BROKER", 6, 8, 5, GRID_RIGHT}, cell_broker},
    {{"READ BACK", 9, 9, 6, GRID_RIGHT}, cell_readback}, {{"STATION", 7, 30, 3, GRID_LEFT}, cell_station},
    {{"REASON", 8, 0, 2, GRID_LEFT}, cell_words},
};
#define COLUMN_COUNT (sizeof COLUMNS / sizeof *COLUMNS)

/* ---- rows ---- */

static enum meaning cells_meaning(const struct cell_row *row, cell_text *text)
{
    if (text == cell_state)
        return STATES[row->command->state].meaning;
    if (text == cell_tag && row->command->state < COMMAND_DONE)
        return MEANING_STRONG;
    if (text == cell_time || text == cell_tag || text == cell_change || text == cell_operator)
        return MEANING_TEXT;
    return MEANING_DIM;
}

struct cell_table {
    const struct command_cells *cells;
    const struct command_list *list;
    enum glyph_level level;
    bool dates;
};

static struct cell_row cell_row_at(const struct cell_table *table, size_t row)
{
    return (struct cell_row){.cells = table->cells,
                             .command = table->list->rows[row],
                             .level = table->level,
                             .dates = table->dates};
}

static void cell_table_text(const void *context, size_t row, size_t column, char *out, size_t size)
{
    struct cell_row cell = cell_row_at(context, row);
    COLUMNS[column].text(&cell, out, size);
}

static enum meaning cell_table_meaning(const void *context, size_t row, size_t column)
{
    struct cell_row cell = cell_row_at(context, row);
    return cells_meaning(&cell, COLUMNS[column].text);
}

void command_cells_draw(const struct command_cells *cells, const struct command_list *list,
                        const struct pane *pane)
{
    struct grid_column columns[COLUMN_COUNT];
    struct cell_table table = {
        .cells = cells, .list = list, .level = pane_level(pane), .dates = pane->columns >= CELLS_DATE_FROM};
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        columns[i] = COLUMNS[i].column;
    grid_draw_rows(&(struct grid_rows){.columns = columns,
                                       .column_count = COLUMN_COUNT,
                                       .top = list->top,
                                       .count = list->row_count,
                                       .cursor = list->cursor,
                                       .context = &table,
                                       .memory = cells->memory,
                                       .text = cell_table_text,
                                       .meaning = cell_table_meaning},
                   pane);
}

/* ---- one in full ---- */

struct cells_page {
    const struct pane *pane;
    int y;
};

/* A line with its label; "" leaves it out. */
static void cells_line(struct cells_page *page, const char *label, enum meaning meaning, const char *text)
{
    const struct pane *pane = page->pane;
    if (!*text)
        return;
    pane_text(pane, 2, page->y, CELLS_LABEL - 1, MEANING_DIM, label);
    int rows =
        pane_paragraph(pane, 2 + CELLS_LABEL, page->y, pane->columns - CELLS_LABEL - 4, 2, meaning, text);
    page->y += rows > 1 ? rows : 1;
}

static void cells_stage(struct cells_page *page, const char *label, int64_t ms)
{
    char text[32];
    cells_ms(ms, text, sizeof text);
    cells_line(page, label, MEANING_TEXT, text);
}

static void cells_describe_giver(const struct wire_command *command, char *out, size_t size)
{
    bool placed = *command->station != '\0';
    snprintf(out, size, "%.100s%s%.200s%s", command->operator_name, placed ? " (" : "", command->station,
             placed ? ")" : "");
}

/* A clock that runs while it is under way; then what each stage took, counted from the request. */
static void cells_stages(struct cells_page *page, const struct command_cells *cells,
                         const struct wire_command *command)
{
    bool ended = command->state >= COMMAND_DONE;
    cells_stage(page, "on record", command->ms_journaled);
    cells_stage(page, "sent", command->ms_published);
    cells_stage(page, "broker answered", command->ms_broker);
    cells_stage(page, "read back", command->ms_readback);
    cells_stage(page, ended ? "ended" : "so far", cells_elapsed_ms(cells, command));
}

void command_cells_draw_whole(const struct command_cells *cells, const struct wire_command *command,
                              const struct pane *pane)
{
    struct cells_page page = {.pane = pane, .y = 1};
    const struct mirror_tag *tag = cells_tag(cells->mirror, command);
    char text[CELL_MAX];
    timefmt_local(text, sizeof text, command->asked_us, TIMEFMT_DATE | TIMEFMT_MS);
    cells_line(&page, "time", MEANING_TEXT, text);
    cells_line(&page, "tag", MEANING_STRONG, command->tag_name);
    cells_line(&page, "", MEANING_DIM, tag ? tag->description : "");
    command_cells_change(cells->mirror, command, text, sizeof text);
    cells_line(&page, "change", MEANING_TEXT, text);
    cells_describe_giver(command, text, sizeof text);
    cells_line(&page, "given by", MEANING_TEXT, text);
    cells_line(&page, "reason", MEANING_TEXT, command->reason);
    snprintf(text, sizeof text, "%s %s", glyph_sign(STATES[command->state].sign, pane_level(pane)),
             COMMAND_STATE_WORDS[command->state]);
    cells_line(&page, "outcome", STATES[command->state].meaning, text);
    cells_line(&page, "", MEANING_TEXT, COMMAND_STATE_TEXTS[command->state]);
    cells_line(&page, "", MEANING_TEXT, command->detail);
    cells_stages(&page, cells, command);
    if (command->readback_type != VALUE_NONE) {
        cells_value(tag, command->readback_type, command->readback_number, command->readback_text, true, text,
                    sizeof text);
        bool unit = tag && *tag->unit && command->readback_type == VALUE_NUMBER && !tag->state_count;
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", unit ? " " : "", unit ? tag->unit : "");
        cells_line(&page, "readback said", MEANING_TEXT, text);
    }
    cells_line(&page, "device answered", MEANING_TEXT, command->answer);
}
