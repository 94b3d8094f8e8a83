/* Random sequences against a second, slower engine: it knows one alarm, walks through time in steps of 100 ms, and looks
 * at the whole condition each time instead of keeping timers. And of an exclusive pair what must hold at any time. */
#include "alarm_fixture.h"

#define RUNS    3000
#define STEPS   120
#define STEP_US (SECOND / 10)
#define NO_TIME INT64_MIN

/* What the alarm is made of, and what the model thinks. Times in steps. */
struct model {
    double limit, deadband;
    int on_delay, off_delay, realarm, escalate;
    bool latching, journal, low;

    double value, pump;
    bool has_value, has_pump, link;
    bool condition, active;
    int waited; /* steps that the condition has differed from `active`, link up */
    int acknowledged_for;
    int stood_for; /* steps since it came, or its priority rose */
    enum alarm_priority priority;
    int suppress_ends; /* steps since the suppressor left; -1: it has not */
    int shelf_left;
    bool shelf_once;
    unsigned withheld;
    enum alarm_state state;
};

static bool model_beyond(const struct model *m)
{
    double excess = m->low ? m->limit - m->value : m->value - m->limit;
    return m->condition ? excess > -m->deadband : excess > 0;
}

static void model_withheld(struct model *m, unsigned before)
{
    if (m->withheld == before)
        return;
    if (m->withheld & ALARM_BY_OPERATOR)
        m->state = ALARM_OUT_OF_SERVICE;
    else if (m->withheld & ALARM_BY_DESIGN)
        m->state = ALARM_SUPPRESSED;
    else if (m->withheld & ALARM_BY_SHELF)
        m->state = ALARM_SHELVED;
    else if (!m->active)
        m->state = ALARM_NORMAL;
    else
        m->state = m->journal ? ALARM_ACKNOWLEDGED : ALARM_UNACKNOWLEDGED;
    m->acknowledged_for = 0;
}

static void model_flip(struct model *m)
{
    unsigned before = m->withheld;
    m->active = m->condition;
    m->acknowledged_for = 0;
    if (m->active) {
        bool quiet = m->journal && (m->state == ALARM_NORMAL || m->state == ALARM_LATCHED_ACKNOWLEDGED);
        if (!m->withheld)
            m->state = quiet ? ALARM_ACKNOWLEDGED : ALARM_UNACKNOWLEDGED;
        return;
    }
    if (m->state == ALARM_UNACKNOWLEDGED)
        m->state = m->latching ? ALARM_LATCHED : ALARM_RETURNED;
    else if (m->state == ALARM_ACKNOWLEDGED)
        m->state = m->latching ? ALARM_LATCHED_ACKNOWLEDGED : ALARM_NORMAL;
    if (m->shelf_once)
        m->withheld &= ~(unsigned)ALARM_BY_SHELF;
    model_withheld(m, before);
    before = m->withheld;
    if (m->suppress_ends >= 0)
        m->withheld &= ~(unsigned)ALARM_BY_DESIGN;
    m->suppress_ends = -1;
    model_withheld(m, before);
}

/* Something may have changed, with no time passing. */
static void model_look(struct model *m)
{
    unsigned before = m->withheld;
    if (!m->link)
        return;
    if (m->has_pump && m->pump == 0) {
        m->withheld |= ALARM_BY_DESIGN;
        m->suppress_ends = -1;
    } else if (m->has_pump && m->withheld & ALARM_BY_DESIGN && m->suppress_ends < 0) {
        if ((m->condition || m->active) && m->on_delay)
            m->suppress_ends = 0;
        else
            m->withheld &= ~(unsigned)ALARM_BY_DESIGN;
    }
    model_withheld(m, before);
    if (!m->has_value)
        return;
    bool beyond = model_beyond(m);
    if (beyond != m->condition)
        m->waited = 0;
    m->condition = beyond;
    if (m->condition != m->active && m->waited >= (m->condition ? m->on_delay : m->off_delay))
        model_flip(m);
    before = m->withheld;
    if (m->suppress_ends >= 0 && !m->condition && !m->active) {
        m->withheld &= ~(unsigned)ALARM_BY_DESIGN;
        m->suppress_ends = -1;
    }
    model_withheld(m, before);
}

