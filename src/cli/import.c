/* hmi import: back-filling the history from CSV. */
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/commands.h"
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

#define IMPORT_MESSAGES  20   /* of wrong rows; then they are counted */
#define IMPORT_SHOW_ROWS 4096 /* between two looks at the bar */

enum { IMPORT_KEY_CREATE = 256, IMPORT_KEY_SEPARATOR };

static const struct cli_option IMPORT_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {IMPORT_KEY_CREATE, "create", NULL, "make tags that the history does not know"},
    {'n', "dry-run", NULL, "store nothing, say what would be done"},
    {IMPORT_KEY_SEPARATOR, "separator", "SIGN", "between the fields: a comma (the default), ';' or 'tab'"},
    {0},
};

struct import {
    const char *path; /* as it was typed */
    FILE *in;
    uint64_t bytes; /* of the file; 0: not known */
    bool dry;
    uint64_t samples, wrong;
    struct map unknown; /* names of tags that were told; owned, their own keys */
    struct progress progress;
};

static void import_complain(struct import *self, unsigned line, const char *text)
{
    char safe[ERR_TEXT_MAX];
    if (++self->wrong > IMPORT_MESSAGES)
        return;
    progress_end(&self->progress);
    utf8_make_safe(safe, sizeof safe, text, strlen(text));
    fprintf(stderr, "%s:%u: %s\n", self->path, line, safe);
}

/* Each name is told once. */
static void import_complain_unknown(struct import *self, unsigned line, const char *tag)
{
    if (map_get_text(&self->unknown, tag)) {
        self->wrong++;
        return;
    }
    char *name = mem_copy_text(tag), *text = mem_format("there is no tag '%s'; --create makes it", tag);
    map_put_text(&self->unknown, name, name);
    import_complain(self, line, text);
    free(text);
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
        bool unknown = false;
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
        if (!import_store_add(store, &sample, &unknown, err))
            return false;
        if (unknown)
            import_complain_unknown(self, import_rows_line(rows), sample.tag);
        if (++self->samples % IMPORT_SHOW_ROWS == 0)
            import_show(self);
    }
}

static void import_print(const struct import *self, const struct import_counts *counts)
{
    printf("%s: %" PRIu64 " sample%s %s, %" PRIu64 " there already, %" PRIu64 " refused", self->path,
           counts->stored, counts->stored == 1 ? "" : "s", self->dry ? "to be stored" : "stored",
           counts->known, self->wrong);
    if (counts->created)
        printf("; %" PRIu64 " tag%s %s", counts->created, counts->created == 1 ? "" : "s",
               self->dry ? "to be made" : "made");
    puts("");
    fflush(stdout);
    if (self->wrong > IMPORT_MESSAGES)
        fprintf(stderr, "%s: %" PRIu64 " more\n", self->path, self->wrong - IMPORT_MESSAGES);
}

static bool import_file(struct import *self, const struct config *config, char separator, bool create,
                        struct err *err)
{
    struct import_rows rows;
    struct import_store *store = NULL;
    progress_begin(&self->progress, "importing", PROGRESS_BYTES, clock_mono_us());
    bool good = import_rows_begin(&rows, self->in, separator, clock_wall_us(), err);
    if (!good)
        err_prefix(err, "%s:1", self->path);
    store = good ? import_store_open(config, create, self->dry, err) : NULL;
    good = store && import_all(self, &rows, store, err);
    progress_end(&self->progress);
    if (store)
        import_print(self, import_store_counts(store));
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
        fprintf(stderr, "hmi import: %s: %s\n", self->path, strerror(errno));
        return EX_NOINPUT;
    }
    if (fstat(fileno(self->in), &status) == 0 && S_ISREG(status.st_mode))
        self->bytes = (uint64_t)status.st_size;
    map_init(&self->unknown);
    outfile_watch_signals();
    if (!import_file(self, config, separator, create, &err))
        fprintf(stderr, "hmi import: %s\n", err.text);
    size_t position = 0;
    for (char *name; (name = map_next(&self->unknown, &position));)
        free(name);
    map_free(&self->unknown);
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
    status = import_run(&self, &config, separator, create);
    config_free(&config);
    return status;
}

const struct cli_command CLI_IMPORT = {
    .name = "import",
    .arguments = "FILE",
    .summary =
        "store samples from CSV, as hmi export writes it, while no recorder runs; what is there already "
        "is left out",
    .options = IMPORT_OPTIONS,
    .run = import_run_command,
};
