/* Aggregates and plots of series small enough to check by hand. */
#include "base/calendar.h"
#include "db/history_internal.h"
#include "db/query_aggregate.h"
#include "db/query_plot.h"

#include "history_fixture.h"

#include <math.h>
#include <time.h>

static struct query *open_query(const struct fixture *f)
{
    struct err err = {0};
    struct query *query = query_open(f->path, &err);
    if (!query)
        fail_msg("%s", err.text);
    return query;
}

static void assert_near(double found, double wanted)
{
    if (fabs(found - wanted) > 1e-9 * (1 + fabs(wanted)) || isnan(found) != isnan(wanted))
        fail_msg("%.17g, not %.17g", found, wanted);
}

static void add_bad(struct fixture *f, uint32_t id, int64_t ts_us)
{
    batch_add_sample(f->batch, id, ts_us, &(struct value){.type = VALUE_NONE}, QUALITY_BAD);
}

static void add_discrete_tag(struct fixture *f, uint32_t id, const char *name, enum tag_kind kind)
{
    struct tag_def def;
    tag_def_init(&def);
    def.record = RECORD_ALL;
    def.kind = kind;
    def.name = mem_copy_text(name);
    def.topic = mem_copy_text(name);
    def.path = mem_copy_text("");
    def.area = mem_copy_text("");
    if (kind == TAG_DISCRETE) {
        def.states = mem_new(2, sizeof *def.states);
        def.state_count = 2;
        def.states[0] = (struct tag_state){0, mem_copy_text("STOPPED")};
        def.states[1] = (struct tag_state){1, mem_copy_text("RUNNING")};
    }
    batch_add_tag(f->batch, id, &def);
    tag_def_free(&def);
}

/* 10 s: 0 → 10 → bad → 4, a gap, 6. */
static void fill_analog(struct fixture *f)
{
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_number(f, 1, T0, 0);
    fixture_add_number(f, 1, T0 + 10 * SECOND, 10);
    add_bad(f, 1, T0 + 20 * SECOND);
    fixture_add_number(f, 1, T0 + 30 * SECOND, 4);
    batch_add_gap(f->batch, T0 + 35 * SECOND, T0 + 38 * SECOND, "broker away");
    fixture_add_number(f, 1, T0 + 40 * SECOND, 6);
    fixture_append(f, T0 + 45 * SECOND);
}

static void test_sloped(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct query_aggregate a;
    fill_analog(f);
    struct query *query = open_query(f);
    assert_true(query_aggregate(query, 1, T0, T0 + 10 * SECOND, QUERY_EVERYTHING, &a, &err));
    assert_near(a.average, 5);
    assert_near(a.total, 50);
    assert_near(a.percent_good, 100);
    assert_near(a.start, 0);
    assert_near(a.end, 10);
    assert_near(a.max.value, 10); /* the bound */
    assert_int_equal(a.max.ts_us, T0 + 10 * SECOND);
    assert_near(a.last.value, 0);
    assert_int_equal(a.count, 1);
    query_aggregate_free(&a);
    /* half way up, then what held until it turned bad */
    assert_true(query_aggregate(query, 1, T0 + 5 * SECOND, T0 + 25 * SECOND, QUERY_EVERYTHING, &a, &err));
    assert_near(a.start, 5);
    assert_true(isnan(a.end));
    assert_near(a.total, 7.5 * 5 + 100);
    assert_near(a.average, 137.5 / 15);
    assert_near(a.percent_good, 75);
    assert_int_equal(a.samples, 2);
    assert_int_equal(a.count, 1);
    assert_near(a.min.value, 5);
    assert_int_equal(a.min.ts_us, T0 + 5 * SECOND);
    query_aggregate_free(&a);
    /* not across the gap, and after the last one until the end of what is asked */
    assert_true(query_aggregate(query, 1, T0 + 30 * SECOND, T0 + 50 * SECOND, QUERY_EVERYTHING, &a, &err));
    assert_int_equal(a.good_us, 15 * SECOND);
    assert_near(a.total, 4 * 5 + 6 * 10);
    assert_near(a.growth, 4 + 2); /* from 10 a step down, whatever lay between */
    assert_int_equal(a.resets, 1);
    query_aggregate_free(&a);
    /* nobody recorded a day later */
    assert_true(query_aggregate(query, 1, T0 + DAY, T0 + DAY + SECOND, QUERY_EVERYTHING, &a, &err));
    assert_int_equal(a.good_us, 0);
    assert_true(isnan(a.average));
    query_aggregate_free(&a);
    assert_false(query_aggregate(query, 1, T0, T0, QUERY_EVERYTHING, &a, &err));
    query_close(query);
}

