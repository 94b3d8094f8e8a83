/* Random sequences against a second, slower engine (alarm_model.h): each run has one to four alarms of random types and
 * options on one tag; values, bad payloads, silence, outages and what operators do come at random. At each moment both
 * must agree on each alarm, the journal must tell each change of state, and consoles be told of it.
 *
 * A run that fails says how to repeat it alone, with all that it does: ALARM_SEED=... test_alarm_model. */
#include "alarm_fixture.h"
#include "alarm_model.h"

#define RUNS        8000
#define STEPS       150
#define STEP_US     (SECOND / MODEL_STEPS_A_S)
#define SHELF_STEPS 20 /* no shelf is longer */

static const char *const TOPICS[MODEL_TAGS] = {"a", "b", "c", "d"};

struct both {
    struct alarm_fixture f;
    struct model m;
    uint64_t seed, random;
    bool speaks;                          /* says on standard error what it does */
    enum alarm_state told[ALARM_SYSTEM];  /* by the journal, by type */
    enum alarm_state shown[ALARM_SYSTEM]; /* to consoles */
};

/* Which states alarms of each type have come to, in all runs. */
static bool reached[ALARM_SYSTEM][ALARM_STATES];

#define say(both, ...) ((both)->speaks ? (void)fprintf(stderr, __VA_ARGS__) : (void)0)

#define disagree(both, format, ...)                                                                          \
    fail_msg("step %d: " format "; ALARM_SEED=%llu says how it came to that", (both)->m.now, __VA_ARGS__,    \
             (unsigned long long)(both)->seed)

static size_t below(struct both *both, size_t most)
{
    return unit_random_below(&both->random, most);
}

static bool one_in(struct both *both, size_t most)
{
    return below(both, most) == 0;
}

/* ---- what the alarms are made of ---- */

/* The more severe ones first. */
static const enum alarm_type TYPES[] = {ALARM_LOLO,      ALARM_HIHI, ALARM_LO,    ALARM_HI,
                                        ALARM_DEVIATION, ALARM_RATE, ALARM_STATE, ALARM_DISCREPANCY,
                                        ALARM_STALE,     ALARM_BAD};

static double choose_limit(enum alarm_type type, double deadband)
{
    static const double LIMITS[] = {
        [ALARM_LOLO] = 44,     [ALARM_LO] = 48,    [ALARM_HI] = 52, [ALARM_HIHI] = 56,
        [ALARM_DEVIATION] = 4, [ALARM_STATE] = 50, [ALARM_BAD] = 0};
    return type == ALARM_RATE ? MODEL_STEPS_A_S + deadband : LIMITS[type]; /* falls by 1 a step */
}

static void choose_alarm(struct both *both, enum alarm_type type)
{
    struct model_alarm *alarm = &both->m.alarms[both->m.alarm_count++];
    bool is_limit = type <= ALARM_HIHI;
    *alarm = (struct model_alarm){
        .type = type,
        .deadband = (double)below(both, 3),
        .limit_by_tag = is_limit && one_in(both, 4),
        .latching = one_in(both, 3),
        .by_pump = one_in(both, 3),
        .by_group = one_in(both, 6),
        .on_delay = (int)below(both, 3) * 4,
        .off_delay = (int)below(both, 3) * 3,
        .count = one_in(both, 3) ? 1 + (int)below(both, 3) : 0,
        .realarm = one_in(both, 2) ? 15 : 0,
        .escalate = one_in(both, 2) ? 12 : 0,
        .own_priority = one_in(both, 5) ? PRIORITY_JOURNAL : PRIORITY_LOW + below(both, 4),
        .withheld = one_in(both, 20) ? ALARM_BY_SERVICE : 0,
        .state = ALARM_NORMAL,
        .activated_at = MODEL_NEVER,
        .told_at = MODEL_NEVER,
        .pump_left_at = MODEL_NEVER,
    };
    alarm->limit = choose_limit(type, alarm->deadband);
    alarm->priority = alarm->own_priority;
    if (alarm->withheld)
        alarm->state = ALARM_OUT_OF_SERVICE;
}

