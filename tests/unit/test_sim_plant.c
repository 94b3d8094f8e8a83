/* The simulated plant: physics that add up,
 * controllers that reach their setpoints, runs that can be repeated. */
#include "recorder/sim_plant.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const int64_t SECOND_US = 1000000;
static const int64_t WALL_US = INT64_C(1790000000000000);

static void test_tanks_keep_their_water(void **state)
{
    (void)state;
    struct sim_model m;
    sim_model_init(&m, 7, 6 * 3600);
    double raw = m.raw.volume_m3, clear = m.clear.volume_m3;
    for (int i = 0; i < 3 * 36000; i++) {
        /* Pumps off and on again, so that tanks run empty and full, too. */
        bool trouble = i > 10000 && i < 60000;
        m.faults.intake_pump[0] = m.faults.intake_pump[1] = trouble;
        m.faults.network_pump[0] = m.faults.network_pump[1] = i > 80000 && i < 95000;
        sim_model_step(&m);
        assert_true(fabs(m.raw.volume_m3 - (raw + m.raw.in_m3 - m.raw.out_m3 - m.raw.overflow_m3)) < 1e-6);
        assert_true(fabs(m.clear.volume_m3 - (clear + m.clear.in_m3 - m.clear.out_m3 - m.clear.overflow_m3)) <
                    1e-6);
        assert_true(m.raw.volume_m3 >= 0 && m.raw.volume_m3 <= m.raw.capacity_m3);
        assert_true(m.clear.volume_m3 >= 0 && m.clear.volume_m3 <= m.clear.capacity_m3);
    }
    assert_true(m.raw.in_m3 > 100 && m.clear.out_m3 > 100);
    /* What leaves the one tank enters the other. */
    assert_true(fabs(m.raw.out_m3 - m.clear.in_m3) < 1e-6);
}

static void assert_within(double value, double low, double high)
{
    if (!(value >= low && value <= high))
        fail_msg("%g is not within %g and %g", value, low, high);
}

/* What no run may leave, whatever the disturbances do. */
static void assert_physical(const struct sim_model *m)
{
    for (int i = 0; i < SIM_FILTERS; i++) {
        assert_within(m->filter[i].flow_m3h, 0, 261);
        assert_within(m->filter[i].dp_bar, 0, 2.5);
        assert_within(m->filter[i].turbidity_ntu, 0, 2);
    }
    for (int i = 0; i < 2; i++) {
        assert_within(m->intake.pump[i].current_a, 0, 4 * m->intake.pump[i].rated_a);
        assert_within(m->network.pump[i].winding_c, 10, 160);
    }
    assert_within(m->network.pressure_bar, 0, 8.6);
    assert_within(m->network.flow_m3h, 0, 900);
    assert_within(m->dosing.residual_mgl, 0, 2);
    assert_within(m->dosing.tank_percent, 19, 100);
    assert_within(m->boiler.pressure_bar, 0, 11);
    assert_within(m->boiler.drum_c, 90, 190);
    assert_within(m->boiler.level_percent, 0, 100);
    assert_within(m->boiler.flue_c, 20, 235);
    assert_within(m->boiler.oxygen_percent, 2.5, 20.95);
    assert_within(m->boiler.supply_c, 5, 130);
    assert_within(m->intake.turbidity_ntu, 1, 20);
}

static void ignore(void *context, const struct sim_message *message)
{
    (void)context;
    (void)message;
}

static void test_a_day_stays_within_physics(void **state)
{
    (void)state;
    struct sim_plant_options options = {.seed = 3, .prefix = "plant", .speed = 1};
    struct sim_plant *plant = sim_plant_new(&options);
    double low = 1000, high = 0;
    for (int64_t s = 1; s <= 24 * 3600; s++) {
        sim_plant_advance(plant, s * SECOND_US, WALL_US + s * SECOND_US, ignore, NULL);
        const struct sim_model *m = sim_plant_model(plant);
        assert_physical(m);
        low = fmin(low, m->network.flow_m3h);
        high = fmax(high, m->network.flow_m3h);
    }
    assert_true(high > 1.6 * low); /* the town sleeps and wakes */
    assert_true(sim_plant_model(plant)->filter[0].washes > 20);
    sim_plant_free(plant);
}

