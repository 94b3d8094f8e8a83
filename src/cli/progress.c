#include "cli/progress.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PROGRESS_FIRST_US (400 * CLOCK_US_PER_MS) /* work that is done by then shows no bar */
#define PROGRESS_EVERY_US (100 * CLOCK_US_PER_MS)
#define PROGRESS_LEFT_US  (2 * CLOCK_US_PER_SECOND) /* before that the time left is a guess */
#define PROGRESS_BAR      20                        /* columns inside the brackets */
#define PROGRESS_COLUMNS  80                        /* of a terminal that does not tell */

void progress_begin(struct progress *progress, const char *what, enum progress_unit unit, int64_t now_us)
{
    *progress = (struct progress){
        .what = what,
        .unit = unit,
        .terminal = isatty(STDERR_FILENO),
        .start_us = now_us,
    };
}

void progress_format_bytes(char *out, size_t size, uint64_t bytes)
{
    static const char *const UNITS[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;
    if (bytes < 1000) {
        snprintf(out, size, "%" PRIu64 " B", bytes);
        return;
    }
    for (value /= 1000; value >= 999.5 && unit + 1 < sizeof UNITS / sizeof *UNITS; value /= 1000)
        unit++;
    snprintf(out, size, value < 9.95 ? "%.1f %s" : "%.0f %s", value, UNITS[unit]);
}

static void progress_format_amount(char *out, size_t size, enum progress_unit unit, uint64_t done,
                                   uint64_t total)
{
    char some[24], all[24];
    if (unit == PROGRESS_BYTES) {
        progress_format_bytes(some, sizeof some, done);
        progress_format_bytes(all, sizeof all, total);
    } else {
        snprintf(some, sizeof some, "%" PRIu64, done);
        snprintf(all, sizeof all, "%" PRIu64, total);
    }
    if (unit == PROGRESS_SECONDS && total) /* the share says enough */
        *out = '\0';
    else if (unit == PROGRESS_SECONDS)
        snprintf(out, size, "  %s s", some);
    else if (total)
        snprintf(out, size, "  %s of %s%s", some, all, unit == PROGRESS_ROWS ? " rows" : "");
    else
        snprintf(out, size, "  %s%s", some, unit == PROGRESS_ROWS ? " rows" : "");
}

/* "  12 s left", or "" while it cannot be told. */
static void progress_format_left(char *out, size_t size, double share, int64_t spent_us)
{
    *out = '\0';
    if (share <= 0 || spent_us < PROGRESS_LEFT_US)
        return;
    double seconds = (double)spent_us / 1e6 * (1 - share) / share;
    if (seconds < 100)
        snprintf(out, size, "  %.0f s left", seconds);
    else if (seconds < 100 * 60)
        snprintf(out, size, "  %.0f min left", seconds / 60);
    else
        snprintf(out, size, "  %.0f h left", seconds / 3600);
}

/* Appends a part when the whole of it has room. */
static void progress_append(char *out, size_t size, int columns, const char *part)
{
    size_t length = strlen(out), more = strlen(part);
    if (length + more < size && (int)(length + more) <= columns)
        memcpy(out + length, part, more + 1);
}

void progress_format(char *out, size_t size, int columns, const struct progress *progress, uint64_t done,
                     uint64_t total, int64_t now_us)
{
    char part[64], bar[PROGRESS_BAR + 1];
    double share = total ? (double)(done < total ? done : total) / (double)total : 0;
    *out = '\0';
    progress_append(out, size, columns, progress->what);
    if (total) {
        size_t full = (size_t)(share * PROGRESS_BAR + 1e-9);
        memset(bar, '-', PROGRESS_BAR);
        memset(bar, '#', full);
        bar[PROGRESS_BAR] = '\0';
        snprintf(part, sizeof part, "  [%s]", bar);
        progress_append(out, size, columns, part);
        snprintf(part, sizeof part, " %3d %%", (int)(share * 100 + 1e-9));
        progress_append(out, size, columns, part);
    }
    progress_format_amount(part, sizeof part, progress->unit, done, total);
    progress_append(out, size, columns, part);
    progress_format_left(part, sizeof part, share, now_us - progress->start_us);
    progress_append(out, size, columns, part);
}

static int progress_columns(void)
{
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || !window.ws_col)
        return PROGRESS_COLUMNS;
    return window.ws_col;
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total, int64_t now_us)
{
    char line[160];
    if (!progress->terminal || now_us - progress->start_us < PROGRESS_FIRST_US ||
        now_us - progress->painted_us < PROGRESS_EVERY_US)
        return;
    /* The last column stays free: some terminals go to the next line when it is written. */
    progress_format(line, sizeof line, progress_columns() - 1, progress, done, total, now_us);
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
    progress->painted = true;
    progress->painted_us = now_us;
}

void progress_end(struct progress *progress)
{
    if (progress->painted) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    progress->painted = false;
}