struct days {
    int count;
    int64_t hours[4];
    double totals[4];
};

static int64_t next_day(void *context, int64_t from_us)
{
    (void)context;
    return calendar_next_us(CALENDAR_DAY, from_us);
}

static bool see_day(void *context, const struct query_aggregate *a)
{
    struct days *days = context;
    days->hours[days->count] = (a->to_us - a->from_us) / (3600 * SECOND);
    days->totals[days->count++] = a->total;
    return days->count < 3;
}

/* Days of the plant: in October one of 25 hours; and the caller may stop. */
static void test_local_days(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct days days = {.count = 0};
    int64_t saturday_us = INT64_C(1792792800) * SECOND; /* 2026-10-24 00:00 in Vienna */
    setenv("TZ", "Europe/Vienna", 1);
    tzset();
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_number(f, 1, saturday_us, 2);
    fixture_add_number(f, 1, saturday_us + 4 * DAY, 2);
    fixture_append(f, saturday_us + 4 * DAY);
    struct query *query = open_query(f);
    assert_true(query_bounded_intervals(query, 1, saturday_us, saturday_us + 4 * DAY, next_day, NULL,
                                        QUERY_AVERAGE, see_day, &days, &err));
    assert_int_equal(days.count, 3);
    static const int HOURS[] = {24, 25, 24};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(days.hours[i], HOURS[i]);
        assert_near(days.totals[i], 2.0 * HOURS[i] * 3600);
    }
    query_close(query);
}

static const struct query_state *find_state(const struct query_aggregate *a, double value)
{
    for (size_t i = 0; i < a->state_count; i++)
        if (a->states[i].value == value)
            return &a->states[i];
    return NULL;
}

static void test_stepped(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct query_aggregate a;
    add_discrete_tag(f, 1, "pump", TAG_DISCRETE);
    static const int SERIES[][2] = {{0, 0}, {10, 1}, {30, 1}, {40, 0}, {50, 1}};
    for (size_t i = 0; i < sizeof SERIES / sizeof *SERIES; i++)
        fixture_add_number(f, 1, T0 + SERIES[i][0] * SECOND, SERIES[i][1]);
    add_bad(f, 1, T0 + 60 * SECOND);
    fixture_add_number(f, 1, T0 + 70 * SECOND, 1); /* as before it went bad: no transition */
    fixture_append(f, T0 + 80 * SECOND);
    struct query *query = open_query(f);
    assert_true(query_aggregate(query, 1, T0 + 5 * SECOND, T0 + 80 * SECOND, QUERY_EVERYTHING, &a, &err));
    assert_int_equal(a.transitions, 3);
    assert_int_equal(a.state_count, 2);
    assert_int_equal(find_state(&a, 0)->time_us, 15 * SECOND);
    assert_int_equal(find_state(&a, 0)->entered, 1);
    assert_int_equal(find_state(&a, 1)->time_us, 50 * SECOND);
    assert_int_equal(find_state(&a, 1)->entered, 2);
    assert_near(a.average, 50.0 / 65);
    query_aggregate_free(&a);
    assert_true(query_aggregate(query, 1, T0 + 65 * SECOND, T0 + 75 * SECOND, QUERY_EVERYTHING, &a, &err));
    assert_int_equal(a.transitions, 0);
    query_aggregate_free(&a);
    assert_true(query_aggregate(query, 1, T0 - SECOND, T0 + SECOND, QUERY_EVERYTHING, &a, &err));
    assert_int_equal(a.transitions, 1); /* the first of all */
    query_aggregate_free(&a);
    query_close(query);
}