/* Every setpoint by its command topic, and where the model shows what it controls. */
static const struct reach_row {
    const char *topic, *payload;
    double target, tolerance, within_s;
    size_t offset;
} REACH_ROWS[] = {
    {"plant/raw_tank/level/set", "66", 66, 3.5, 900, offsetof(struct sim_model, raw.level_percent)},
    {"plant/clear_tank/level/set", "3.3", 3.3, 0.12, 1800, offsetof(struct sim_model, clear_level_m)},
    {"plant/dosing/chlorine/set", "{\"value\": 0.7}", 0.7, 0.03, 400,
     offsetof(struct sim_model, dosing.residual_mgl)},
    {"plant/net/pressure/set", " 4.5 ", 4.5, 0.1, 120, offsetof(struct sim_model, network.pressure_bar)},
    {"plant/boiler/pressure/set", "8", 8, 0.25, 300, offsetof(struct sim_model, boiler.pressure_bar)},
    {"plant/boiler/temp/set", "92.5", 92.5, 1.0, 400, offsetof(struct sim_model, boiler.supply_c)},
    {"plant/boiler/temp/set", "60", 60, 1.5, 900, offsetof(struct sim_model, boiler.supply_c)},
};

static double model_at(const struct sim_plant *plant, size_t offset)
{
    double value;
    memcpy(&value, (const char *)sim_plant_model(plant) + offset, sizeof value);
    return value;
}

static void test_controllers_reach_their_setpoints(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof REACH_ROWS / sizeof *REACH_ROWS; i++) {
        const struct reach_row *row = &REACH_ROWS[i];
        struct sim_plant_options options = {
            .seed = 11, .prefix = "plant", .speed = 1, .clock_s = 14 * 3600, .calm = true};
        struct sim_plant *plant = sim_plant_new(&options);
        assert_true(fabs(model_at(plant, row->offset) - row->target) > row->tolerance);
        assert_true(sim_plant_command(plant, row->topic, row->payload, strlen(row->payload)));
        int64_t end_us = (int64_t)row->within_s * SECOND_US;
        sim_plant_advance(plant, end_us, WALL_US + end_us, ignore, NULL);
        for (int s = 1; s <= 60; s++) { /* and stays there */
            sim_plant_advance(plant, end_us + s * SECOND_US, WALL_US, ignore, NULL);
            assert_within(model_at(plant, row->offset), row->target - row->tolerance,
                          row->target + row->tolerance);
        }
        sim_plant_free(plant);
    }
}

static void test_bad_commands_change_nothing(void **state)
{
    (void)state;
    static const char *const BAD[][2] = {
        {"plant/boiler/temp/set", "111"}, {"plant/boiler/temp/set", "19.9"},
        {"plant/boiler/temp/set", "NaN"}, {"plant/boiler/temp/set", "hot"},
        {"plant/boiler/temp/set", ""},    {"plant/boiler/temp/set", "{}"},
        {"plant/boiler/temp", "90"},      {"other/boiler/temp/set", "90"},
        {"plantboiler/temp/set", "90"},   {"plant/boiler/temp/set", "0x50"},
        {"plant/net/p1/set", "2"},        {"plant/boiler/temp/set", "{\"value\"}"},
        {"plant/boiler/temp/set", "inf"},
    };
    struct sim_plant_options options = {.seed = 1, .prefix = "plant", .speed = 1};
    struct sim_plant *plant = sim_plant_new(&options);
    struct sim_model before = *sim_plant_model(plant);
    char long_payload[4096];
    memset(long_payload, '1', sizeof long_payload);
    assert_false(sim_plant_command(plant, "plant/boiler/temp/set", long_payload, sizeof long_payload));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(sim_plant_command(plant, BAD[i][0], BAD[i][1], strlen(BAD[i][1])));
    assert_memory_equal(&before.setpoint, &sim_plant_model(plant)->setpoint, sizeof before.setpoint);
    sim_plant_free(plant);
}

static void test_what_a_controller_answers(void **state)
{
    (void)state;
    struct sim_plant_options options = {.seed = 1, .prefix = "plant", .speed = 1};
    struct sim_plant *plant = sim_plant_new(&options);
    char answer[SIM_ANSWER_MAX];
    sim_plant_answer(plant, "plant/boiler/temp/set", true, answer);
    assert_string_equal(answer, "accepted");
    sim_plant_answer(plant, "plant/boiler/temp/set", false, answer);
    assert_string_equal(answer, "refused: it takes 20 to 110");
    sim_plant_answer(plant, "plant/boiler/temp", false, answer);
    assert_string_equal(answer, "");
    sim_plant_free(plant);
}

