/* History for the screens without waiting for the disk: a thread owns the read-only connection; the console
 * asks, goes on, and is woken by a descriptor when the answer is there. For each purpose the latest request
 * wins: an older one that still runs is interrupted. */
#ifndef UI_HISTORY_READER_H
#define UI_HISTORY_READER_H

#include "db/query_alarm.h"
#include "plant/value.h"
#include "ui/journal_entry.h"
#include "ui/plot.h"
#include "ui/recent.h"
#include "ui/series.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_COMMANDS_MAX    1000
#define HISTORY_READER_TAGS_MAX 512 /* of one request for small trends: more rows than a screen has */
#define HISTORY_OCCURRENCES_MAX 50
#define HISTORY_TEXT_TAGS_MAX   32 /* tags of one request whose texts may be wanted */
#define HISTORY_NAME_MAX        512 /* bytes of a tag's name or an alarm's address; no longer one is asked for */

enum history_purpose {
    HISTORY_TREND,    /* the samples of one tag */
    HISTORY_SERIES,   /* small trends of the visible tags */
    HISTORY_PENS,     /* columns for the Trends screen */
    HISTORY_COMMANDS, /* commands that were given, the newest first */
    HISTORY_INSTANTS, /* values at the cursor of the Trends screen */
    HISTORY_JOURNAL,  /* entries of the journal */
    HISTORY_ALARM,    /* the last occurrences of an alarm, and the columns of its tag around one of them */
    HISTORY_PURPOSE_COUNT
};

/* HISTORY_JOURNAL: older entries than `before`, or newer ones than number since_id. */
struct history_journal {
    struct journal_search search;
    bool newer;
    struct query_journal_place before;
    int64_t since_id;
    size_t most;   /* entries of one answer */
    char tag[256]; /* of this tag only, by index; "": of all */
};

struct history_request {
    enum history_purpose purpose;
    uint64_t ticket; /* chosen by the caller, given back */
    int64_t from_us, to_us;
    uint32_t tags[HISTORY_READER_TAGS_MAX]; /* one for HISTORY_TREND */
    size_t tag_count;
    int64_t bin_us; /* HISTORY_SERIES: width of a bin */
    /* HISTORY_PENS, HISTORY_ALARM: filled up to, not including, to_us; count 0: none */
    struct plot_grid grid;
    uint32_t
        text_tags; /* HISTORY_PENS: those of the tags whose texts are wanted; a bit of each, from the first on */
    struct history_journal journal;
    char tag_name[HISTORY_NAME_MAX], alarm[HISTORY_NAME_MAX]; /* HISTORY_ALARM: of the journal */
};

/* What was valid at a time. */
struct history_instant {
    bool found; /* there was a sample at all */
    enum value_type type;
    uint32_t quality;
    int64_t ts_us; /* when it came */
    double number;
    char text[128]; /* safe; cut where it is longer */
};

/* When a tag took a text; "" when it had none any more. */
struct history_text {
    uint32_t tag;
    int64_t ts_us;
    char text[64]; /* safe; cut where it is longer */
};

struct history_result {
    enum history_purpose purpose;
    uint64_t ticket;
    int64_t from_us, to_us;
    bool good;
    char error[256]; /* when not good, for a person */
    uint32_t tags[HISTORY_READER_TAGS_MAX];
    size_t tag_count;
    /* HISTORY_TREND: at most RECENT_MAX;
     * thinned out by keeping each stretch's extremes when there were more */
    struct recent_sample *samples;
    size_t sample_count;
    /* HISTORY_SERIES: `bins` of each tag, one tag after the other, the first being bin `first_bin` */
    struct series_span *spans;
    int64_t first_bin;
    size_t bins;
    /* HISTORY_PENS, HISTORY_ALARM: grid.count of each tag, one tag after the other */
    struct plot_grid grid;
    struct plot_column *columns;
    /* HISTORY_PENS: one tag after the other, in the order of time, the first being what was valid before the grid. None
     * of a tag that has changed so often that no picture has room for it. */
    struct history_text *texts;
    size_t text_count;
    /* HISTORY_COMMANDS: at most HISTORY_COMMANDS_MAX, and as many foreign ones behind them; texts owned, safe */
    struct wire_command *commands;
    size_t command_count;
    struct history_instant *instants; /* HISTORY_INSTANTS: one of each tag, at to_us */
    /* HISTORY_JOURNAL: the newest first; those newer than a number as they were committed. As many as were asked for, or
     * as were found in so much of the journal as may be looked at in one go. */
    struct journal_entry *entries;
    size_t entry_count;
    bool newer, more;                   /* more: not all has been looked at */
    struct query_journal_place reached; /* what is older has not been looked at */
    int64_t newest_id;                  /* of what has been; 0: nothing */
    /* HISTORY_ALARM: the newest first, at most HISTORY_OCCURRENCES_MAX */
    struct query_occurrence *occurrences;
    size_t occurrence_count;
};

struct history_reader;

/* Starts the thread; the file is opened with the first request, and again after a failure. */
struct history_reader *history_reader_new(const char *path);

/* Interrupts what runs and ends the thread. One that a hanging disk does not let go is left behind after a second,
 * and ends by itself. */
void history_reader_free(struct history_reader *reader);

/* Another history file (known when a recorder says WELCOME); results of the old one are dropped. */
void history_reader_set_path(struct history_reader *reader, const char *path);

/* Readable when history_reader_take() has something. */
int history_reader_fd(const struct history_reader *reader);

/* Puts a request in, in the place of one of the same purpose. The reader takes a copy. */
void history_reader_ask(struct history_reader *reader, const struct history_request *request);

/* The next result, or NULL. Release with history_result_free(). */
struct history_result *history_reader_take(struct history_reader *reader);
void history_result_free(struct history_result *result);

#endif
