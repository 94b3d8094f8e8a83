#include "cli/table.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct table {
    const struct table_column *columns;
    size_t column_count;
    char **cells; /* owned, row by row */
    size_t count, capacity;
};

/* Room that a column takes: of a column of numbers, before and behind the start of the decimals. */
struct table_width {
    int all, whole, decimals;
};

struct table *table_new(const struct table_column *columns, size_t count)
{
    struct table *table = mem_new(1, sizeof *table);
    table->columns = columns;
    table->column_count = count < TABLE_COLUMNS_MAX ? count : TABLE_COLUMNS_MAX;
    return table;
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

void table_add(struct table *table, const char *const *cells)
{
    table->cells =
        mem_grow(table->cells, &table->capacity, table->count + table->column_count, sizeof(char *));
    for (size_t i = 0; i < table->column_count; i++)
        table->cells[table->count++] = mem_copy_text(cells[i] ? cells[i] : "");
}

static bool table_is_number(const char *text)
{
    double number;
    return num_parse(text, strlen(text), &number);
}

static void table_widen(struct table_width *width, const struct table_column *column, const char *cell)
{
    int all = utf8_columns(cell);
    if (column->align == TABLE_POINT && table_is_number(cell)) {
        int whole = (int)strcspn(cell, ".");
        if (whole > width->whole)
            width->whole = whole;
        if (all - whole > width->decimals)
            width->decimals = all - whole;
        all = width->whole + width->decimals;
    }
    if (all > width->all)
        width->all = all;
}

static void table_print_cell(FILE *out, const struct table_column *column, const struct table_width *width,
                             const char *cell, bool last)
{
    int before = 0;
    if (column->align == TABLE_RIGHT)
        before = width->all - utf8_columns(cell);
    else if (column->align == TABLE_POINT && table_is_number(cell))
        before = width->all - width->decimals - (int)strcspn(cell, ".");
    int after = width->all - before - utf8_columns(cell);
    fprintf(out, "%*s%s%*s", before, "", cell, last ? 0 : after + 2, "");
}

void table_print(const struct table *table, FILE *out, int indent)
{
    struct table_width widths[TABLE_COLUMNS_MAX] = {{0}};
    size_t columns = table->column_count;
    bool headings = false;
    for (size_t i = 0; i < table->count; i++)
        table_widen(&widths[i % columns], &table->columns[i % columns], table->cells[i]);
    for (size_t i = 0; i < columns; i++) {
        table_widen(&widths[i], &(struct table_column){.align = TABLE_LEFT}, table->columns[i].heading);
        headings = headings || *table->columns[i].heading;
    }
    for (size_t i = 0; headings && i < columns; i++) {
        if (i == 0)
            fprintf(out, "%*s", indent, "");
        table_print_cell(out, &table->columns[i], &widths[i], table->columns[i].heading, i + 1 == columns);
    }
    if (headings)
        fputc('\n', out);
    for (size_t i = 0; i < table->count; i++) {
        size_t column = i % columns;
        if (column == 0)
            fprintf(out, "%*s", indent, "");
        table_print_cell(out, &table->columns[column], &widths[column], table->cells[i],
                         column + 1 == columns);
        if (column + 1 == columns)
            fputc('\n', out);
    }
}
