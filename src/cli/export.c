/* hmi export: the history of some tags as CSV or JSON lines. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/export_run.h"
#include "cli/outfile.h"
#include "config/config.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define EXPORT_MODE 0640

enum { EXPORT_KEY_FROM = 256, EXPORT_KEY_TO, EXPORT_KEY_LONG, EXPORT_KEY_LOCAL, EXPORT_KEY_NO_HEADER };

static const struct cli_option EXPORT_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {EXPORT_KEY_FROM, "from", "TIME", "from this time on (else from the first sample); " WHEN_FORMS},
    {EXPORT_KEY_TO, "to", "TIME", "up to, and without, this time (else now)"},
    {'e', "every", "SPAN", "figures of each 30s, 15m, 8h, 1d or 1w of the plant's clock, not the samples"},
    {'a', "aggregate", "NAMES",
     "of the intervals, by commas: avg (the default), and others of the list below"},
    {'F', "format", "FORMAT", "csv (RFC 4180; the default) or json (one object a line)"},
    {'o', "output", "FILE", "into a file, which appears when it is complete; else to standard output"},
    {'f', "force", NULL, "replace FILE"},
    {EXPORT_KEY_LONG, "long", NULL, "intervals of several tags one below the other, not in columns"},
    {EXPORT_KEY_LOCAL, "local", NULL, "times of the plant's clock with their offset, not in UTC"},
    {EXPORT_KEY_NO_HEADER, "no-header", NULL, "CSV without the names of the columns"},
    {0},
};

struct export_options {
    const char *config, *from, *to, *every, *aggregate, *format, *output;
    bool force, one_below_other, local, no_header;
};

static bool export_read_options(const struct cli_command *command, int argc, char **argv,
                                struct export_options *options)
{
    const char *value;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        const char **text = key == 'c'               ? &options->config
                            : key == EXPORT_KEY_FROM ? &options->from
                            : key == EXPORT_KEY_TO   ? &options->to
                            : key == 'e'             ? &options->every
                            : key == 'a'             ? &options->aggregate
                            : key == 'F'             ? &options->format
                            : key == 'o'             ? &options->output
                                                     : NULL;
        bool *flag = key == 'f'                    ? &options->force
                     : key == EXPORT_KEY_LONG      ? &options->one_below_other
                     : key == EXPORT_KEY_LOCAL     ? &options->local
                     : key == EXPORT_KEY_NO_HEADER ? &options->no_header
                                                   : NULL;
        if (!text && !flag)
            return false;
        if (text)
            *text = value;
        else
            *flag = true;
    }
    return true;
}

/* ---- which tags ---- */

struct export_tags {
    char *const *patterns;
    bool *used; /* of the patterns */
    char **names;
    size_t count, capacity;
};

/* A name that is written out is that tag, whatever signs are in it; else it is a pattern of the shell. */
static bool export_take_tag(void *context, const struct query_latest *latest)
{
    struct export_tags *tags = context;
    bool wanted = false;
    for (size_t i = 0; tags->patterns[i]; i++) {
        bool fits = !strcmp(tags->patterns[i], latest->tag) || !fnmatch(tags->patterns[i], latest->tag, 0);
        tags->used[i] |= fits;
        wanted |= fits;
    }
    if (wanted) {
        tags->names = mem_grow(tags->names, &tags->capacity, tags->count + 1, sizeof *tags->names);
        tags->names[tags->count++] = mem_copy_text(latest->tag);
    }
    return true;
}

static bool export_find_tags(struct query *query, struct export_tags *tags, struct err *err)
{
    if (!query_each_latest(query, export_take_tag, tags, err))
        return false;
    for (size_t i = 0; tags->patterns[i]; i++)
        if (!tags->used[i])
            return err_set(err, EX_DATAERR, "no tag matches '%s'; hmi sql 'SELECT tag FROM tags' lists them",
                           tags->patterns[i]);
    return true;
}

static void export_free_tags(struct export_tags *tags)
{
    for (size_t i = 0; i < tags->count; i++)
        free(tags->names[i]);
    free(tags->names);
    free(tags->used);
}

/* ---- which time ---- */

static bool export_note_first(void *context, const struct query_sample *sample)
{
    int64_t *first_us = context;
    *first_us = sample->ts_us < *first_us ? sample->ts_us : *first_us;
    return false;
}

/* The first sample of all tags. */
static bool export_find_first(struct export_run *run, struct err *err)
{
    bool good = true;
    run->from_us = run->to_us - 1;
    for (size_t i = 0; good && i < run->tag_count; i++) {
        struct query_tag tag;
        good = query_find_tag(run->query, run->tags[i], &tag, err);
        if (!good)
            break;
        good = query_range(run->query, tag.id, INT64_MIN / 2, run->to_us - 1, 1, export_note_first,
                           &run->from_us, err);
        query_tag_free(&tag);
    }
    return good;
}

static bool export_parse_time(const char *text, int64_t now_us, int64_t *ts_us, struct err *err)
{
    return when_parse(text, now_us, ts_us) ||
           err_set(err, EX_USAGE, "'%s' is no time; times are written like %s", text, WHEN_FORMS);
}

