/* What the configuration says of a tag: its definition, its alarms and its setpoint. Discovered tags have a
 * definition too, made from their topic. The names of the choices are the words of hmi.cfg. */
#ifndef PLANT_TAGDEF_H
#define PLANT_TAGDEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tag_kind { TAG_ANALOG, TAG_DISCRETE, TAG_TEXT };
enum tag_record { RECORD_ALL, RECORD_CHANGE, RECORD_COMPRESSED };
enum tag_signal { SIGNAL_NONE, SIGNAL_FLOW, SIGNAL_LEVEL, SIGNAL_PRESSURE, SIGNAL_TEMPERATURE };
enum payload_format { FORMAT_AUTO, FORMAT_PLAIN, FORMAT_JSON };

/* How the payloads of a subscription are read. */
struct payload_rule {
    enum payload_format format;
    bool local_times; /* time stamps without a zone are of the plant's clock (timefmt.h), not UTC */
};

enum alarm_type {
    ALARM_LOLO,
    ALARM_LO,
    ALARM_HI,
    ALARM_HIHI,
    ALARM_DEVIATION,
    ALARM_RATE,
    ALARM_STATE,
    ALARM_DISCREPANCY,
    ALARM_STALE,
    ALARM_BAD,
    ALARM_SYSTEM /* of hmi itself; not a word of hmi.cfg */
};
enum alarm_priority { PRIORITY_JOURNAL, PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH, PRIORITY_CRITICAL };
enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_SUPERVISOR, ROLE_ENGINEER };

/* Words for the choices above, as typed in hmi.cfg; each list ends in NULL and is indexed by the enum. */
extern const char *const TAG_KIND_WORDS[];
extern const char *const TAG_RECORD_WORDS[];
extern const char *const TAG_SIGNAL_WORDS[];
extern const char *const PAYLOAD_FORMAT_WORDS[];
extern const char *const ALARM_TYPE_WORDS[];
extern const char *const ALARM_PRIORITY_WORDS[];
extern const char *const ROLE_WORDS[];

/* One state of a discrete tag: the value that is sent and stored, and the text that is shown. */
struct tag_state {
    double value;
    char *text;
};

/* While the tag has the value (a state's), the alarm is suppressed by design: "pump off" suppresses low flow. */
struct alarm_suppression {
    char *tag; /* NULL: no suppression */
    double value;
    char *text; /* `value` as one of the tag's states, until the configuration is whole; else NULL */
};

struct alarm_def {
    enum alarm_type type;
    char *name; /* where a type repeats on a tag; else NULL */
    enum alarm_priority priority;
    bool has_limit;
    double limit;    /* engineering units; for ALARM_STATE the state's value */
    char *limit_tag; /* the limit is this tag's value; else NULL */
    char *reference; /* the tag compared with: ALARM_DEVIATION's setpoint, ALARM_DISCREPANCY's command */
    double deadband; /* engineering units; a configuration's is filled in from `signal` where it gives none */
    int64_t on_delay_us, off_delay_us; /* likewise */
    int count; /* alarm also when the condition came so often within on_delay_us; 0: no */
    bool latching;
    bool exclusive;      /* lo, hi: gives way while the lolo, hihi of the same tag stands */
    bool out_of_service; /* configured away for the time being: evaluated, never announced */
    int64_t realarm_us;  /* acknowledged and still standing for so long: once more; 0: never */
    int64_t escalate_us; /* announced and still standing for so long: one priority higher; 0: never */
    char *group;         /* alarms that trip together; NULL: none */
    struct alarm_suppression suppress[2]; /* its own, and that of its group (filled in from there) */
    char *message, *guidance, *display;   /* NULL when not given */
    int line;                             /* of the configuration file */
};

struct setpoint_def {
    char *topic;
    char *payload;    /* template, "{value}" by default */
    double min, max;  /* engineering units; NaN for a text tag */
    double step;      /* of the step keys, engineering units; 0: none */
    double max_step;  /* largest change by one command, engineering units; 0: any */
    double max_rate;  /* largest sum of changes in a minute, engineering units; 0: any */
    char *permit;     /* name of the tag that must be true (interlock), or NULL */
    int64_t pulse_us; /* momentary button: after so long 0 is sent; 0: not a button */
    char *readback;   /* tag name, or NULL */
    double tolerance;
    int64_t timeout_us;
    enum role role;
    bool confirm;
    bool retain;
};

struct tag_def {
    char *name;  /* the label; unique */
    char *topic; /* with `path` the identity */
    char *path;  /* member path inside a JSON payload, such as "motor.temp[0]"; "" for the payload itself */
    char *unit, *description;
    char *area; /* never NULL; by default the leading topic levels */
    enum tag_kind kind;
    enum tag_signal signal; /* what is measured: chooses the defaults of its alarms */
    bool kind_fixed;        /* the kind was configured: the payload does not choose it */
    bool has_range;
    double low, high;                  /* engineering units, low < high */
    double scale_factor, scale_offset; /* engineering = factor × raw + offset */
    int decimals;                      /* shown; -1: as needed */
    int64_t stale_after_us;            /* 0: never stale */
    bool
        stepped; /* a number that stands until the next one, such as a setpoint; else it moves straight to it */
    enum tag_record record;
    double deviation; /* compressed: engineering units */
    int64_t min_time_us, max_time_us;
    struct tag_state *states;
    size_t state_count;
    struct alarm_def *alarms;
    size_t alarm_count;
    struct setpoint_def *setpoint; /* NULL: not writable */
    int line;                      /* of the configuration file; 0: discovered */
};

/* A definition with the defaults of hmi.cfg(5); strings are owned by it. Release with tag_def_free(). */
void tag_def_init(struct tag_def *def);
void tag_def_free(struct tag_def *def);

/* A deep copy. */
void tag_def_copy(struct tag_def *to, const struct tag_def *from);

/* The area by default: the topic's levels without the last,
 * "" for a topic of one level. The caller frees it. */
char *tag_def_area_of_topic(const char *topic);

/* The name of a discovered tag: its topic, or "topic:path". The caller frees it. */
char *tag_def_name_of_address(const char *topic, const char *path);

/* "lolo" to "bad", "system". */
const char *alarm_type_word(enum alarm_type type);

/* The last part of an alarm's address TAG/word: its name, else its type. */
const char *alarm_def_word(const struct alarm_def *alarm);

/* The text of the state that equals `value`, or NULL. */
const char *tag_def_state_text(const struct tag_def *def, double value);

/* The value of the state whose text equals (case does not matter); false when there is none. */
bool tag_def_state_value(const struct tag_def *def, const char *text, size_t length, double *value);

#endif
