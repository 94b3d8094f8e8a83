/* The alarm engine: all alarms of the plant and those of hmi itself. Pure: no I/O, no threads, time is an
 * argument. Owned by the recorder's loop.
 *
 *   tag changes -> condition (alarm_condition.c) -> delays -> trigger -> state table (alarm_state.c)
 *                                                                          |-> journal entry in the batch
 *                                                                          '-> status in the batch
 *
 * What must stay true:
 * - A message costs what the alarms of its tag cost: each tag has a watch, the list of alarms that look at it
 *   as value, limit, reference or suppressor; timers lie in a heap. Nobody walks through all alarms but when
 *   the link comes or goes and when the configuration changes.
 * - While the link is away or its backlog arrives, nothing is evaluated and delays stand still (`frozen`), those of
 *   re-alarm, escalation and release from suppression, too, as they do while no recorder runs; then every tag's last
 *   value is evaluated once. So a lost link makes no alarm but its own, and a start with the states of the file makes
 *   none at all, however long the recorder was stopped.
 * - A value that cannot be used (bad, not heard yet) neither raises nor clears: the alarm keeps its state. Silence is no
 *   value: it raises from the end of the backlog on, and only what the plant itself sends ends it.
 * - Every change puts a journal entry and the new status into the batch; what is shown to people comes from
 *   committed batches (recorder/alarm_board.h).
 * - Alarms are told apart by tag id and word, so that a renamed tag keeps its alarms' states. */
#ifndef PLANT_ALARM_H
#define PLANT_ALARM_H

#include "base/err.h"
#include "plant/alarm_chatter.h"
#include "plant/alarm_event.h"
#include "plant/alarm_flood.h"
#include "plant/alarm_timers.h"
#include "plant/plant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALARM_SYSTEM_TAG "system" /* what the alarms of hmi itself have for a tag */

/* hmi's own alarms; their rows are in alarm_system.c. */
enum alarm_system {
    ALARM_SYSTEM_BROKER,
    ALARM_SYSTEM_HISTORIAN,
    ALARM_SYSTEM_DISK,
    ALARM_SYSTEM_SPOOL,
    ALARM_SYSTEM_CLOCK,
    ALARM_SYSTEM_RESTARTED,
    ALARM_SYSTEM_PAYLOADS,
    ALARM_SYSTEM_TAG_CAP,
    ALARM_SYSTEM_BUTTONS,
    ALARM_SYSTEMS
};

/* What an alarm waits for. */
enum alarm_deadline {
    ALARM_DEADLINE_DELAY, /* on-delay or off-delay */
    ALARM_DEADLINE_RATE,  /* nothing new has come for so long that the rate has fallen below the limit */
    ALARM_DEADLINE_REALARM,
    ALARM_DEADLINE_ESCALATE,
    ALARM_DEADLINE_SHELF,
    ALARM_DEADLINE_RELEASE, /* suppressed until what suppressed it has been gone for the on-delay */
    ALARM_DEADLINE_CHATTER,
    ALARM_DEADLINES
};

/* Alarms that trip together: those of a group of the configuration, else those of an area. */
struct alarm_group {
    char *name;
    bool configured;
    size_t active;       /* alarms of it that stand */
    struct alarm *first; /* of the trip, alarm_trip.c */
    uint32_t trip;       /* its number; 0: none yet */
    int64_t joined_us;   /* when an alarm joined it last, monotonic */
    bool together;       /* more than one tag is in it */
};

struct alarm {
    uint32_t id;     /* its place in alarms.list: stays while the program runs */
    bool gone;       /* no configuration names it any more */
    bool condition;  /* without the delays */
    struct tag *tag; /* NULL: of hmi itself */
    const struct alarm_def *def;
    struct tag *limit_tag, *reference, *suppressors[2]; /* NULL: none */
    struct alarm_status status;
    struct alarm *superior, *inferior; /* of an exclusive pair; NULL: none */
    struct alarm_group *group;
    int64_t delay_left_us; /* of a delay that stands still; -1: none does */
    struct alarm_timer timer;
    int64_t due_us[ALARM_DEADLINES]; /* monotonic; ALARM_NEVER */
    struct alarm_rate {
        bool valid;
        double value; /* the sample that the next one is compared with */
        int64_t ts_us;
        uint64_t samples; /* the tag's count at that moment */
    } rate;
    struct alarm_chatter chatter;
    uint32_t trip;     /* the last one that it was in; 0: none */
    int64_t *edges_us; /* the last def->count times that the condition came; NULL without a count */
    unsigned edge_next;
    char
        *terms; /* of the definition that was last (alarm_terms.h); NULL: the configuration did not name it */
    char *tag_name;            /* of one that only the file has named yet; NULL: not known */
    struct alarm_texts *texts; /* NULL: all "" */
    uint32_t tag_id;           /* 0: of hmi itself */
    uint32_t generation;       /* of the configuration that named it last */
    char *key;                 /* "TAG_ID/word" */
    char *address;             /* "TAG/word"; NULL until a configuration names it */
};

/* The alarms that look at one tag. */
struct alarm_watch {
    struct alarm **alarms; /* the more severe of an exclusive pair before the other */
    size_t count, capacity;
};

struct alarm_counters {
    uint64_t activations, transitions;
};

