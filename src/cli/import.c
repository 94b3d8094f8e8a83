/* hmi import: back-filling the history from CSV. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/export_figures.h"
#include "cli/import_store.h"
#include "cli/outfile.h"
#include "cli/progress.h"
#include "config/config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#define IMPORT_MESSAGES  20   /* of refused rows; then they are counted */
#define IMPORT_SHOW_ROWS 4096 /* between two looks at the bar */

enum { IMPORT_KEY_CREATE = 256, IMPORT_KEY_SEPARATOR };

static const struct cli_option IMPORT_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {IMPORT_KEY_CREATE, "create", NULL,
     "make tags that the history does not know; consoles show them once the recorder has heard them"},
    {'n', "dry-run", NULL, "store nothing, say what would be done"},
    {IMPORT_KEY_SEPARATOR, "separator", "SIGN", "between the fields: a comma (the default), ';' or 'tab'"},
    {0},
};

/* A name in the file that no tag has. It is told with its first row, the rest are counted. */
struct import_unknown {
    char *name; /* owned */
    uint64_t more;
};

struct import {
    const char *path;        /* as it was typed */
    char name[ERR_TEXT_MAX]; /* the same, fit for a terminal */
    FILE *in;
    uint64_t bytes; /* of the file; 0: not known */
    bool dry;
    uint64_t samples, wrong, told; /* rows refused, and those of them that had a message */
    struct import_unknown unknown[IMPORT_MESSAGES];
    size_t unknown_count;
    struct progress progress;
};

static void import_complain(struct import *self, unsigned line, const char *text)
{
    char safe[ERR_TEXT_MAX];
    self->wrong++;
    if (self->told == IMPORT_MESSAGES)
        return;
    self->told++;
    progress_end(&self->progress);
    utf8_make_safe(safe, sizeof safe, text, strlen(text));
    fprintf(stderr, "%s:%u: %s\n", self->name, line, safe);
}

/* Each name is told once. */
static void import_complain_unknown(struct import *self, unsigned line, const char *tag)
{
    for (size_t i = 0; i < self->unknown_count; i++)
        if (!strcmp(self->unknown[i].name, tag)) {
            self->unknown[i].more++;
            self->wrong++;
            return;
        }
    if (self->told < IMPORT_MESSAGES)
        self->unknown[self->unknown_count++] = (struct import_unknown){.name = mem_copy_text(tag)};
    char *text = mem_format("there is no tag '%s'; --create makes it", tag);
    import_complain(self, line, text);
    free(text);
}

/* The refused rows that had no message of their own. */
static void import_complain_rest(const struct import *self)
{
    uint64_t rest = self->wrong - self->told;
    for (size_t i = 0; i < self->unknown_count; i++) {
        const struct import_unknown *unknown = &self->unknown[i];
        char safe[ERR_TEXT_MAX];
        rest -= unknown->more;
        utf8_make_safe(safe, sizeof safe, unknown->name, strlen(unknown->name));
        if (unknown->more)
            fprintf(stderr, "%s: and %" PRIu64 " more row%s of '%s'\n", self->name, unknown->more,
                    unknown->more == 1 ? "" : "s", safe);
    }
    if (rest)
        fprintf(stderr, "%s: and %" PRIu64 " more refused\n", self->name, rest);
}

static void import_show(struct import *self)
{
    long at = self->bytes ? ftell(self->in) : 0;
    if (at > 0)
        progress_show(&self->progress, (uint64_t)at, self->bytes, clock_mono_us());
}

static bool import_all(struct import *self, struct import_rows *rows, struct import_store *store,
                       struct err *err)
{
    for (;;) {
        struct import_sample sample;
        struct err wrong = {0};
        if (outfile_interrupted())
            return err_set(err, EX_TEMPFAIL, "interrupted; importing the file again goes on");
        switch (import_rows_next(rows, &sample, &wrong)) {
        case IMPORT_END:
            return import_store_flush(store, err);
        case IMPORT_FAILED:
            *err = wrong;
            return false;
        case IMPORT_WRONG:
            import_complain(self, import_rows_line(rows), wrong.text);
            continue;
        default:
            break;
        }
        switch (import_store_add(store, &sample, &wrong)) {
        case IMPORT_BROKEN:
            *err = wrong;
            return false;
        case IMPORT_UNKNOWN:
            import_complain_unknown(self, import_rows_line(rows), sample.tag);
            break;
        case IMPORT_REFUSED:
            import_complain(self, import_rows_line(rows), wrong.text);
            break;
        default:
            break;
        }
        if (++self->samples % IMPORT_SHOW_ROWS == 0)
            import_show(self);
    }
}

/* Columns as hmi export --every names them are figures, not samples, unless a tag has just that name. */
static bool import_check_columns(const struct import_rows *rows, const struct import_store *store,
                                 struct err *err)
{
    if (rows->tag != SIZE_MAX)
        return true;
    for (size_t i = 0; i < rows->columns; i++)
        if (i != rows->time && export_figures_is_column(rows->tags[i]) &&
            !import_store_knows(store, rows->tags[i]))
            return err_set(
                err, EX_DATAERR,
                "the column '%s' holds figures of intervals, as hmi export --every writes them, not "
                "samples: export without --every",
                rows->tags[i]);
    return true;
}

