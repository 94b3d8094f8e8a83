/* hmi backup: the history as it is now, and the configuration beside it, while the recorder goes on. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/outfile.h"
#include "cli/progress.h"
#include "config/config.h"
#include "config/source.h"
#include "db/backup.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sysexits.h>

#define BACKUP_MODE 0640 /* as the history itself */

static const struct cli_option BACKUP_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {'f', "force", NULL, "replace files of these names"},
    {0},
};

/* Writes the configuration with the files that it includes put in place, so that it is one file. */
static bool backup_write_config(const char *path, FILE *out, struct err *err)
{
    struct findings findings;
    struct source source;
    findings_init(&findings);
    source_init(&source);
    bool good = source_read(&source, path, &findings);
    if (good)
        fwrite(source.text.data, 1, source.text.length, out);
    else
        err_set(err, EX_NOINPUT, "%s: it or a file that it includes cannot be read; see hmi check.", path);
    source_free(&source);
    findings_free(&findings);
    return good;
}

/* Says beforehand that there is not enough room, instead of filling a disk that others use. */
static bool backup_has_room(const char *path, uint64_t bytes, struct err *err)
{
    struct statvfs disk;
    char need[24], have[24];
    if (statvfs(path, &disk) != 0 || (uint64_t)disk.f_bavail * disk.f_frsize > bytes)
        return true;
    progress_format_bytes(need, sizeof need, bytes);
    progress_format_bytes(have, sizeof have, (uint64_t)disk.f_bavail * disk.f_frsize);
    return err_set(err, EX_IOERR, "%s: the copy takes %s, and its disk has %s left.", path, need, have);
}

static bool backup_copy(struct backup *backup, const char *draft, struct err *err)
{
    struct progress progress;
    uint64_t done = 0, total = backup_bytes(backup);
    bool good = backup_has_room(draft, total, err);
    progress_begin(&progress, "copying", PROGRESS_BYTES, clock_mono_us());
    while (good && done < total && !outfile_interrupted()) {
        good = backup_step(backup, &done, &total, err);
        progress_show(&progress, done, total, clock_mono_us());
    }
    progress_end(&progress);
    if (good && done < total)
        good = err_set(err, EX_TEMPFAIL, "interrupted; nothing was written");
    return good;
}

/* Both files, the history last: while it is missing under its name there is no backup. */
static bool backup_make(const struct config *config, const char *path, bool replace, uint64_t *bytes,
                        struct err *err)
{
    struct outfile history = {0}, text = {0};
    struct backup *backup = NULL;
    char *text_path = mem_format("%s.cfg", path);
    bool good = outfile_spares_plant(path, config, err) && outfile_spares_plant(text_path, config, err) &&
                outfile_open(&history, path, BACKUP_MODE, replace, err) &&
                outfile_open(&text, text_path, BACKUP_MODE, replace, err);
    if (good && (!history.draft || !text.draft))
        good = err_set(err, EX_CANTCREAT, "%s: not an ordinary file; a backup needs one.", path);
    good = good && backup_write_config(config->path, text.stream, err) &&
           (backup = backup_open(config->history.file, history.draft, err)) != NULL;
    if (good) {
        *bytes = backup_bytes(backup);
        good = backup_copy(backup, history.draft, err);
    }
    backup_close(backup);
    good = good && outfile_finish(&text, err) && outfile_finish(&history, err);
    outfile_drop(&text);
    outfile_drop(&history);
    free(text_path);
    return good;
}

static int backup_run_command(const struct cli_command *command, int argc, char **argv)
{
    const char *given = NULL, *value;
    bool replace = false;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key == 'c')
            given = value;
        else if (key == 'f')
            replace = true;
        else
            return EX_USAGE;
    }
    if (argc - optind != 1) {
        fprintf(stderr, "hmi backup: name the file to be made\n");
        return EX_USAGE;
    }
    struct config config;
    struct err err = {0};
    int status;
    uint64_t bytes = 0;
    if (!cli_load_config(command, given, &config, &status))
        return status;
    outfile_watch_signals();
    int64_t start_us = clock_mono_us();
    if (backup_make(&config, argv[optind], replace, &bytes, &err)) {
        char size[24];
        progress_format_bytes(size, sizeof size, bytes);
        printf("%s: %s in %.1f s; the configuration is in %s.cfg\n", argv[optind], size,
               (double)(clock_mono_us() - start_us) / 1e6, argv[optind]);
    } else {
        fprintf(stderr, "hmi backup: %s\n", err.text);
    }
    config_free(&config);
    return err.code;
}

const struct cli_command CLI_BACKUP = {
    .name = "backup",
    .arguments = "FILE",
    .summary = "copy the history to FILE and the configuration to FILE.cfg, also while recording",
    .options = BACKUP_OPTIONS,
    .run = backup_run_command,
};