/* lo gives way to lolo, hi to hihi. */
static void choose_pairs(struct both *both)
{
    struct model *m = &both->m;
    for (size_t i = 0; i < m->alarm_count; i++)
        for (size_t n = 0; n < m->alarm_count; n++) {
            struct model_alarm *lesser = &m->alarms[i], *worse = &m->alarms[n];
            bool is_pair = (lesser->type == ALARM_LO && worse->type == ALARM_LOLO) ||
                           (lesser->type == ALARM_HI && worse->type == ALARM_HIHI);
            if (!is_pair || one_in(both, 3))
                continue;
            lesser->worse = worse;
            worse->lesser = lesser;
        }
}

static void choose_alarms(struct both *both)
{
    bool as_pair = one_in(both, 2);
    for (size_t i = 0; i < COUNT(TYPES); i++) {
        bool wanted = as_pair ? i < 4 && !one_in(both, 3) : one_in(both, 4);
        if (wanted && both->m.alarm_count < MODEL_ALARMS_MAX)
            choose_alarm(both, TYPES[i]);
    }
    if (!both->m.alarm_count)
        choose_alarm(both, TYPES[below(both, COUNT(TYPES))]);
    choose_pairs(both);
}

/* The same for the engine. */
static void configure_alarm(struct both *both, const struct model_alarm *alarm)
{
    struct alarm_def *def = fixture_alarm(&both->f, alarm->type, alarm->limit);
    def->deadband = alarm->deadband;
    def->limit_tag = alarm->limit_by_tag ? mem_copy_text(TOPICS[MODEL_LIMIT]) : NULL;
    if (alarm->type == ALARM_DEVIATION || alarm->type == ALARM_DISCREPANCY)
        def->reference = mem_copy_text(TOPICS[MODEL_REFERENCE]);
    def->on_delay_us = alarm->on_delay * STEP_US;
    def->off_delay_us = alarm->off_delay * STEP_US;
    def->count = alarm->count;
    def->realarm_us = alarm->realarm * STEP_US;
    def->escalate_us = alarm->escalate * STEP_US;
    def->latching = alarm->latching;
    def->exclusive = alarm->worse != NULL;
    def->out_of_service = alarm->withheld & ALARM_BY_SERVICE;
    def->priority = alarm->own_priority;
    if (alarm->by_pump)
        def->suppress[0] =
            (struct alarm_suppression){.tag = mem_copy_text(TOPICS[MODEL_PUMP]), .value = MODEL_PUMP_OFF};
    if (alarm->by_group)
        def->suppress[1] = (struct alarm_suppression){.tag = mem_copy_text(TOPICS[MODEL_REFERENCE]),
                                                      .value = MODEL_TRIP_VALUE};
    say(both,
        "%s: limit %g%s, deadband %g, delays %d %d, count %d, realarm %d, escalate %d, priority %d%s%s%s%s\n",
        ALARM_TYPE_WORDS[alarm->type], alarm->limit, alarm->limit_by_tag ? " by tag" : "", alarm->deadband,
        alarm->on_delay, alarm->off_delay, alarm->count, alarm->realarm, alarm->escalate, alarm->own_priority,
        alarm->latching ? ", latching" : "", alarm->worse ? ", exclusive" : "",
        alarm->by_pump ? ", by pump" : "", alarm->by_group ? ", by group" : "");
}

static void begin(struct both *both, uint64_t seed, bool speaks)
{
    memset(both, 0, sizeof *both);
    both->seed = seed;
    both->random = seed * UINT64_C(0x9E3779B97F4A7C15);
    both->speaks = speaks;
    for (int i = 0; i < ALARM_SYSTEM; i++)
        both->told[i] = both->shown[i] = ALARM_NORMAL;
    both->m.link = MODEL_LIVE;
    fixture_make(&both->f);
    both->f.alarms.shelf_max_us = SHELF_STEPS * STEP_US;
    choose_alarms(both);
    for (size_t i = 0; i < both->m.alarm_count; i++)
        configure_alarm(both, &both->m.alarms[i]);
    for (int i = 0; i < MODEL_TAGS; i++) {
        int steps = one_in(both, 3) ? 3 + (int)below(both, 6) : 0;
        both->m.tags[i].stale_after = steps;
        both->f.defs[i].stale_after_us = steps ? steps * STEP_US + STEP_US / 2 : 0;
        both->f.defs[i].kind_fixed = true; /* so that what is no number is bad */
    }
    fixture_start(&both->f);
}