static void import_print(const struct import *self, const struct import_counts *counts)
{
    printf("%s: %" PRIu64 " sample%s %s, %" PRIu64 " there already, %" PRIu64 " refused", self->name,
           counts->stored, counts->stored == 1 ? "" : "s", self->dry ? "to be stored" : "stored",
           counts->known, self->wrong);
    if (counts->created)
        printf("; %" PRIu64 " tag%s %s", counts->created, counts->created == 1 ? "" : "s",
               self->dry ? "to be made" : "made");
    puts("");
    fflush(stdout);
    import_complain_rest(self);
}

/* What retention will take away again. */
static void import_warn_old(const struct import *self, const struct config *config,
                            const struct import_counts *counts)
{
    if (counts->old)
        fprintf(stderr,
                "%s: %" PRIu64
                " of these samples %s older than history.keep_days (%d), and the recorder deletes "
                "what is older within hours: raise keep_days before you start it, to keep %s\n",
                self->name, counts->old, counts->old == 1 ? "is" : "are", config->history.keep_days,
                counts->old == 1 ? "it" : "them");
}

/* In autumn a file of local times cannot say which of the two it means. */
static void import_warn_twice(const struct import *self, uint64_t rows)
{
    if (rows)
        fprintf(stderr,
                "%s: %" PRIu64
                " row%s a time that the plant's clock shows twice, and %s taken for the first: write "
                "such times with their offset, as in 2026-10-25 02:30+01:00\n",
                self->name, rows, rows == 1 ? " has" : "s have", rows == 1 ? "was" : "were");
}

static bool import_file(struct import *self, const struct config *config, char separator, bool create,
                        struct err *err)
{
    struct import_rows rows;
    struct import_store *store = NULL;
    int64_t now_us = clock_wall_us();
    progress_begin(&self->progress, "importing", PROGRESS_BYTES, clock_mono_us());
    bool good = import_rows_begin(&rows, self->in, separator, now_us, err);
    if (!good)
        err_prefix(err, "%s:1", self->path);
    store = good ? import_store_open(config, create, self->dry, now_us, err) : NULL;
    bool samples = store && import_check_columns(&rows, store, err);
    if (store && !samples)
        err_prefix(err, "%s:1", self->path);
    good = samples && import_all(self, &rows, store, err);
    progress_end(&self->progress);
    if (samples) {
        import_print(self, import_store_counts(store));
        import_warn_old(self, config, import_store_counts(store));
        import_warn_twice(self, rows.twice);
    }
    import_store_close(store);
    import_rows_free(&rows);
    return good;
}

static int import_run(struct import *self, const struct config *config, char separator, bool create)
{
    struct err err = {0};
    struct stat status;
    bool standard = !strcmp(self->path, "-");
    self->in = standard ? stdin : fopen(self->path, "re");
    if (!self->in) {
        fprintf(stderr, "hmi import: %s: %s\n", self->name, strerror(errno));
        return EX_NOINPUT;
    }
    if (fstat(fileno(self->in), &status) == 0 && S_ISREG(status.st_mode))
        self->bytes = (uint64_t)status.st_size;
    outfile_watch_signals();
    if (!import_file(self, config, separator, create, &err))
        fprintf(stderr, "hmi import: %s\n", err.text);
    for (size_t i = 0; i < self->unknown_count; i++)
        free(self->unknown[i].name);
    if (!standard)
        fclose(self->in);
    return err.code ? err.code : self->wrong ? EX_DATAERR : EX_OK;
}

/* The sign between the fields; 0 for what is none. */
static char import_separator(const char *text)
{
    if (!strcmp(text, "tab"))
        return '\t';
    return strlen(text) == 1 && strchr(",;|\t", *text) ? *text : 0;
}

static int import_run_command(const struct cli_command *command, int argc, char **argv)
{
    struct import self = {0};
    const char *given = NULL, *value;
    bool create = false;
    char separator = ',';
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key == '?')
            return EX_USAGE;
        if (key == 'c')
            given = value;
        else if (key == IMPORT_KEY_SEPARATOR)
            separator = import_separator(value);
        self.dry |= key == 'n';
        create |= key == IMPORT_KEY_CREATE;
    }
    if (argc - optind != 1 || !separator) {
        fprintf(stderr, separator ? "hmi import: name one file, or - for standard input\n"
                                  : "hmi import: a separator is one of , ; | and tab\n");
        return EX_USAGE;
    }
    struct config config;
    int status;
    if (!cli_load_config(command, given, &config, &status))
        return status;
    cli_use_timezone(&config);
    self.path = argv[optind];
    utf8_make_safe(self.name, sizeof self.name, self.path, strlen(self.path));
    status = import_run(&self, &config, separator, create);
    config_free(&config);
    return status;
}

const struct cli_command CLI_IMPORT = {
    .name = "import",
    .arguments = "FILE",
    .summary =
        "store samples from CSV, as hmi export writes it, while no recorder runs; what is there already "
        "is left out, and what is refused is told by its line",
    .options = IMPORT_OPTIONS,
    .run = import_run_command,
};