static void test_a_stopped_pump_stops(void **state)
{
    (void)state;
    struct sim_plant_options options = {.seed = 1, .prefix = "water/works", .speed = 1, .calm = true};
    struct sim_plant *plant = sim_plant_new(&options);
    assert_true(sim_plant_command(plant, "water/works/intake/p1/set", "OFF", 3));
    sim_plant_advance(plant, 30 * SECOND_US, WALL_US, ignore, NULL);
    const struct sim_pump *pump = &sim_plant_model(plant)->intake.pump[0];
    assert_int_equal(pump->state, SIM_PUMP_STOPPED);
    assert_true(pump->current_a < 0.5 && pump->speed < 0.01);
    assert_true(sim_plant_command(plant, "water/works/intake/p1/set", "1", 1));
    sim_plant_advance(plant, 32 * SECOND_US, WALL_US, ignore, NULL);
    assert_int_equal(pump->state, SIM_PUMP_STARTING);
    sim_plant_advance(plant, 60 * SECOND_US, WALL_US, ignore, NULL);
    assert_int_equal(pump->state, SIM_PUMP_RUNNING);
    assert_true(pump->current_a > 10);
    sim_plant_free(plant);
}

/* All messages of a run, as one number: their order, topics, payloads and retain marks. */
struct digest {
    uint64_t hash;
    unsigned messages;
};

static void digest_add(struct digest *digest, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        digest->hash = (digest->hash ^ at[i]) * UINT64_C(0x100000001b3);
}

static void digest_message(void *context, const struct sim_message *message)
{
    struct digest *digest = context;
    digest->messages++;
    digest_add(digest, message->topic, strlen(message->topic) + 1);
    digest_add(digest, message->payload, message->length);
    digest_add(digest, message->retain ? "r" : "-", 1);
}

static struct digest run_digest(uint64_t seed, int64_t step_us)
{
    struct sim_plant_options options = {.seed = seed, .prefix = "plant", .speed = 1, .clock_s = 8 * 3600};
    struct sim_plant *plant = sim_plant_new(&options);
    struct digest digest = {.hash = UINT64_C(0xcbf29ce484222325)};
    for (int64_t at_us = 0; at_us <= 900 * SECOND_US; at_us += step_us)
        sim_plant_advance(plant, at_us, WALL_US + at_us, digest_message, &digest);
    sim_plant_free(plant);
    return digest;
}

static void test_same_seed_same_series(void **state)
{
    (void)state;
    struct digest first = run_digest(42, SECOND_US), again = run_digest(42, SECOND_US);
    struct digest finer = run_digest(42, SECOND_US / 10), other = run_digest(43, SECOND_US);
    assert_true(first.messages > 900 * 15);
    assert_true(first.hash == again.hash && first.messages == again.messages);
    assert_true(first.hash == finer.hash); /* how often it is called makes no difference */
    assert_true(first.hash != other.hash);
}

struct happening {
    const char *name;
    double since_s;
};

/* The first disturbances of a run; `meddle` gives commands in between. */
static size_t run_disturbances(uint64_t seed, bool meddle, struct happening *out, size_t room)
{
    struct sim_plant_options options = {.seed = seed, .prefix = "plant", .speed = 1};
    struct sim_plant *plant = sim_plant_new(&options);
    size_t count = 0;
    for (int64_t s = 1; s <= 2 * 3600 && count < room; s++) {
        double since_s;
        sim_plant_advance(plant, s * SECOND_US, WALL_US, ignore, NULL);
        if (meddle && s % 100 == 0)
            sim_plant_command(plant, "plant/boiler/temp/set", s % 200 ? "70" : "90", 2);
        const char *name = sim_plant_disturbance(plant, &since_s);
        if (name && (count == 0 || out[count - 1].since_s != since_s))
            out[count++] = (struct happening){name, since_s};
    }
    sim_plant_free(plant);
    return count;
}

static void test_disturbances_depend_on_the_seed_alone(void **state)
{
    (void)state;
    struct happening first[64], again[64], other[64];
    size_t count = run_disturbances(5, false, first, 64);
    assert_in_range(count, 15, 60); /* every few minutes */
    assert_int_equal(run_disturbances(5, true, again, 64), count);
    assert_true(first[0].since_s < 100); /* a demonstration does not wait long for it */
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(first[i].name, again[i].name);
        assert_true(first[i].since_s == again[i].since_s);
        if (i > 0)
            assert_true(first[i].since_s > first[i - 1].since_s + 60);
    }
    run_disturbances(6, false, other, 64);
    assert_true(first[0].since_s != other[0].since_s);
}

/* How often each point was sent in a run without disturbances. */
struct tally {
    unsigned sent[256], retained[256];
    size_t length_max;
};