static void test_texts_and_counters(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct query_aggregate a;
    add_discrete_tag(f, 1, "mode", TAG_TEXT);
    fixture_add_text(f, 1, T0, "auto", 4);
    fixture_add_text(f, 1, T0 + 10 * SECOND, "hand", 4);
    fixture_add_text(f, 1, T0 + 12 * SECOND, "auto", 4);
    fixture_add_tag(f, 2, "counter", "counter");
    static const int SERIES[] = {100, 110, 125, 3, 3, 8};
    for (int i = 0; i < 6; i++)
        fixture_add_number(f, 2, T0 + i * SECOND, SERIES[i]);
    fixture_append(f, T0 + 20 * SECOND);
    struct query *query = open_query(f);
    assert_true(query_aggregate(query, 1, T0 + SECOND, T0 + 20 * SECOND, QUERY_EVERYTHING, &a, &err));
    assert_int_equal(a.transitions, 2);
    assert_int_equal(a.state_count, 2);
    assert_string_equal(a.states[0].text, "auto");
    assert_int_equal(a.states[0].time_us, 17 * SECOND);
    assert_string_equal(a.states[1].text, "hand");
    assert_true(isnan(a.average));
    assert_near(a.percent_good, 100);
    query_aggregate_free(&a);
    assert_true(query_aggregate(query, 2, T0 + SECOND, T0 + 6 * SECOND, QUERY_COUNTER, &a, &err));
    assert_near(a.growth, 10 + 15 + 3 + 5); /* the step into the span is its own */
    assert_int_equal(a.resets, 1);
    query_aggregate_free(&a);
    query_close(query);
}

static void test_plot(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct query_column columns[10];
    enum query_source source;
    fill_analog(f);
    struct query *query = open_query(f);
    assert_true(query_plot(query, 1, T0 - 10 * SECOND, T0 + 40 * SECOND, 10, columns, &source, &err));
    assert_int_equal(source, QUERY_RAW);
    assert_false(columns[0].has_value || columns[0].bad || columns[0].gap || columns[1].has_value);
    assert_near(columns[2].first, 0);
    assert_near(columns[2].last, 5);
    assert_near(columns[3].first, 5); /* no sample in it: the line passes through */
    assert_near(columns[3].average, 7.5);
    assert_int_equal(columns[3].count, 0);
    assert_near(columns[4].min, 10);
    assert_true(columns[6].bad && !columns[6].has_value && columns[6].count == 1);
    assert_true(columns[7].bad && !columns[7].gap);
    assert_true(columns[8].has_value && !columns[8].bad && !columns[8].gap);
    assert_true(columns[9].gap && !columns[9].has_value && !columns[9].bad);
    assert_false(query_plot(query, 1, T0, T0 + 5, 6, columns, &source, &err));
    query_close(query);
}

/* Between the largest numbers there are the lines and averages that there are between others. */
static void test_the_largest_numbers(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct query_column columns[3];
    struct query_aggregate a;
    fixture_add_tag(f, 1, "t", "t");
    for (int i = 0; i < 4; i++)
        fixture_add_number(f, 1, T0 + i * 10 * SECOND, i % 2 ? 1.6e308 : -1.6e308);
    fixture_append(f, T0 + 30 * SECOND);
    struct query *query = open_query(f);
    assert_true(query_plot(query, 1, T0, T0 + 15 * SECOND, 3, columns, NULL, &err));
    assert_near(columns[1].first / 1e308, 0);
    assert_near(columns[1].last / 1e308, 1.6);
    assert_near(columns[1].average / 1e308, 0.8);
    assert_near(columns[2].last / 1e308, 0);
    assert_true(query_aggregate(query, 1, T0, T0 + 15 * SECOND, QUERY_EVERYTHING, &a, &err));
    assert_near(a.average / 1e308, 0.8 / 3);
    query_aggregate_free(&a);
    query_close(query);
}

