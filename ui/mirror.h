/* What the console knows of the plant: a copy of the recorder's tags and of its health, fed by the frames of
 * the console protocol. Pure: no I/O, time is an argument.
 *
 * Everything that a terminal may show is made safe here, once, when it comes in; the screens may draw these
 * texts as they are. Whatever the other side sends, memory stays bounded: what is over a bound is left out
 * and counted in `left_out`.
 *
 * A snapshot begins with WELCOME and ends with SNAPSHOT_END; tags that it did not name are removed at its
 * end, so that an attach after a pause leaves no ghosts, and a tag's small trend survives it; an id that has
 * become another topic and path is another tag, and begins anew. Tags are live
 * from the first SAMPLE of the current snapshot until the recorder is lost. */
#ifndef UI_MIRROR_H
#define UI_MIRROR_H

#include "base/map.h"
#include "plant/tagdef.h"
#include "plant/value.h"
#include "ui/recent.h"
#include "ui/series.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIRROR_TAGS_MAX       1000000
#define MIRROR_STATES_MAX     256 /* of one tag */
#define MIRROR_LIMITS_MAX     64  /* of one tag */
#define MIRROR_ALARMS_MAX     1000000
#define MIRROR_LIST_MAX       1000 /* faults, refusals, consoles: each */
#define MIRROR_COMMANDS_MAX   128
#define MIRROR_COMMANDS_CHEAP 48   /* of them, refused and foreign ones */
#define MIRROR_TEXT_MAX       4096 /* bytes of a text, safe; a longer one ends in "…" */
#define MIRROR_PENS_MAX       4
#define MIRROR_SERIES_BINS    60
#define MIRROR_SERIES_BIN_US  INT64_C(5000000) /* so a small trend covers the last 5 minutes */

struct mirror_state {
    double value;
    char *text;
};

struct mirror_limit {
    enum alarm_type type;
    enum alarm_priority priority;
    double limit; /* engineering units */
};

/* Alarms that stand, or wait to be acknowledged, of a tag or a group of tags: the one that needs somebody first stands
 * for them. Those that are withheld or only recorded are none. */
struct mirror_standing {
    size_t count;
    enum alarm_priority worst; /* of those that wait, else of all */
    bool waits;                /* to be acknowledged */
};

struct mirror_tag {
    uint32_t id;
    bool configured, writable, has_range;
    bool stepped; /* an analog value that stands until the next one */
    bool edited;  /* somebody gives its setpoint now, maybe here: mirror_find_reservation() */
    bool live;    /* its value comes from a recorder that speaks to us now */
    enum tag_kind kind;
    enum tag_record record;
    int decimals; /* shown; -1: as needed */
    int line;     /* of the configuration file; 0: discovered */
    double low, high;
    int64_t stale_after_us; /* 0: never */
    /* never NULL; one block of memory */
    char *name, *topic, *path, *area, *unit, *description;
    int name_columns, area_columns, unit_columns, description_columns;
    struct mirror_state *states;
    struct mirror_limit *limits; /* by rising limit */
    size_t state_count, limit_count;
    struct wire_setpoint *setpoint; /* NULL: it is not writable, or an older recorder does not tell */

    enum value_type type;
    double number;
    char *text; /* VALUE_TEXT; else NULL */
    int64_t ts_us, arrival_us;
    uint32_t quality;
    uint32_t flags; /* enum wire_sample_flag */

    struct mirror_standing standing; /* its alarms at the last mirror_mark_alarms() */

    uint64_t changes;      /* rises with everything that could look different */
    uint32_t snapshot;     /* the last one that named it */
    struct series *series; /* the last minutes; NULL for a tag without numbers */
    size_t index;          /* in mirror.tags */
    void *screen;          /* for the screen that lists the tags; not touched here */
};

/* The live end of a pen on the Trends screen. */
struct mirror_pen {
    struct mirror_tag *tag; /* NULL: none */
    int64_t since_us;       /* watched since then, by the wall clock */
    struct recent recent;   /* its good samples, 0 for a text; anything else ends the values */
};

/* An alarm that is not normal. */
struct mirror_alarm {
    struct wire_alarm record; /* texts owned, safe; state, type and priority are within their enums */
    uint32_t snapshot;        /* the last one that named it */
    uint64_t changes;         /* rises with each change of it */
    size_t index;             /* in mirror.alarms */
};

struct mirror {
    struct mirror_tag **tags; /* in no particular order */
    size_t tag_count, tag_capacity;
    struct map by_id;