/* ---- what happens to both ---- */

static void send(struct both *both, enum model_tag_place place, double value)
{
    char payload[32];
    bool retained = both->m.link == MODEL_BACKLOG && one_in(both, 2);
    snprintf(payload, sizeof payload, "%g", value);
    say(both, " %s = %s%s", TOPICS[place], payload, retained ? " retained" : "");
    fixture_publish(&both->f, TOPICS[place], payload, retained);
    model_hear(&both->m, place, false, value, retained);
}

/* Near the limits, or a little more or less than before. */
static void send_value(struct both *both)
{
    double last = both->m.tags[MODEL_VALUE].value;
    bool jumps = one_in(both, 2) || last < 38 || last > 62;
    send(both, MODEL_VALUE, jumps ? 40 + 2.0 * (double)below(both, 11) : last + (double)below(both, 3) - 1);
}

static void act_value(struct both *both)
{
    send_value(both);
}

static void act_values(struct both *both)
{
    send_value(both);
    send_value(both);
}

static void act_reference(struct both *both)
{
    send(both, MODEL_REFERENCE, MODEL_TRIP_VALUE + 4.0 * (double)below(both, 5));
}

static void act_pump(struct both *both)
{
    send(both, MODEL_PUMP, (double)below(both, 2));
}

static void act_limit(struct both *both)
{
    send(both, MODEL_LIMIT, 44 + 4.0 * (double)below(both, 4));
}

static void act_rubbish(struct both *both)
{
    enum model_tag_place place =
        one_in(both, 2) ? MODEL_VALUE : (enum model_tag_place)below(both, MODEL_TAGS);
    say(both, " %s bad", TOPICS[place]);
    fixture_publish(&both->f, TOPICS[place], "rubbish", false);
    model_hear(&both->m, place, true, 0, false);
}

static void lose_link(struct both *both)
{
    struct alarm_pass pass = fixture_now(&both->f);
    plant_link_down(&both->f.plant);
    alarms_freeze(&pass);
    model_set_link(&both->m, MODEL_AWAY);
}

/* It goes; comes, with a backlog; has settled, or goes again before. */
static void act_link(struct both *both)
{
    enum model_link link = both->m.link;
    if (link == MODEL_LIVE || (link == MODEL_BACKLOG && one_in(both, 4))) {
        say(both, " link lost");
        lose_link(both);
    } else if (link == MODEL_AWAY) {
        say(both, " link up");
        plant_link_up(&both->f.plant, &both->f.now);
        model_set_link(&both->m, MODEL_BACKLOG);
        for (int i = (int)below(both, 6); i > 0; i--)
            (i == 1 ? act_reference : i == 2 ? act_pump : i == 3 ? act_limit : act_value)(both);
    } else {
        say(both, " link settled");
        fixture_settle(&both->f);
        model_set_link(&both->m, MODEL_LIVE);
    }
}

static const char *word(const struct model_alarm *alarm)
{
    return ALARM_TYPE_WORDS[alarm->type];
}

static struct alarm *engine_alarm(struct both *both, const struct model_alarm *alarm)
{
    char address[32];
    snprintf(address, sizeof address, "a/%s", word(alarm));
    return fixture_find(&both->f, address);
}

static struct model_alarm *choose_one(struct both *both)
{
    return &both->m.alarms[below(both, both->m.alarm_count)];
}

/* What an operator did: the engine took it where it means something only. */
static void expect_taken(struct both *both, const struct model_alarm *alarm, bool taken, bool expected)
{
    if (taken != expected)
        disagree(both, "what an operator did to %s was %s", word(alarm), taken ? "taken" : "refused");
}

