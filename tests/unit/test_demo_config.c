/* config/demo.cfg beside the plant that it describes: every tag is heard, what is normal raises no limit,
 * what goes wrong does. The limits are tested here as the alarms will: with their delays. */
#include "config/config.h"
#include "plant/plant.h"
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

/* One limit of one tag while it is watched. */
struct watch {
    const struct tag *tag;
    const struct alarm_def *alarm;
    const struct tag *reference;
    int64_t since_us; /* beyond the limit; 0: it is not */
    unsigned raised;
    bool standing;
};

struct world {
    struct config config;
    struct plant plant;
    struct batch *batch;
    struct sim_plant *sim;
    struct watch watches[200];
    size_t watch_count;
    int64_t now_us;
    unsigned standing_s; /* seconds with any limit passed */
};

static void world_receive(void *context, const struct sim_message *message)
{
    struct world *world = context;
    struct plant_message in = {.topic = message->topic,
                               .payload = (const uint8_t *)message->payload,
                               .length = message->length,
                               .qos = 1,
                               .retained = false};
    struct plant_time time = {.wall_us = WALL_US + world->now_us, .mono_us = world->now_us};
    plant_receive(&world->plant, &in, &time, world->batch);
}

static void world_watch(struct world *world, const struct tag *tag)
{
    for (size_t i = 0; i < tag->def.alarm_count; i++) {
        const struct alarm_def *alarm = &tag->def.alarms[i];
        if (alarm->type == ALARM_STALE || alarm->type == ALARM_BAD || alarm->type == ALARM_RATE)
            continue;
        const struct tag *reference =
            alarm->reference ? plant_tag_by_name(&world->plant, alarm->reference) : NULL;
        assert_true(!alarm->reference || reference);
        assert_true(alarm->has_limit);
        world->watches[world->watch_count++] =
            (struct watch){.tag = tag, .alarm = alarm, .reference = reference};
    }
}

static void world_init(struct world *world, uint64_t seed, double clock_s, bool calm)
{
    *world = (struct world){.batch = batch_new()};
    struct config_report report;
    bool good = config_load(&world->config, "config/demo.cfg", &report);
    if (!good)
        fail_msg("%s", report.faults[0]);
    assert_int_equal(report.warning_count, 0);
    config_report_free(&report);
    struct plant_options options = {.max_tags = 1000,
                                    .max_payload = 65536,
                                    .source_time_past_us = world->config.source_time_past_us,
                                    .source_time_future_us = world->config.source_time_future_us};
    plant_init(&world->plant, &options);
    for (size_t i = 0; i < world->config.subscription_count; i++)
        plant_add_subscription(&world->plant, world->config.subscriptions[i].filter,
                               world->config.subscriptions[i].payload);
    for (size_t i = 0; i < world->config.tag_count; i++)
        plant_add_configured(&world->plant, &world->config.tags[i], world->batch);
    for (size_t i = 0; i < world->plant.tag_count; i++)
        world_watch(world, world->plant.tags[i]);
    struct plant_time start = {.wall_us = WALL_US, .mono_us = 0};
    plant_link_up(&world->plant, &start);
    plant_backlog_end(&world->plant, &start);
    struct sim_plant_options sim = {
        .seed = seed, .prefix = "plant", .clock_s = clock_s, .speed = 1, .calm = calm};
    world->sim = sim_plant_new(&sim);
    for (int device = 0; device < SIM_DEVICES; device++) {
        char topic[64];
        const struct sim_device_row *row = &SIM_DEVICE_ROWS[device];
        snprintf(topic, sizeof topic, "plant/%s", row->topic);
        struct sim_message online = {.topic = topic, .payload = row->online, .length = strlen(row->online)};
        world_receive(world, &online);
    }
}

static void world_free(struct world *world)
{
    sim_plant_free(world->sim);
    plant_free(&world->plant);
    batch_free(world->batch);
    config_free(&world->config);
}

static bool watch_beyond(const struct watch *watch)
{
    double value = watch->tag->number, limit = watch->alarm->limit;
    double back = watch->standing ? watch->alarm->deadband : 0;
    switch (watch->alarm->type) {
    case ALARM_LOLO:
    case ALARM_LO:
        return value < limit + back;
    case ALARM_HI:
    case ALARM_HIHI:
        return value > limit - back;
    case ALARM_DEVIATION:
        return fabs(value - watch->reference->number) > limit - back;
    case ALARM_STATE:
        return value == limit;
    default:
        return false;
    }
}

static void watch_step(struct watch *watch, int64_t now_us)
{
    if (!watch->tag->heard || !quality_is_good(watch->tag->quality))
        return;
    if (!watch_beyond(watch)) {
        watch->since_us = 0;
        watch->standing = false;
        return;
    }
    if (!watch->since_us)
        watch->since_us = now_us;
    if (!watch->standing && now_us - watch->since_us >= watch->alarm->on_delay_us) {
        watch->standing = true;
        watch->raised++;
    }
}

