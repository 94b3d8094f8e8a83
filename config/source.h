/* The text of a configuration with its included files in place, and where each of its lines came from.
 *
 * libconfig ends the program when an included name is a folder, stops at the first error with a bare message,
 * makes -1294967296 of 3000000000, and refuses [0, 150.0]. So the text is read, its includes are put in place
 * and its grammar is checked here first; libconfig then gets one sound text. */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include "base/buf.h"
#include "config/findings.h"

#define SOURCE_SIZE_MAX  (16u << 20) /* bytes, all files together */
#define SOURCE_DEPTH_MAX 8           /* files that include files */
#define SOURCE_FILES_MAX 200

struct source_line {
    const char *file;
    int line;
};

struct source {
    struct buf text;           /* NUL-terminated by source_read */
    struct source_line *lines; /* one for each line of the text */
    size_t line_count, line_capacity;
    char **files; /* their names, the main file's first */
    size_t file_count, file_capacity;
};

/* An empty text. Release with source_free(). */
void source_init(struct source *source);
void source_free(struct source *source);

/* Reads a file and all that it includes (`@include "FILE"` on a line of its own, relative to the main file's
 * folder). Files must belong to the user or root. False with faults when something could not be read. */
bool source_read(struct source *source, const char *path, struct findings *findings);

/* Where a line of the text (counted from 1) came from. */
struct source_line source_where(const struct source *source, int line);

/* The folder of a path, "." where it names none. The caller frees it. */
char *source_folder(const char *path);

#endif