struct alarms {
    struct plant *plant;
    struct alarm **list; /* by id; only grows */
    size_t count, capacity;
    struct map by_key, by_address;
    struct map groups; /* "g/GROUP" or "a/AREA" -> struct alarm_group */
    uint32_t trips;    /* their last number */
    struct alarm *system[ALARM_SYSTEMS];
    struct alarm_timers timers;
    struct alarm_flood flood;
    int64_t flood_since_us; /* wall; 0: none stands */
    bool frozen;
    int64_t frozen_us;    /* since when, monotonic; 0: since the start */
    int64_t shelf_max_us; /* no shelving is longer */
    int64_t
        known_until_us; /* the recorder that ran before has known the plant until then, wall; 0: none did */
    uint32_t generation;
    bool knows_terms;      /* those of the time before are known: what differs is told */
    struct alarm_def last; /* stands in for the definition of one that has just ended */
    uint64_t sequence;
    struct alarm_counters counters;
};

/* What every call that may change something needs: the time, and where journal and statuses go. */
struct alarm_pass {
    struct alarms *alarms;
    struct plant_time time;
    struct batch *batch;
};

/* Who asks; NULL members: nobody, hmi itself. */
struct alarm_operator {
    const char *user, *station;
};

/* No alarms; frozen, for the link is not there yet. The plant is borrowed. Release with alarms_free(), before
 * the plant. */
void alarms_init(struct alarms *alarms, struct plant *plant, int64_t shelf_max_us);
void alarms_free(struct alarms *alarms);

/* ---- configuration and restart (alarm_set.c) ---- */

/* Where an alarm stood when the file was written. For all of them before the first alarms_configure(). */
void alarms_adopt(struct alarms *alarms, uint32_t tag_id, const char *word, const struct alarm_status *status,
                  const struct alarm_texts *texts);

/* What the configuration said of it then, and the name of its tag (NULL: not known); likewise. Without any the first
 * configuration is taken as it is; `word` "" is for a file that knew of none. */
void alarms_adopt_terms(struct alarms *alarms, uint32_t tag_id, const char *tag, const char *word,
                        const char *terms);

/* The alarms that operators were told of in the ten minutes before `now`, one by one in the order of time (wall), and then
 * when the flood began that nobody has seen end (0: none does stand). Likewise. */
void alarms_adopt_activation(struct alarms *alarms, const struct plant_time *now, int64_t ts_us);
void alarms_adopt_flood(struct alarms *alarms, int64_t since_us);

/* Takes the alarms of the plant's configured tags: at the start, and again after each reload of the plant.
 * Alarms that are there already keep their states; those that are not named any more end. What differs from the
 * configuration before, also from that of the recorder that ran before, becomes entries of the journal. */
void alarms_configure(const struct alarm_pass *pass);

/* By "TAG/word"; NULL when there is none. */
struct alarm *alarms_find(const struct alarms *alarms, const char *address);

/* Puts all of them into the batch as they are now: after some of what was put there before was lost. */
void alarms_store_all(const struct alarm_pass *pass);

/* ---- what happens (alarm.c) ---- */

/* Looks at the tags that changed since the last call: after each message, and after everything else that
 * changes tags. */
void alarms_evaluate(const struct alarm_pass *pass);

/* The link: lost (alarms freeze), and settled again (each tag's last value is evaluated once). */
void alarms_freeze(const struct alarm_pass *pass);
void alarms_thaw(const struct alarm_pass *pass);

/* Timers: to be called at alarms_due_us() (monotonic; ALARM_NEVER: none). */
void alarms_tick(const struct alarm_pass *pass);
int64_t alarms_due_us(const struct alarms *alarms);

/* ---- what operators do (alarm_action.c) ---- */

/* Each returns false with a sentence in `err` when it means nothing in the alarm's state. Whoever may do it is
 * the caller's to decide. */

/* Acknowledges; one that has latched and was acknowledged before is reset. */
bool alarm_acknowledge(const struct alarm_pass *pass, struct alarm *alarm, const struct alarm_operator *who,
                       struct err *err);

/* Shelves for `span_us`, or `once`: until the condition clears the next time, `span_us` at most. A reason is
 * mandatory; the span is cut to shelf_max_us (0: as long as that). Shelving a shelved one changes its end. */
bool alarm_shelve(const struct alarm_pass *pass, struct alarm *alarm, int64_t span_us, bool once,
                  const char *reason, const struct alarm_operator *who, struct err *err);
bool alarm_unshelve(const struct alarm_pass *pass, struct alarm *alarm, const struct alarm_operator *who,
                    struct err *err);

/* Takes it out of service until it is put back, restarts included; a reason is mandatory. One that the configuration has
 * out of service comes back with the configuration only. */
bool alarm_take_out_of_service(const struct alarm_pass *pass, struct alarm *alarm, const char *reason,
                               const struct alarm_operator *who, struct err *err);
bool alarm_put_in_service(const struct alarm_pass *pass, struct alarm *alarm,
                          const struct alarm_operator *who, struct err *err);

/* An entry of the journal that is about no alarm in particular (`event` a literal), or about a refused request
 * on `alarm` (NULL: none). */
void alarms_note(const struct alarm_pass *pass, enum journal_kind kind, const char *event,
                 const struct alarm *alarm, const struct alarm_operator *who, const char *detail);

/* ---- hmi's own (alarm_system.c) ---- */

/* Sets the condition of one of hmi's own alarms; `detail` says what is wrong, in words. */
void alarms_set_system(const struct alarm_pass *pass, enum alarm_system which, bool stands,
                       const char *detail);

/* ---- reading ---- */

/* The tag's name, or "system". */
const char *alarm_tag_name(const struct alarm *alarm);

/* Never NULL. */
const struct alarm_texts *alarm_texts(const struct alarm *alarm);

#endif