static void world_run(struct world *world, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        bool any = false;
        world->now_us += SECOND_US;
        sim_plant_advance(world->sim, world->now_us, WALL_US + world->now_us, world_receive, world);
        batch_clear(world->batch);
        for (size_t w = 0; w < world->watch_count; w++) {
            watch_step(&world->watches[w], world->now_us);
            any = any || world->watches[w].standing;
        }
        world->standing_s += any;
    }
}

static void test_every_tag_is_heard(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, 1, 10 * 3600, true);
    world_run(&world, 120);
    assert_int_equal(world.plant.counters.discovered, 0);
    assert_int_equal(world.plant.counters.refused_payloads, 0);
    assert_int_equal(world.plant.counters.refused_times, 0);
    assert_in_range(world.plant.tag_count, 60, 90);
    for (size_t i = 0; i < world.plant.tag_count; i++) {
        const struct tag *tag = world.plant.tags[i];
        if (!tag->heard || !quality_is_good(tag->quality))
            fail_msg("%s: heard %d, quality %08x", tag->def.name, tag->heard, tag->quality);
        if (tag->def.has_range && (tag->number < tag->def.low || tag->number > tag->def.high))
            fail_msg("%s: %g is out of its range", tag->def.name, tag->number);
        if (tag->def.state_count && !tag_def_state_text(&tag->def, tag->number))
            fail_msg("%s: %g is none of its states", tag->def.name, tag->number);
        assert_true(*tag->def.description && *tag->def.area);
    }
    world_free(&world);
}

/* Every setpoint's topic is one that the plant obeys, with the same bounds, and its readback tells. */
static void test_setpoints_fit_the_plant(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, 1, 10 * 3600, true);
    unsigned setpoints = 0;
    for (size_t i = 0; i < world.plant.tag_count; i++) {
        const struct tag *tag = world.plant.tags[i];
        if (!tag->def.setpoint)
            continue;
        char payload[32];
        setpoints++;
        snprintf(payload, sizeof payload, "%g", tag->def.setpoint->min);
        if (!sim_plant_command(world.sim, tag->def.setpoint->topic, payload, strlen(payload)))
            fail_msg("%s: the plant refuses %s", tag->def.name, payload);
        world_run(&world, 2);
        const struct tag *readback = plant_tag_by_name(&world.plant, tag->def.setpoint->readback);
        assert_non_null(readback);
        if (fabs(readback->number - tag->def.setpoint->min) > 1e-9)
            fail_msg("%s reads back %g, not %s", tag->def.name, readback->number, payload);
        snprintf(payload, sizeof payload, "%g", tag->def.setpoint->max + 0.5);
        assert_false(sim_plant_command(world.sim, tag->def.setpoint->topic, payload, strlen(payload)));
        snprintf(payload, sizeof payload, "%g", tag->def.setpoint->max);
        assert_true(sim_plant_command(world.sim, tag->def.setpoint->topic, payload, strlen(payload)));
    }
    assert_int_equal(setpoints, SIM_COMMAND_COUNT);
    world_free(&world);
}

static void test_a_calm_day_raises_nothing(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, 4, 0, true);
    world_run(&world, 24 * 3600);
    for (size_t i = 0; i < world.watch_count; i++)
        if (world.watches[i].raised)
            fail_msg("%s: %s was raised %u times", world.watches[i].tag->def.name,
                     ALARM_TYPE_WORDS[world.watches[i].alarm->type], world.watches[i].raised);
    world_free(&world);
}

static void test_disturbances_pass_limits(void **state)
{
    (void)state;
    const int hours = 6;
    struct world world;
    unsigned raised = 0, different = 0;
    world_init(&world, 1, 8 * 3600, false);
    world_run(&world, hours * 3600);
    for (size_t i = 0; i < world.watch_count; i++) {
        raised += world.watches[i].raised;
        different += world.watches[i].raised > 0;
        if (getenv("SHOW_LIMITS") && world.watches[i].raised)
            printf("# %s %s %u\n", world.watches[i].tag->def.name,
                   ALARM_TYPE_WORDS[world.watches[i].alarm->type], world.watches[i].raised);
    }
    assert_in_range(raised, hours * 5, hours * 40);
    assert_true(different >= 12);
    assert_true(world.standing_s > 300 && world.standing_s < (unsigned)hours * 3600 / 2); /* mostly quiet */
    assert_true(world.plant.counters.refused_payloads > 0); /* garbled sensors */
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_tag_is_heard),
        cmocka_unit_test(test_setpoints_fit_the_plant),
        cmocka_unit_test(test_a_calm_day_raises_nothing),
        cmocka_unit_test(test_disturbances_pass_limits),
    };
    return cmocka_run_group_tests_name("demo_config", tests, NULL, NULL);
}