/* Its priority rises for as long as it stands and operators are told of it. */
static void model_escalate(struct model *m)
{
    bool told = m->state == ALARM_UNACKNOWLEDGED || m->state == ALARM_ACKNOWLEDGED;
    if (!told || !m->active || m->journal || !m->escalate || m->priority == PRIORITY_CRITICAL) {
        m->stood_for = 0;
    } else if (m->link && ++m->stood_for >= m->escalate) {
        m->stood_for = 0;
        m->priority++;
        m->state = ALARM_UNACKNOWLEDGED;
    }
    if (m->state == ALARM_NORMAL)
        m->priority = m->journal ? PRIORITY_JOURNAL : PRIORITY_MEDIUM;
}

static void model_step(struct model *m)
{
    unsigned before = m->withheld;
    bool waits = m->link && m->has_value && m->condition != m->active;
    m->waited = waits ? m->waited + 1 : m->waited;
    if (waits && m->waited >= (m->condition ? m->on_delay : m->off_delay)) {
        model_flip(m);
        m->stood_for = -1; /* since the end of this step */
    }
    if (m->link && m->state == ALARM_ACKNOWLEDGED && m->active && !m->journal && m->realarm &&
        ++m->acknowledged_for >= m->realarm)
        m->state = ALARM_UNACKNOWLEDGED;
    model_escalate(m);
    before = m->withheld;
    if (m->withheld & ALARM_BY_SHELF && --m->shelf_left <= 0)
        m->withheld &= ~(unsigned)ALARM_BY_SHELF;
    model_withheld(m, before);
    before = m->withheld;
    if (m->link && m->suppress_ends >= 0 && ++m->suppress_ends >= m->on_delay) {
        m->withheld &= ~(unsigned)ALARM_BY_DESIGN;
        m->suppress_ends = -1;
    }
    model_withheld(m, before);
}

/* ---- both at once ---- */

static void begin(struct alarm_fixture *f, struct model *m, uint64_t *random)
{
    *m = (struct model){
        .limit = 50,
        .deadband = (double)unit_random_below(random, 3) * 5,
        .on_delay = (int)unit_random_below(random, 3) * 4,
        .off_delay = (int)unit_random_below(random, 3) * 3,
        .realarm = unit_random_below(random, 2) ? 15 : 0,
        .escalate = unit_random_below(random, 2) ? 12 : 0,
        .latching = unit_random_below(random, 3) == 0,
        .journal = unit_random_below(random, 5) == 0,
        .low = unit_random_below(random, 2),
        .link = true,
        .suppress_ends = -1,
        .state = ALARM_NORMAL,
    };
    m->priority = m->journal ? PRIORITY_JOURNAL : PRIORITY_MEDIUM;
    fixture_make(f);
    struct alarm_def *def = fixture_alarm(f, m->low ? ALARM_LO : ALARM_HI, m->limit);
    def->name = mem_copy_text("it");
    def->deadband = m->deadband;
    def->on_delay_us = m->on_delay * STEP_US;
    def->off_delay_us = m->off_delay * STEP_US;
    def->realarm_us = m->realarm * STEP_US;
    def->escalate_us = m->escalate * STEP_US;
    def->latching = m->latching;
    def->priority = m->priority;
    def->suppress[0] = (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 0};
    fixture_start(f);
}

static void act_value(struct alarm_fixture *f, struct model *m, uint64_t *random)
{
    m->value = 35 + (double)unit_random_below(random, 31);
    m->has_value = true;
    fixture_send(f, "a", m->value);
    model_look(m);
}

