#include "base/log.h"

#include "base/clock.h"
#include "base/timefmt.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Set once before threads start; a log level handed to every function would help nobody. */
static enum log_level log_threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    log_threshold = level;
}

__attribute__((format(printf, 2, 0))) static void log_write(enum log_level level, const char *format,
                                                            va_list args)
{
    static const struct {
        const char *word;
        int syslog;
    } LEVELS[] = {
        [LOG_LEVEL_ERROR] = {"error: ", 3},
        [LOG_LEVEL_WARNING] = {"warning: ", 4},
        [LOG_LEVEL_INFO] = {"", 6},
        [LOG_LEVEL_DEBUG] = {"debug: ", 7},
    };
    if (level > log_threshold)
        return;
    char raw[2048], safe[2048], line[2304], stamp[TIMEFMT_MAX];
    vsnprintf(raw, sizeof raw, format, args);
    utf8_make_safe(safe, sizeof safe, raw, strlen(raw));
    if (getenv("JOURNAL_STREAM")) {
        snprintf(line, sizeof line, "<%d>%s\n", LEVELS[level].syslog, safe);
    } else {
        timefmt_local(stamp, sizeof stamp, clock_wall_us(), TIMEFMT_DATE | TIMEFMT_MS);
        snprintf(line, sizeof line, "%s %s%s\n", stamp, LEVELS[level].word, safe);
    }
    /* One write a line, so that lines of several threads do not mix.
     * There is nowhere to report a failure to. */
    ssize_t written = write(STDERR_FILENO, line, strlen(line));
    (void)written;
}

#define LOG_FUNCTION(name, level)                                                                            \
    void name(const char *format, ...)                                                                       \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, format);                                                                              \
        log_write(level, format, args);                                                                      \
        va_end(args);                                                                                        \
    }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