    struct mirror_alarm **alarms; /* in no particular order */
    size_t alarm_count, alarm_capacity;
    struct map alarms_by_id;

    bool attached;        /* a recorder has said WELCOME and is not lost */
    bool complete;        /* its snapshot is complete */
    bool has_status;      /* `status` is that of a recorder (maybe of one that is lost now) */
    int64_t lost_us;      /* when the recorder was lost; 0 while it is there or never was */
    int64_t status_at_us; /* when the last STATUS came, by our clock */
    uint32_t snapshot;

    struct wire_welcome welcome; /* texts owned, safe; as the last reload has left it */
    struct wire_refused refused; /* likewise; reason "" when not refused */
    struct wire_status status;
    struct wire_fault *faults; /* errors first */
    struct wire_refusal *refusals;
    struct wire_console *consoles;
    struct wire_reservation *reservations; /* who gives which setpoint now, this console's own included */
    size_t fault_count, refusal_count, console_count, reservation_count;
    struct wire_detail detail;
    struct wire_answer answer; /* request 0: none yet */
    struct wire_command
        commands[MIRROR_COMMANDS_MAX]; /* oldest first; texts owned, safe; state within its enum */
    size_t command_count;

    struct mirror_tag *watched; /* its samples go to `recent` */
    struct recent recent;
    struct mirror_pen pens[MIRROR_PENS_MAX];

    uint64_t changes;          /* rises with every change of anything */
    uint64_t tags_changes;     /* rises when tags come, go or are defined anew */
    uint64_t alarms_changes;   /* rises with every change of an alarm */
    uint64_t commands_changes; /* rises with every change of a command */
    /* by priority: rises when an alarm that does not chatter begins to wait for somebody, or rises to this one while
     * it does */
    uint64_t alarm_calls[PRIORITY_CRITICAL + 1];
    uint64_t left_out; /* records beyond a bound */
};

/* Nothing is known yet: no tags, all texts "". Release with mirror_free(). */
void mirror_init(struct mirror *mirror);
void mirror_free(struct mirror *mirror);

/* Takes a frame in. Returns false when it is broken: the connection is to be closed. Frames of unknown types
 * and records of unknown tags are ignored. `now_us` is the wall clock. */
bool mirror_apply(struct mirror *mirror, const struct wire_frame *frame, int64_t now_us);

/* The recorder has gone or does not answer: every value is no longer live. */
void mirror_recorder_lost(struct mirror *mirror, int64_t now_us);

/* NULL when there is no such tag. */
struct mirror_tag *mirror_find(const struct mirror *mirror, uint32_t id);

/* By its number; NULL when it is none of the last ones. */
const struct wire_command *mirror_find_command(const struct mirror *mirror, uint64_t id);

/* The tag that tells the present value of a setpoint: its readback, else the tag itself. */
const struct mirror_tag *mirror_tag_present(const struct mirror *mirror, const struct mirror_tag *tag);

/* The other way round, the tag to give a value to where somebody wants another one here: itself where it has a setpoint,
 * else the one whose readback it is. NULL: there is none, or there are several. */
const struct mirror_tag *mirror_tag_giver(const struct mirror *mirror, const struct mirror_tag *tag);

/* Who gives the tag's setpoint now; NULL: nobody. */
const struct wire_reservation *mirror_find_reservation(const struct mirror *mirror, uint32_t tag);

/* By its number; NULL when it is normal. */
struct mirror_alarm *mirror_find_alarm(const struct mirror *mirror, uint32_t id);

/* The value with which it came or went, as its tag shows numbers (state text or decimals), and its limit: likewise, but never rounded to
 * another limit, and with what it limits where that is not the value: "±0.45" of a deviation, "30/s" of a rate. "" for
 * NaN: there is none. */
void mirror_alarm_value(const struct mirror *mirror, const struct wire_alarm *alarm, char *out, size_t size);
void mirror_alarm_limit(const struct mirror *mirror, const struct wire_alarm *alarm, char *out, size_t size);

/* Whether what is known of the alarm may be out of date: the recorder is lost, or nothing comes from the plant. */
bool mirror_alarm_is_stale(const struct mirror *mirror, const struct wire_alarm *alarm);

/* The value that its tag has now, in brackets where it is not live; "" for an alarm without a tag. */
void mirror_alarm_value_now(const struct mirror *mirror, const struct wire_alarm *alarm, char *out,
                            size_t size);