static void act_acknowledge(struct both *both)
{
    struct err err = {0};
    struct model_alarm *alarm = choose_one(both);
    struct alarm_pass pass = fixture_now(&both->f);
    say(both, " acknowledge %s", word(alarm));
    bool taken = alarm_acknowledge(&pass, engine_alarm(both, alarm), &ALICE, &err);
    expect_taken(both, alarm, taken, model_acknowledge(&both->m, alarm));
}

/* For longer than is allowed, too, and once for as long as that. */
static void act_shelve(struct both *both)
{
    struct err err = {0};
    struct model_alarm *alarm = choose_one(both);
    bool once = one_in(both, 2);
    int steps = (int)below(both, SHELF_STEPS + 10) + !once;
    struct alarm_pass pass = fixture_now(&both->f);
    say(both, " shelve %s for %d%s", word(alarm), steps, once ? " once" : "");
    bool taken = alarm_shelve(&pass, engine_alarm(both, alarm), steps * STEP_US, once, "noise", &ALICE, &err);
    expect_taken(both, alarm, taken, true);
    model_shelve(&both->m, alarm, !steps || steps > SHELF_STEPS ? SHELF_STEPS : steps, once);
}

static void act_unshelve(struct both *both)
{
    struct err err = {0};
    struct model_alarm *alarm = choose_one(both);
    struct alarm_pass pass = fixture_now(&both->f);
    say(both, " unshelve %s", word(alarm));
    bool taken = alarm_unshelve(&pass, engine_alarm(both, alarm), &ALICE, &err);
    expect_taken(both, alarm, taken, model_unshelve(&both->m, alarm));
}

static void act_take_out_of_service(struct both *both)
{
    struct err err = {0};
    struct model_alarm *alarm = choose_one(both);
    struct alarm_pass pass = fixture_now(&both->f);
    say(both, " take %s out of service", word(alarm));
    bool taken = alarm_take_out_of_service(&pass, engine_alarm(both, alarm), "sensor away", &ALICE, &err);
    expect_taken(both, alarm, taken, model_take_out_of_service(&both->m, alarm));
}

static void act_put_in_service(struct both *both)
{
    struct err err = {0};
    struct model_alarm *alarm = choose_one(both);
    struct alarm_pass pass = fixture_now(&both->f);
    say(both, " put %s in service", word(alarm));
    bool taken = alarm_put_in_service(&pass, engine_alarm(both, alarm), &ALICE, &err);
    expect_taken(both, alarm, taken, model_put_in_service(&both->m, alarm));
}

static void act_wait(struct both *both)
{
    (void)both;
}

static const struct act {
    void (*run)(struct both *);
    unsigned weight;
    bool needs_link;
} ACTS[] = {
    {act_value, 8, true},
    {act_values, 1, true},
    {act_reference, 2, true},
    {act_pump, 2, true},
    {act_limit, 1, true},
    {act_rubbish, 1, true},
    {act_link, 1, false},
    {act_acknowledge, 3, false},
    {act_shelve, 1, false},
    {act_unshelve, 1, false},
    {act_take_out_of_service, 1, false},
    {act_put_in_service, 1, false},
    {act_wait, 8, false},
};

static void act(struct both *both)
{
    size_t weight = 0, i = 0;
    for (size_t n = 0; n < COUNT(ACTS); n++)
        weight += ACTS[n].weight;
    for (weight = below(both, weight); weight >= ACTS[i].weight; i++)
        weight -= ACTS[i].weight;
    if (!ACTS[i].needs_link || both->m.link != MODEL_AWAY)
        ACTS[i].run(both);
}

/* ---- what must be equal ---- */

/* What both say of an alarm. */
struct standing {
    enum alarm_state state;
    bool active;
    unsigned withheld;
    enum alarm_priority priority;
    int activated_at; /* step; MODEL_NEVER */
};

static struct standing engine_standing(const struct alarm_status *status)
{
    return (struct standing){
        .state = status->state,
        .active = status->active,
        .withheld = status->withheld,
        .priority = status->priority,
        .activated_at = status->activated_us ? (int)((status->activated_us - T0) / STEP_US) : MODEL_NEVER,
    };
}

