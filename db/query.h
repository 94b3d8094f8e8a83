/* The history file, reading side: a read-only connection of its own for consoles and the command line. Never
 * writes, never holds a transaction longer than one call, and never waits for the recorder. */
#ifndef DB_QUERY_H
#define DB_QUERY_H

#include "base/err.h"
#include "plant/tagdef.h"
#include "plant/value.h"

#include <stdbool.h>
#include <stdint.h>

struct query;

struct query_sample {
    int64_t ts_us;
    uint32_t quality;
    struct value value; /* texts are valid during the callback only */
};

struct query_latest {
    const char *tag, *unit, *description,
        *state_text; /* NULL where there is none; valid during the callback only */
    bool has_value;
    struct query_sample sample;
};

/* Opens an existing history file with mode=ro. */
struct query *query_open(const char *path, struct err *err);
void query_close(struct query *query);

/* May be called from another thread: ends the running call, which then returns false (EX_TEMPFAIL). */
void query_interrupt(struct query *query);

/* The samples of one tag with from_us ≤ ts ≤ to_us in the order of time, and first the last one before
 * from_us where there is one; the callback returns false to stop. At most `limit` samples (0: all). */
typedef bool query_sample_function(void *context, const struct query_sample *sample);
bool query_range(struct query *query, uint32_t tag_id, int64_t from_us, int64_t to_us, uint64_t limit,
                 query_sample_function *function, void *context, struct err *err);

/* The last value of every tag, by name. */
typedef bool query_latest_function(void *context, const struct query_latest *latest);
bool query_each_latest(struct query *query, query_latest_function *function, void *context, struct err *err);

/* The same as it was at a past instant: of each tag the last sample up to `at_us`. Where a gap or the end of
 * recording lies between, a Good one is given as QUALITY_UNCERTAIN_LAST_USABLE: what came then is not known. Of
 * a time whose samples are no longer kept, the last one of its minute. */
bool query_each_at(struct query *query, int64_t at_us, query_latest_function *function, void *context,
                   struct err *err);

/* A tag as the file knows it. */
struct query_tag {
    uint32_t id;
    char *name, *unit, *description, *area; /* unit and description NULL where there is none */
    enum tag_kind kind;
    bool sloped; /* its value is taken to move straight from sample to sample; else to stand until the next */
    bool has_range;
    double low, high;
    struct tag_state *states;
    size_t state_count;
};

/* Finds a tag by its name. Release it with query_tag_free(). False with EX_UNAVAILABLE when the file has no such
 * tag, and on a failure; then nothing has to be released. */
bool query_find_tag(struct query *query, const char *name, struct query_tag *tag, struct err *err);
void query_tag_free(struct query_tag *tag);

/* The gaps that touch the span, in the order of time. */
typedef bool query_gap_function(void *context, int64_t start_us, int64_t end_us, const char *reason);
bool query_gaps(struct query *query, int64_t from_us, int64_t to_us, query_gap_function *function,
                void *context, struct err *err);

/* A command, what became of it, or what was refused, as the journal knows it. Texts NULL where there is none; valid
 * during the callback only. */
struct query_command {
    uint64_t id; /* of a foreign one: of its entry in the journal */
    int64_t ts_us;
    uint32_t tag_id; /* 0: the history has no tag of that name */
    const char *tag, *operator_name, *station;
    const char *outcome; /* as in the view commands; "foreign" for what somebody else published */
    const char *reason, *detail;
    struct value old, new, readback;
    int64_t ms_broker, ms_readback; /* -1: it never came to that */
};

/* So many entries of the journal are looked through for foreign ones: 0.06 s, 0.4 s where nothing of the file is in memory;
 * a whole journal of a million takes 5 s. An index by kind would find older ones, and cost every entry a page of it. */
#define QUERY_FOREIGN_BACK 100000

/* At most `limit` commands, the newest first; then at most as many of others. */
typedef bool query_command_function(void *context, const struct query_command *command);
bool query_each_command(struct query *query, uint64_t limit, query_command_function *function, void *context,
                        struct err *err);

/* How many samples came, kept or not, and how many tags the file knows. */
bool query_counts(struct query *query, uint64_t *samples, uint64_t *tags, struct err *err);

#endif
