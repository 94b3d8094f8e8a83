/* A plant with one tag and its alarms under a fake clock, for the tests of the alarm engine. */
#ifndef TESTS_ALARM_FIXTURE_H
#define TESTS_ALARM_FIXTURE_H

#include "unit.h"

#include "base/mem.h"
#include "plant/alarm.h"
#include "plant/batch.h"

#include <math.h>
#include <stdio.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define T0     (INT64_C(1700000000) * SECOND)
#define TAGS   4

struct alarm_fixture {
    struct plant plant;
    struct alarms alarms;
    struct batch *batch;
    struct plant_time now;
    struct tag_def
        defs[TAGS]; /* a, b, c, d on topics of these names; fill in alarms, then alarm_fixture_start() */
    size_t seen;    /* events that the test has looked at */
};

static inline struct alarm_pass fixture_now(struct alarm_fixture *f)
{
    return (struct alarm_pass){.alarms = &f->alarms, .time = f->now, .batch = f->batch};
}

static inline void fixture_make(struct alarm_fixture *f)
{
    memset(f, 0, sizeof *f);
    plant_init(&f->plant, &(struct plant_options){.max_tags = 100,
                                                  .max_payload = 4096,
                                                  .source_time_past_us = 7 * 24 * HOUR,
                                                  .source_time_future_us = 60 * SECOND});
    alarms_init(&f->alarms, &f->plant, 8 * HOUR);
    f->batch = batch_new();
    f->now = (struct plant_time){.wall_us = T0, .mono_us = 5000 * SECOND};
    plant_add_subscription(&f->plant, "#", (struct payload_rule){.format = FORMAT_AUTO});
    for (int i = 0; i < TAGS; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        tag_def_init(&f->defs[i]);
        f->defs[i].name = mem_copy_text(name);
        f->defs[i].topic = mem_copy_text(name);
        f->defs[i].path = mem_copy_text("");
        f->defs[i].area = mem_copy_text("");
    }
}

/* Another alarm of tag a; what is returned may be filled in further. */
static inline struct alarm_def *fixture_alarm(struct alarm_fixture *f, enum alarm_type type, double limit)
{
    struct tag_def *def = &f->defs[0];
    def->alarms = mem_resize(def->alarms, def->alarm_count + 1, sizeof *def->alarms);
    struct alarm_def *alarm = &def->alarms[def->alarm_count++];
    *alarm = (struct alarm_def){.type = type, .has_limit = true, .limit = limit, .priority = PRIORITY_MEDIUM};
    return alarm;
}

/* The backlog is over. */
static inline void fixture_settle(struct alarm_fixture *f)
{
    plant_backlog_end(&f->plant, &f->now);
    struct alarm_pass pass = fixture_now(f);
    alarms_thaw(&pass);
}

static inline void fixture_configure(struct alarm_fixture *f)
{
    for (int i = 0; i < TAGS; i++)
        plant_add_configured(&f->plant, &f->defs[i], f->batch);
    struct alarm_pass pass = fixture_now(f);
    alarms_configure(&pass);
}

static inline void fixture_lose_link(struct alarm_fixture *f)
{
    struct alarm_pass pass = fixture_now(f);
    plant_link_down(&f->plant);
    alarms_freeze(&pass);
}

/* Configured, link up. */
static inline void fixture_start(struct alarm_fixture *f)
{
    fixture_configure(f);
    plant_link_up(&f->plant, &f->now);
    fixture_settle(f);
}

static inline void fixture_end(struct alarm_fixture *f)
{
    for (int i = 0; i < TAGS; i++)
        tag_def_free(&f->defs[i]);
    alarms_free(&f->alarms);
    plant_free(&f->plant);
    batch_free(f->batch);
}

static inline void fixture_publish(struct alarm_fixture *f, const char *topic, const char *payload,
                                   bool retained)
{
    const struct plant_message message = {.topic = topic,
                                          .payload = (const uint8_t *)payload,
                                          .length = strlen(payload),
                                          .qos = 1,
                                          .retained = retained};
    plant_receive(&f->plant, &message, &f->now, f->batch);
    struct alarm_pass pass = fixture_now(f);
    alarms_evaluate(&pass);
}

static inline void fixture_send(struct alarm_fixture *f, const char *topic, double value)
{
    char payload[64];
    snprintf(payload, sizeof payload, "%.9g", value);
    fixture_publish(f, topic, payload, false);
}