static bool export_set_span(struct export_run *run, const struct export_options *options, struct err *err)
{
    int64_t now_us = clock_wall_us();
    run->to_us = now_us + 1;
    if (options->to && !export_parse_time(options->to, now_us, &run->to_us, err))
        return false;
    if (options->from ? !export_parse_time(options->from, now_us, &run->from_us, err)
                      : !export_find_first(run, err))
        return false;
    if (run->from_us >= run->to_us)
        return err_set(err, EX_USAGE, "--from is not before --to");
    if (run->has_every)
        run->from_us = when_align(&run->every, run->from_us);
    return true;
}

/* ---- */

static bool export_set_shape(struct export_run *run, const struct export_options *options, struct err *err)
{
    run->header = !options->no_header;
    run->put.local = options->local;
    run->has_every = options->every != NULL;
    if (options->format && !strcmp(options->format, "json"))
        run->put.json = true;
    else if (options->format && strcmp(options->format, "csv") != 0)
        return err_set(err, EX_USAGE, "there is no format '%s'; there are csv and json", options->format);
    run->header &= !run->put.json;
    if (!run->has_every && (options->aggregate || options->one_below_other))
        return err_set(err, EX_USAGE, "--aggregate and --long are for intervals: give --every, too");
    if (run->has_every && !when_parse_span(options->every, &run->every))
        return err_set(err, EX_USAGE, "'%s' is no span; spans are written like 30s, 15m, 8h, 1d, 1w",
                       options->every);
    run->wide = run->has_every && !options->one_below_other;
    return export_figures_parse(options->aggregate ? options->aggregate : "avg", run->figures,
                                &run->figure_count, err);
}

/* Opens what is written to: standard output as it is, or the file that the options name. */
static bool export_open(struct export_run *run, const struct export_options *options, struct outfile *file,
                        struct err *err)
{
    run->out = stdout;
    run->put.terminal = !options->output && isatty(STDOUT_FILENO);
    if (!options->output)
        return true;
    outfile_watch_signals();
    if (!outfile_open(file, options->output, EXPORT_MODE, options->force, err))
        return false;
    run->out = file->stream;
    return true;
}

static bool export_do(struct export_run *run, const struct export_options *options, struct err *err)
{
    struct outfile file = {0};
    progress_begin(&run->progress, "exporting", PROGRESS_SECONDS, clock_mono_us());
    /* A bar would be in the way of rows on the same screen, and of a pager's. */
    struct stat status;
    bool to_file = options->output || (fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode));
    run->progress.terminal = run->progress.terminal && to_file;
    bool good =
        export_open(run, options, &file, err) && export_set_span(run, options, err) && export_run(run, err);
    progress_end(&run->progress);
    if (good && options->output)
        good = outfile_finish(&file, err);
    else if (good && fflush(stdout) != 0)
        good = err_set(err, EX_IOERR, "cannot write: %s", strerror(errno));
    outfile_drop(&file);
    return good;
}

/* A state that is mistyped would be told as one that never was. */
static bool export_check_states(const struct export_run *run, struct err *err)
{
    for (size_t i = 0; i < run->figure_count; i++) {
        bool suits = false, good = true;
        for (size_t tag = 0; good && !suits && tag < run->tag_count; tag++) {
            struct query_tag found;
            good = query_find_tag(run->query, run->tags[tag], &found, err);
            suits = good && export_figure_suits(&run->figures[i], &found);
            if (good)
                query_tag_free(&found);
        }
        if (!good)
            return false;
        if (!suits)
            return err_set(err, EX_DATAERR, "'%s' has no state '%s'; hmi.cfg names its states", run->tags[0],
                           run->figures[i].state);
    }
    return true;
}

static bool export_from_config(const struct config *config, const struct export_options *options,
                               char *const *patterns, struct err *err)
{
    struct export_run run = {0};
    size_t count = 0;
    while (patterns[count])
        count++;
    struct export_tags tags = {.patterns = patterns, .used = mem_new(count, sizeof *tags.used)};
    bool good = (!options->output || outfile_spares_plant(options->output, config, err)) &&
                (run.query = query_open(config->history.file, err)) != NULL &&
                export_find_tags(run.query, &tags, err);
    run.tags = tags.names;
    run.tag_count = tags.count;
    good = good && export_set_shape(&run, options, err) && export_check_states(&run, err) &&
           export_do(&run, options, err);
    export_figures_free(run.figures, run.figure_count);
    buf_free(&run.put.text);
    export_free_tags(&tags);
    query_close(run.query);
    return good;
}

static int export_run_command(const struct cli_command *command, int argc, char **argv)
{
    struct export_options options = {0};
    struct config config;
    struct err err = {0};
    int status;
    if (!export_read_options(command, argc, argv, &options))
        return EX_USAGE;
    if (optind == argc) {
        fprintf(stderr, "hmi export: name the tags, or '*' for all of them\n");
        return EX_USAGE;
    }
    if (!cli_load_config(command, options.config, &config, &status))
        return status;
    cli_use_timezone(&config);
    if (!export_from_config(&config, &options, argv + optind, &err) && *err.text)
        fprintf(stderr, "hmi export: %s\n", err.text);
    config_free(&config);
    return err.code;
}

const struct cli_command CLI_EXPORT = {
    .name = "export",
    .arguments = "TAG...",
    .summary = "print the history of tags as CSV or JSON; a TAG may be a pattern, such as 'boiler.*'",
    .options = EXPORT_OPTIONS,
    .words = &(const struct cli_words){"Aggregates", export_figures_word},
    .run = export_run_command,
};