/* Counts each tag's alarms into its `standing`. */
void mirror_mark_alarms(const struct mirror *mirror);

/* Adds what stands elsewhere. */
void mirror_add_standing(struct mirror_standing *to, const struct mirror_standing *more);

/* What the operator reads of it: its message, of hmi's own with what is wrong; without one what the tag is and the alarm
 * says, "Drum temperature: high". */
void mirror_alarm_message(const struct mirror *mirror, const struct wire_alarm *alarm, char *out,
                          size_t size);

/* Keeps a copy of an alarm's record beyond its end, in the place of what `held` kept before; it begins as zero
 * bytes. NULL: releases it. */
void mirror_hold_alarm(struct wire_alarm *held, const struct wire_alarm *record);

/* Keeps the samples of this tag in mirror->recent (emptied first) until another is watched; NULL ends it. */
void mirror_watch(struct mirror *mirror, struct mirror_tag *tag);

/* Keeps the samples of this tag in mirror->pens[pen] (0 to MIRROR_PENS_MAX - 1; emptied first) until another is
 * watched there; NULL ends it. A tag that is watched there already goes on. */
void mirror_watch_pen(struct mirror *mirror, size_t pen, struct mirror_tag *tag, int64_t now_us);

/* How far a value can be trusted; the worse, the smaller. Every place that shows, counts or filters values asks
 * mirror_tag_trust(), so that all say the same. */
enum mirror_trust {
    MIRROR_BAD,
    MIRROR_UNCERTAIN, /* or the recorder is lost: never to look like a live value */
    MIRROR_RETAINED, /* nothing is wrong, but the broker kept it: how old it is, only a source time can tell */
    MIRROR_GOOD,
    MIRROR_NO_VALUE /* none has come yet, and nothing is wrong */
};

/* Of the tag's present value. */
enum mirror_trust mirror_tag_trust(const struct mirror_tag *tag);

/* False for a retained value without a time of its source: its time is that of the subscription. */
bool mirror_tag_age_is_known(const struct mirror_tag *tag);

/* Whether the value moves straight from sample to sample; else it stands until the next. As the history's queries take it.
 */
static inline bool mirror_tag_is_sloped(const struct mirror_tag *tag)
{
    return tag->kind == TAG_ANALOG && !tag->stepped;
}

#define MIRROR_WORD_LOST "lost"

/* One word for tables, of at most 6 columns: quality_word(), or "lost" when the recorder is, "retain" for
 * MIRROR_RETAINED, "" before the first value. */
const char *mirror_tag_word(const struct mirror_tag *tag);

/* The value as it is shown, without the unit: the state's text, the number with the tag's decimals, the text;
 * "" when there is none. */
void mirror_tag_value(const struct mirror_tag *tag, char *out, size_t size);

/* The same where there are only so many columns for it: a number is shown with fewer digits, never without its
 * exponent (num_format_fit()); a text is the caller's to cut. */
void mirror_tag_value_fit(const struct mirror_tag *tag, char *out, size_t size, int columns);

/* The number for a pointer into the range: drawn at the end, not outside, when what is shown of it is not
 * outside of what is shown of the range. NaN without a number or a range. */
double mirror_tag_pointer(const struct mirror_tag *tag);

/* A number as this tag shows numbers (state text or decimals). */
void mirror_tag_number(const struct mirror_tag *tag, double number, char *out, size_t size);

/* The same with every digit, also those that the tag's decimals hide: what somebody confirms, and what was sent. */
void mirror_tag_number_whole(const struct mirror_tag *tag, double number, char *out, size_t size);

/* The small trend of the last minutes in `count` columns ending at now, oldest first. Columns are whole
 * multiples of MIRROR_SERIES_BIN_US; those that the ring does not reach are NaN. */
void mirror_tag_columns(struct mirror_tag *tag, int64_t now_us, struct series_span *out, size_t count);

/* Small trends from history, for the time before the console attached: `count` bins, oldest first, of
 * MIRROR_SERIES_BIN_US each, the last one being `newest_bin`. What has come live is not overwritten. */
void mirror_tag_backfill(struct mirror_tag *tag, const struct series_span *spans, int64_t newest_bin,
                         size_t count);

/* ---- records with texts of their own, also of what comes from the history ---- */

/* Puts a record with safe texts of its own into `to`, whose old texts are released; releases them and clears it. */
void mirror_keep(enum wire_type type, void *to, const void *from);
void mirror_drop(enum wire_type type, void *record);

#endif