struct seen_values {
    char text[256];
};

static bool see_value(void *context, const struct query_latest *latest)
{
    struct seen_values *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%s=%d,%g,%x,%s ", latest->tag, latest->has_value,
             latest->sample.value.number, latest->sample.quality,
             latest->state_text ? latest->state_text : "-");
    return true;
}

static void test_at(void **state)
{
    static const struct {
        int64_t at_s;
        const char *expected;
    } CASES[] = {
        {-1, "pump=0,0,0,- t=0,0,0,- "},
        {0, "pump=0,0,0,- t=1,0,0,- "},
        {12, "pump=1,1,0,RUNNING t=1,10,0,- "},
        {25, "pump=1,1,0,RUNNING t=1,0,80000000,- "},
        {36, "pump=1,1,40900000,RUNNING t=1,4,40900000,- "},
        {41, "pump=1,1,40900000,RUNNING t=1,6,0,- "},
        {1000, "pump=1,1,40900000,RUNNING t=1,6,40900000,- "},
    };
    struct fixture *f = *state;
    struct err err = {0};
    fill_analog(f);
    add_discrete_tag(f, 2, "pump", TAG_DISCRETE);
    fixture_add_number(f, 2, T0 + 5 * SECOND, 1);
    fixture_append(f, T0 + 45 * SECOND);
    struct query *query = open_query(f);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct seen_values seen = {.text = ""};
        assert_true(query_each_at(query, T0 + CASES[i].at_s * SECOND, see_value, &seen, &err));
        assert_string_equal(seen.text, CASES[i].expected);
    }
    query_close(query);
}

static void test_find_tag(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct query_tag tag;
    add_discrete_tag(f, 7, "pump", TAG_DISCRETE);
    fixture_add_tag(f, 8, "t", "area/t");
    fixture_add_tag_with(f, 9, "sp", "area/sp", &(struct tag_def){.stepped = true});
    fixture_append(f, T0);
    struct query *query = open_query(f);
    assert_true(query_find_tag(query, "sp", &tag, &err));
    assert_int_equal(tag.kind, TAG_ANALOG);
    assert_false(tag.sloped);
    query_tag_free(&tag);
    assert_true(query_find_tag(query, "pump", &tag, &err));
    assert_int_equal(tag.id, 7);
    assert_int_equal(tag.kind, TAG_DISCRETE);
    assert_false(tag.sloped || tag.has_range);
    assert_int_equal(tag.state_count, 2);
    assert_string_equal(tag.states[1].text, "RUNNING");
    query_tag_free(&tag);
    assert_true(query_find_tag(query, "t", &tag, &err));
    assert_true(tag.sloped);
    assert_string_equal(tag.area, "area");
    query_tag_free(&tag);
    assert_false(query_find_tag(query, "nobody", &tag, &err));
    assert_int_equal(err.code, EX_UNAVAILABLE);
    query_close(query);
}

int main(void)
{
#define QUERY_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        QUERY_TEST(test_sloped),   QUERY_TEST(test_local_days),
        QUERY_TEST(test_stepped),  QUERY_TEST(test_texts_and_counters),
        QUERY_TEST(test_plot),     QUERY_TEST(test_at),
        QUERY_TEST(test_find_tag), QUERY_TEST(test_the_largest_numbers),
    };
    return cmocka_run_group_tests_name("query_aggregate", tests, NULL, NULL);
}