static void tally_message(void *context, const struct sim_message *message)
{
    struct tally *tally = context;
    for (size_t i = 0; i < SIM_POINT_COUNT; i++)
        if (!strcmp(message->topic + strlen("plant/"), SIM_POINTS[i].topic)) {
            tally->sent[i]++;
            tally->retained[i] += message->retain;
            assert_int_equal(message->device, SIM_POINTS[i].device);
        }
    assert_int_equal(strlen(message->payload), message->length);
    if (message->length > tally->length_max)
        tally->length_max = message->length;
}

static void test_rates_and_retained(void **state)
{
    (void)state;
    struct sim_plant_options options = {
        .seed = 9, .prefix = "plant", .speed = 1, .clock_s = 12 * 3600, .calm = true};
    struct sim_plant *plant = sim_plant_new(&options);
    struct tally tally = {0};
    assert_true(SIM_POINT_COUNT <= 256);
    sim_plant_advance(plant, 600 * SECOND_US, WALL_US, tally_message, &tally);
    for (size_t i = 0; i < SIM_POINT_COUNT; i++) {
        const struct sim_point *point = &SIM_POINTS[i];
        double expected = 600 / point->period_s;
        assert_true(tally.sent[i] >= expected - 2);
        assert_true(point->state || tally.sent[i] <= expected + 2);
        assert_int_equal(tally.retained[i], point->state ? tally.sent[i] : 0);
        assert_true(point->period_s >= 1);
    }
    assert_in_range(tally.length_max, 60, SIM_PAYLOAD_MAX - 20);
    sim_plant_free(plant);
}

struct last_payload {
    const char *topic;
    char payload[SIM_PAYLOAD_MAX];
};

static void keep_payload(void *context, const struct sim_message *message)
{
    struct last_payload *last = context;
    if (!strcmp(message->topic, last->topic))
        snprintf(last->payload, sizeof last->payload, "%s", message->payload);
}

static void test_payload_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *topic, *format; /* for sscanf, with a %n at the end */
    } ROWS[] = {
        {"plant/raw_tank/level", "%*f%n"},
        {"plant/dosing/flow", "\"%*f\"%n"},
        {"plant/dosing/chlorine", "{\"value\":\"%*f\",\"ts\":1790000060.000}%n"},
        {"plant/boiler/temp", "{\"value\":%*f,\"ts\":1790000060000}%n"},
        {"plant/net/zones", "[%*f,%*f,%*f,%*f]%n"},
        {"plant/clear_tank/level",
         "{\"level\":{\"m\":%*f,\"percent\":%*f},\"time\":\"2026-09-21T14:14:20.000Z\"}%n"},
        {"plant/filter/1",
         "{\"flow\":%*f,\"dp\":%*f,\"turbidity\":%*f,\"state\":\"FILTERING\",\"ts\":1790000060000}%n"},
        {"plant/net/p1", "{\"state\":1,\"motor\":{\"current\":%*f,\"winding\":%*f}}%n"},
        {"plant/dosing/running", "on%n"},
        {"plant/site/shift", "Early%n"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct sim_plant_options options = {
            .seed = 9, .prefix = "plant", .speed = 1, .clock_s = 12 * 3600, .calm = true};
        struct sim_plant *plant = sim_plant_new(&options);
        struct last_payload last = {.topic = ROWS[i].topic};
        /* Two steps, so that the second ends at a message of each period of up to 5 s. */
        for (int tenth = 1; tenth <= 600; tenth++)
            sim_plant_advance(plant, tenth * SECOND_US / 10, WALL_US + 60 * SECOND_US, keep_payload, &last);
        int used = -1;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        sscanf(last.payload, ROWS[i].format, &used);
#pragma GCC diagnostic pop
        if (used != (int)strlen(last.payload))
            fail_msg("%s: %s", last.topic, last.payload);
        sim_plant_free(plant);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tanks_keep_their_water),
        cmocka_unit_test(test_a_day_stays_within_physics),
        cmocka_unit_test(test_controllers_reach_their_setpoints),
        cmocka_unit_test(test_bad_commands_change_nothing),
        cmocka_unit_test(test_what_a_controller_answers),
        cmocka_unit_test(test_a_stopped_pump_stops),
        cmocka_unit_test(test_same_seed_same_series),
        cmocka_unit_test(test_disturbances_depend_on_the_seed_alone),
        cmocka_unit_test(test_rates_and_retained),
        cmocka_unit_test(test_payload_shapes),
    };
    return cmocka_run_group_tests_name("sim_plant", tests, NULL, NULL);
}