static struct standing model_standing(const struct model_alarm *alarm)
{
    return (struct standing){
        .state = alarm->state,
        .active = alarm->active,
        .withheld = alarm->withheld,
        .priority = alarm->priority,
        .activated_at = alarm->activated_at,
    };
}

static bool standings_are_equal(const struct standing *a, const struct standing *b)
{
    return a->state == b->state && a->active == b->active && a->withheld == b->withheld &&
           a->priority == b->priority && a->activated_at == b->activated_at;
}

static const char *standing_text(const struct standing *standing, char text[128])
{
    snprintf(text, 128, "%s, %s, withheld by %u, of priority %s, activated at step %d",
             alarm_state_word(standing->state), standing->active ? "active" : "clear", standing->withheld,
             ALARM_PRIORITY_WORDS[standing->priority], standing->activated_at);
    return text;
}

static void compare(struct both *both)
{
    for (size_t i = 0; i < both->m.alarm_count; i++) {
        char text[2][128];
        const struct model_alarm *alarm = &both->m.alarms[i];
        const struct standing found = engine_standing(&engine_alarm(both, alarm)->status),
                              wanted = model_standing(alarm);
        say(both, "; %s %s%s", word(alarm), alarm_state_word(found.state), found.active ? "!" : "");
        if (!standings_are_equal(&found, &wanted))
            disagree(both, "%s is %s; the model says %s", word(alarm), standing_text(&found, text[0]),
                     standing_text(&wanted, text[1]));
        reached[alarm->type][found.state] = true;
    }
    say(both, "\n");
}

/* Each change of state is in the journal, in order, and so is the last on its way to the consoles. */
static void audit(struct both *both)
{
    struct batch *batch = both->f.batch;
    for (size_t i = 0; i < batch->event_count; i++) {
        struct alarm_event event = batch_event(batch, i);
        if (!event.has_alarm)
            continue;
        if (event.before != both->told[event.type])
            disagree(both, "%s: %s goes from %s, but was told to be %s", event.event, event.alarm,
                     alarm_state_word(event.before), alarm_state_word(both->told[event.type]));
        both->told[event.type] = event.after;
    }
    for (size_t i = 0; i < batch->alarm_count; i++)
        both->shown[batch->alarms[i].type] = batch->alarms[i].status.state;
    for (size_t i = 0; i < both->m.alarm_count; i++) {
        const struct model_alarm *alarm = &both->m.alarms[i];
        if (both->told[alarm->type] != alarm->state || both->shown[alarm->type] != alarm->state)
            disagree(both, "%s is %s; the journal says %s, consoles see %s", word(alarm),
                     alarm_state_word(alarm->state), alarm_state_word(both->told[alarm->type]),
                     alarm_state_word(both->shown[alarm->type]));
    }
    batch_drop_journal(batch);
}

static void run_once(uint64_t seed, bool speaks)
{
    struct both both;
    begin(&both, seed, speaks);
    while (both.m.now < STEPS) {
        say(&both, "%3d:", both.m.now);
        act(&both);
        compare(&both);
        fixture_pass(&both.f, STEP_US);
        model_pass(&both.m);
        say(&both, "    ");
        compare(&both);
        audit(&both);
    }
    fixture_end(&both.f);
}

static void test_against_model(void **state)
{
    const char *seed = getenv("ALARM_SEED");
    (void)state;
    if (seed) {
        run_once(strtoull(seed, NULL, 10), true);
        return;
    }
    for (uint64_t n = 1; n <= RUNS; n++)
        run_once(n, false);
    for (int type = 0; type < ALARM_SYSTEM; type++) /* or the runs would prove little */
        for (int n = ALARM_NORMAL; n < ALARM_STATES; n++)
            if (!reached[type][n])
                fail_msg("in no run %s came to be %s", ALARM_TYPE_WORDS[type],
                         alarm_state_word((enum alarm_state)n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_model)};
    return cmocka_run_group_tests_name("alarm_model", tests, NULL, NULL);
}
