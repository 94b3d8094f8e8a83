#include "cli/check_history.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "cli/outfile.h"
#include "cli/progress.h"
#include "db/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sysexits.h>

#define CHECK_TEXT_MAX 400 /* bytes of one finding */

struct check_history {
    const char *path;
    char name[CHECK_TEXT_MAX]; /* the same, fit for a terminal */
    struct progress progress;
    int64_t start_us;
};

static void check_history_found(void *context, bool fault, const char *text)
{
    struct check_history *self = context;
    char safe[CHECK_TEXT_MAX];
    progress_end(&self->progress);
    utf8_make_safe(safe, sizeof safe, text, strlen(text));
    printf("%s: %s%s\n", self->name, safe, fault ? "" : " (a note)");
}

static bool check_history_progress(void *context, const char *doing, uint64_t done, uint64_t total)
{
    struct check_history *self = context;
    int64_t now_us = clock_mono_us();
    self->progress.what = doing;
    if (total)
        progress_show(&self->progress, done, total, now_us);
    else /* all that can be told is that it goes on */
        progress_show(&self->progress, (uint64_t)((now_us - self->start_us) / CLOCK_US_PER_SECOND), 0,
                      now_us);
    return !outfile_interrupted();
}

static void check_history_print_file(const struct check_history *self, const struct check_figures *figures)
{
    char file[24], unused[24], wal[24], disk[24] = "?";
    struct statvfs status;
    progress_format_bytes(file, sizeof file, figures->file_bytes);
    progress_format_bytes(unused, sizeof unused, figures->free_bytes);
    progress_format_bytes(wal, sizeof wal, figures->wal_bytes);
    if (statvfs(self->path, &status) == 0)
        progress_format_bytes(disk, sizeof disk, (uint64_t)status.f_bavail * status.f_frsize);
    printf("  file      %s, of which %s are free for new samples; its log %s\n", file, unused, wal);
    printf("  disk      %s free\n", disk);
}

/* Hours count all that came, also what was left out or deleted since: how many rows the archive has, only reading all of
 * it would tell. */
static void check_history_print_samples(const struct check_figures *figures)
{
    char first[TIMEFMT_MAX], last[TIMEFMT_MAX];
    printf("  samples   %" PRIu64 " came, of %" PRIu64 " tag%s", figures->samples, figures->tags,
           figures->tags == 1 ? "" : "s");
    if (figures->samples)
        printf("; %.1f bytes of the file for each",
               (double)(figures->file_bytes - figures->free_bytes) / (double)figures->samples);
    puts("");
    if (figures->has_span) {
        timefmt_local(first, sizeof first, figures->first_us, TIMEFMT_DATE | TIMEFMT_OFFSET);
        timefmt_local(last, sizeof last, figures->last_us, TIMEFMT_DATE | TIMEFMT_OFFSET);
        printf("            kept from %s to %s\n", first, last);
    }
    printf("            %" PRIu64 " as they came, %" PRIu64 " in %" PRIu64 " sorted run%s, %" PRIu64
           " merged\n",
           figures->tail_samples, figures->fresh_samples, figures->runs, figures->runs == 1 ? "" : "s",
           figures->samples - figures->tail_samples - figures->fresh_samples);
}

static void check_history_print(const struct check_history *self, const struct check_figures *figures)
{
    char span[TIMEFMT_MAX];
    timefmt_age(span, sizeof span, figures->gap_us);
    check_history_print_file(self, figures);
    check_history_print_samples(figures);
    printf("  rollups   %" PRIu64 " minute%s, %" PRIu64 " hour%s\n", figures->minutes,
           figures->minutes == 1 ? "" : "s", figures->hours, figures->hours == 1 ? "" : "s");
    printf("  gaps      %" PRIu64 ", %s in all\n", figures->gaps, span);
}

/* A damaged file is not looked at further: what its rows say would mislead. */
static bool check_history_run(struct check *check, bool full, struct check_figures *figures, struct err *err)
{
    if (!check_structure(check, full, err))
        return false;
    return check_faults(check) ||
           (check_measure(check, figures, err) && check_contents(check, full, clock_wall_us(), err));
}

int check_history(const char *path, bool full)
{
    struct err err = {0};
    struct check_figures figures = {0};
    struct check_history self = {.path = path, .start_us = clock_mono_us()};
    const struct check_watcher watcher = {&self, check_history_found, check_history_progress};
    utf8_make_safe(self.name, sizeof self.name, path, strlen(path));
    outfile_watch_signals();
    progress_begin(&self.progress, "", PROGRESS_SECONDS, self.start_us);
    struct check *check = check_open(path, &watcher, &err);
    bool done = check && check_history_run(check, full, &figures, &err);
    uint64_t faults = check ? check_faults(check) : 0;
    check_close(check);
    progress_end(&self.progress);
    if (!done) {
        fprintf(stderr, "hmi check: %s\n", err.text);
        return err.code;
    }
    printf("%s %s (%s check, %.1f s)\n", self.name, faults ? "is not sound" : "is sound",
           full ? "full" : "quick", (double)(clock_mono_us() - self.start_us) / 1e6);
    if (figures.file_bytes)
        check_history_print(&self, &figures);
    if (faults)
        fprintf(stderr, "%" PRIu64 " fault%s: keep the file, and restore a backup beside it\n", faults,
                faults == 1 ? "" : "s");
    return faults ? EX_DATAERR : EX_OK;
}