/* Time passes, a tick at each moment when something is due. */
static inline void fixture_pass(struct alarm_fixture *f, int64_t span_us)
{
    int64_t end_us = f->now.mono_us + span_us;
    while (f->now.mono_us < end_us) {
        int64_t due_us = alarms_due_us(&f->alarms);
        int64_t step_us = due_us < end_us ? due_us - f->now.mono_us : end_us - f->now.mono_us;
        if (step_us < 0)
            step_us = 0;
        f->now.mono_us += step_us;
        f->now.wall_us += step_us;
        struct alarm_pass pass = fixture_now(f);
        alarms_tick(&pass);
        plant_tick(&f->plant, &f->now, f->batch);
        alarms_evaluate(&pass);
    }
}

/* Loses the link for a minute; what comes back then is retained values or the backlog, and then nothing. */
static inline void fixture_come_back_silent(struct alarm_fixture *f, double a, double b, bool retained)
{
    char payload[32];
    fixture_lose_link(f);
    fixture_pass(f, MINUTE);
    plant_link_up(&f->plant, &f->now);
    snprintf(payload, sizeof payload, "%.9g", a);
    fixture_publish(f, "a", payload, retained);
    snprintf(payload, sizeof payload, "%.9g", b);
    fixture_publish(f, "b", payload, retained);
    fixture_settle(f);
}

static inline struct alarm *fixture_find(struct alarm_fixture *f, const char *address)
{
    struct alarm *alarm = alarms_find(&f->alarms, address);
    if (!alarm)
        fail_msg("there is no alarm %s", address);
    return alarm;
}

#define expect_state(f, address, wanted)                                                                     \
    do {                                                                                                     \
        enum alarm_state found_ = fixture_find(f, address)->status.state;                                    \
        if (found_ != (wanted))                                                                              \
            fail_msg("line %d: %s is %s, not %s", __LINE__, address, alarm_state_word(found_),               \
                     alarm_state_word(wanted));                                                              \
    } while (0)

/* The next entries of the journal that no test has looked at: "word word ...", "" for none. */
static inline const char *fixture_events(struct alarm_fixture *f)
{
    static char text[4096];
    size_t used = 0;
    text[0] = '\0';
    for (; f->seen < f->batch->event_count; f->seen++) {
        struct alarm_event event = batch_event(f->batch, f->seen);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s", used ? ", " : "",
                                 event.alarm ? event.alarm : "-", event.event);
        assert_true(used < sizeof text);
    }
    return text;
}

static const struct alarm_operator ALICE = {.user = "alice", .station = "pts/1"};

static inline void fixture_acknowledge(struct alarm_fixture *f, const char *address)
{
    struct err err = {0};
    struct alarm_pass pass = fixture_now(f);
    if (!alarm_acknowledge(&pass, fixture_find(f, address), &ALICE, &err))
        fail_msg("%s", err.text);
}

static inline void fixture_shelve(struct alarm_fixture *f, const char *address, int64_t span_us, bool once)
{
    struct err err = {0};
    struct alarm_pass pass = fixture_now(f);
    if (!alarm_shelve(&pass, fixture_find(f, address), span_us, once, "sensor at the workshop", &ALICE, &err))
        fail_msg("%s", err.text);
}

/* Another recorder, `away_us` after the first one was killed, with what the last batch said of each alarm. */
static inline void fixture_restart(struct alarm_fixture *old, struct alarm_fixture *new, int64_t away_us)
{
    fixture_make(new);
    for (int i = 0; i < TAGS; i++) {
        tag_def_free(&new->defs[i]);
        tag_def_copy(&new->defs[i], &old->defs[i]);
        const struct tag *tag = plant_tag_by_name(&old->plant, old->defs[i].name);
        const struct value value = plant_tag_value(tag);
        plant_adopt(&new->plant, tag->id, tag->def.name, tag->def.topic, tag->def.path, tag->def.kind, &value,
                    tag->ts_us);
    }
    new->now = (struct plant_time){.wall_us = old->now.wall_us + away_us, .mono_us = 77 * SECOND};
    for (size_t i = 0; i < old->batch->alarm_count; i++) {
        const struct batch_alarm *row = &old->batch->alarms[i];
        if (row->status.state != ALARM_NORMAL)
            alarms_adopt(&new->alarms, row->tag_id, batch_word(old->batch, row->word), &row->status,
                         &row->texts);
    }
    new->alarms.known_until_us = old->now.wall_us;
    fixture_configure(new);
}

/* Another configuration comes, or the same: f->defs as they are now. */
static inline void fixture_reload(struct alarm_fixture *f)
{
    plant_reload_begin(&f->plant, f->batch);
    plant_add_subscription(&f->plant, "#", (struct payload_rule){.format = FORMAT_AUTO});
    for (int i = 0; i < TAGS; i++)
        plant_add_configured(&f->plant, &f->defs[i], f->batch);
    plant_reload_end(&f->plant);
    struct alarm_pass pass = fixture_now(f);
    alarms_configure(&pass);
}

#endif