static void act_pump(struct alarm_fixture *f, struct model *m, uint64_t *random)
{
    m->pump = (double)unit_random_below(random, 2);
    m->has_pump = true;
    fixture_send(f, "b", m->pump);
    model_look(m);
}

static void act_acknowledge(struct alarm_fixture *f, struct model *m, uint64_t *random)
{
    struct err err = {0};
    struct alarm_pass pass = fixture_now(f);
    bool good = alarm_acknowledge(&pass, fixture_find(f, "a/it"), &ALICE, &err);
    bool expected = true;
    (void)random;
    if (m->state == ALARM_UNACKNOWLEDGED) {
        m->state = ALARM_ACKNOWLEDGED;
        m->acknowledged_for = 0;
    } else if (m->state == ALARM_RETURNED || m->state == ALARM_LATCHED_ACKNOWLEDGED) {
        m->state = ALARM_NORMAL;
    } else if (m->state == ALARM_LATCHED) {
        m->state = ALARM_LATCHED_ACKNOWLEDGED;
    } else {
        expected = false;
    }
    assert_int_equal(good, expected);
}

static void act_shelve(struct alarm_fixture *f, struct model *m, uint64_t *random)
{
    unsigned before = m->withheld;
    m->shelf_once = unit_random_below(random, 2);
    m->shelf_left = 1 + (int)unit_random_below(random, 20);
    m->withheld |= ALARM_BY_SHELF;
    model_withheld(m, before);
    fixture_shelve(f, "a/it", m->shelf_left * STEP_US, m->shelf_once);
}

static void act_unshelve(struct alarm_fixture *f, struct model *m, uint64_t *random)
{
    struct err err = {0};
    unsigned before = m->withheld;
    struct alarm_pass pass = fixture_now(f);
    (void)random;
    assert_int_equal(alarm_unshelve(&pass, fixture_find(f, "a/it"), &ALICE, &err),
                     (before & ALARM_BY_SHELF) != 0);
    m->withheld &= ~(unsigned)ALARM_BY_SHELF;
    model_withheld(m, before);
}

/* Out of service, or back. */
static void act_service(struct alarm_fixture *f, struct model *m, uint64_t *random)
{
    struct err err = {0};
    unsigned before = m->withheld;
    struct alarm_pass pass = fixture_now(f);
    struct alarm *alarm = fixture_find(f, "a/it");
    (void)random;
    assert_true(before & ALARM_BY_OPERATOR
                    ? alarm_put_in_service(&pass, alarm, &ALICE, &err)
                    : alarm_take_out_of_service(&pass, alarm, "sensor away", &ALICE, &err));
    m->withheld ^= (unsigned)ALARM_BY_OPERATOR;
    model_withheld(m, before);
}

/* The link goes, or comes back with what is true by then. */
static void act_link(struct alarm_fixture *f, struct model *m, uint64_t *random)
{
    struct alarm_pass pass = fixture_now(f);
    m->link = !m->link;
    if (!m->link) {
        plant_link_down(&f->plant);
        alarms_freeze(&pass);
        return;
    }
    plant_link_up(&f->plant, &f->now);
    if (m->has_pump)
        fixture_send(f, "b", m->pump);
    if (m->has_value) {
        m->value = 35 + (double)unit_random_below(random, 31);
        fixture_send(f, "a", m->value);
    }
    plant_backlog_end(&f->plant, &f->now);
    alarms_thaw(&pass);
    model_look(m);
}

static void act_wait(struct alarm_fixture *f, struct model *m, uint64_t *random)
{
    (void)f;
    (void)m;
    (void)random;
}

