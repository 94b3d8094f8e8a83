/* A table for people on standard output: columns as wide as their contents, numbers aligned at the point. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 12

enum table_align {
    TABLE_LEFT,
    TABLE_RIGHT,
    TABLE_POINT /* numbers by their decimal point; other texts to the left */
};

struct table_column {
    const char *heading;
    enum table_align align;
};

struct table;

/* The columns are borrowed. Release with table_free(). */
struct table *table_new(const struct table_column *columns, size_t count);
void table_free(struct table *table);

/* Adds a row of `count` cells (safe UTF-8, copied; NULL: empty). */
void table_add(struct table *table, const char *const *cells);

/* Prints headings and rows, each indented by `indent` blanks;
 * headings are left out when they are all empty. */
void table_print(const struct table *table, FILE *out, int indent);

#endif