static void run_once(uint64_t seed)
{
    static void (*const ACTS[])(struct alarm_fixture *, struct model *, uint64_t *) = {
        act_value,    act_value, act_value,   act_pump, act_acknowledge, act_shelve,
        act_unshelve, act_link,  act_service, act_wait, act_wait,        act_wait,
    };
    struct alarm_fixture f;
    struct model m;
    uint64_t random = seed;
    begin(&f, &m, &random);
    for (int step = 0; step < STEPS; step++) {
        size_t act = unit_random_below(&random, COUNT(ACTS));
        bool needs_link = act < 4;
        if (!needs_link || m.link)
            ACTS[act](&f, &m, &random);
        const struct alarm_status *status = &fixture_find(&f, "a/it")->status;
        fixture_pass(&f, STEP_US);
        model_step(&m);
        bool priority_settled = m.state == ALARM_NORMAL || status->priority == m.priority;
        if (status->state != m.state || status->active != m.active || !priority_settled)
            fail_msg("seed %llu, step %d, act %zu: %s %d, the model says %s %d", (unsigned long long)seed,
                     step, act, alarm_state_word(status->state), status->priority, alarm_state_word(m.state),
                     m.priority);
    }
    fixture_end(&f);
}

static void test_against_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        run_once(seed * UINT64_C(0x9E3779B97F4A7C15));
}

/* ---- an exclusive pair ---- */

static void pair_act(struct alarm_fixture *f, double *value, bool *link, uint64_t *random)
{
    struct err err = {0};
    struct alarm_pass pass = fixture_now(f);
    struct alarm *alarm = fixture_find(f, unit_random_below(random, 4) ? "a/hihi" : "a/hi");
    switch (unit_random_below(random, 8)) {
    case 0:
        alarm_unshelve(&pass, alarm, &ALICE, &err);
        break;
    case 1:
        alarm_shelve(&pass, alarm, 5 * STEP_US, unit_random_below(random, 2), "noise", &ALICE, &err);
        break;
    case 2:
        if (!alarm_put_in_service(&pass, alarm, &ALICE, &err))
            assert_true(alarm_take_out_of_service(&pass, alarm, "sensor away", &ALICE, &err));
        break;
    case 3:
        fixture_send(f, "b", (double)unit_random_below(random, 2)); /* suppresses hihi */
        break;
    case 4:
        alarm_acknowledge(&pass, alarm, &ALICE, &err);
        break;
    case 5:
        *link = !*link;
        if (*link) {
            plant_link_up(&f->plant, &f->now);
            fixture_send(f, "b", 1);
            fixture_send(f, "a", *value);
            fixture_settle(f);
        } else {
            plant_link_down(&f->plant);
            alarms_freeze(&pass);
        }
        break;
    default:
        if (*link)
            fixture_send(f, "a", *value = 85 + (double)unit_random_below(random, 15));
    }
}

/* Without delays who stands follows from the value and from what is withheld: hihi by its limit, hi by its own
 * unless operators are told of hihi. So a value beyond a limit is told by one of them, and by one only. */
static void test_pair(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct alarm_fixture f;
        uint64_t random = seed * UINT64_C(0x9E3779B97F4A7C15);
        double value = 50;
        bool link = true;
        fixture_make(&f);
        fixture_alarm(&f, ALARM_HI, 90)->exclusive = true;
        fixture_alarm(&f, ALARM_HIHI, 95)->suppress[0] =
            (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 0};
        fixture_start(&f);
        fixture_send(&f, "a", value);
        for (int step = 0; step < STEPS; step++) {
            pair_act(&f, &value, &link, &random);
            fixture_pass(&f, STEP_US);
            const struct alarm_status *hi = &fixture_find(&f, "a/hi")->status;
            const struct alarm_status *hihi = &fixture_find(&f, "a/hihi")->status;
            bool told = hihi->active && !hihi->withheld;
            if (link && (hihi->active != (value > 95) || hi->active != (value > 90 && !told)))
                fail_msg("seed %llu, step %d: at %g hi is %s, hihi %s", (unsigned long long)seed, step, value,
                         alarm_state_word(hi->state), alarm_state_word(hihi->state));
        }
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_model), cmocka_unit_test(test_pair)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
