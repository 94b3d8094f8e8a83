/* What the program of `notify` is told, in which order, and how often: under a fake clock. */
#include "base/clock.h"
#include "base/mem.h"
#include "recorder/alarm_notice.h"
#include "recorder/alarm_queue.h"

#include "unit.h"

#include <math.h>
#include <stdio.h>

static void put(struct alarm_queue *queue, enum alarm_priority priority, int number)
{
    alarm_queue_put(queue, priority, mem_format("%d", number));
}

static void expect_next(struct alarm_queue *queue, int number)
{
    char *text = alarm_queue_take(queue);
    assert_non_null(text);
    assert_int_equal(atoi(text), number);
    free(text);
}

static void test_the_gravest_first_then_the_oldest(void **state)
{
    struct alarm_queue queue = {0};
    (void)state;
    assert_null(alarm_queue_take(&queue));
    put(&queue, PRIORITY_HIGH, 1);
    put(&queue, PRIORITY_LOW, 2);
    put(&queue, PRIORITY_CRITICAL, 3);
    put(&queue, PRIORITY_HIGH, 4);
    put(&queue, PRIORITY_CRITICAL, 5);
    for (size_t i = 0; i < 5; i++)
        expect_next(&queue, (const int[]){3, 5, 1, 4, 2}[i]);
    assert_null(alarm_queue_take(&queue));
    assert_int_equal(queue.dropped, 0);
}

static void test_what_does_not_fit_is_counted(void **state)
{
    struct alarm_queue queue = {0};
    (void)state;
    for (int i = 0; i < ALARM_QUEUE_MAX; i++)
        put(&queue, i % 2 ? PRIORITY_MEDIUM : PRIORITY_HIGH, i);
    assert_false(alarm_queue_has_room(&queue, PRIORITY_MEDIUM));
    put(&queue, PRIORITY_MEDIUM, 100); /* equals: who came first stays */
    assert_int_equal(queue.dropped, 1);
    assert_true(alarm_queue_has_room(&queue, PRIORITY_HIGH));
    put(&queue, PRIORITY_CRITICAL, 101); /* takes the place of the youngest medium one */
    assert_int_equal(queue.dropped, 2);
    assert_int_equal(queue.count, ALARM_QUEUE_MAX);
    expect_next(&queue, 101);
    for (int i = 0; i < ALARM_QUEUE_MAX; i += 2)
        expect_next(&queue, i);
    for (int i = 1; i < ALARM_QUEUE_MAX - 1; i += 2)
        expect_next(&queue, i);
    assert_null(alarm_queue_take(&queue));
    put(&queue, PRIORITY_LOW, 1);
    alarm_queue_clear(&queue);
    assert_null(alarm_queue_take(&queue));
}

/* Runs as early as they may: in no minute more than allowed. */
static void test_so_many_runs_a_minute(void **state)
{
    (void)state;
    for (int per_minute = 1; per_minute <= ALARM_PER_MINUTE; per_minute++) {
        struct alarm_queue queue = {0};
        int64_t starts_us[300], now_us = CLOCK_US_PER_SECOND;
        for (int run = 0; run < 300; run++) {
            int64_t due_us = alarm_queue_due_us(&queue, per_minute);
            now_us = due_us > now_us ? due_us : now_us + run % 3;
            starts_us[run] = now_us;
            alarm_queue_note_start(&queue, now_us);
            if (run >= per_minute)
                assert_true(starts_us[run] - starts_us[run - per_minute] >= ALARM_PACE_US);
            else
                assert_true(due_us == 0);
        }
    }
}

static struct alarm_status status_of(enum alarm_state state, enum alarm_priority priority,
                                     int64_t activated_us)
{
    return (struct alarm_status){.state = state, .priority = priority, .activated_us = activated_us};
}

static void expect_event(struct alarm_status before, struct alarm_status after, const char *expected)
{
    const char *event = alarm_notice_event(&before, &after);
    assert_true((event == NULL) == (expected == NULL));
    if (event)
        assert_string_equal(event, expected);
}

static void test_what_is_an_event(void **state)
{
    const struct alarm_status normal = status_of(ALARM_NORMAL, PRIORITY_HIGH, 0);
    const struct alarm_status first = status_of(ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 7);
    const struct alarm_status known = status_of(ALARM_ACKNOWLEDGED, PRIORITY_HIGH, 7);
    const struct alarm_status back = status_of(ALARM_RETURNED, PRIORITY_HIGH, 7);
    (void)state;
    expect_event(normal, first, "activated");
    expect_event(first, known, NULL);
    expect_event(known, first, "realarmed");
    expect_event(first, back, NULL);
    expect_event(back, normal, NULL);
    expect_event(back, status_of(ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 8), "activated");
    expect_event(status_of(ALARM_LATCHED, PRIORITY_HIGH, 7),
                 status_of(ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 8), "activated");
    /* it came and went between two looks, while the disk was away */
    expect_event(normal, back, "activated");
    expect_event(first, status_of(ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL, 7), "escalated");
    expect_event(known, status_of(ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL, 7), "escalated");
    expect_event(first, first, NULL);
    /* nobody has to acknowledge it */
    expect_event(normal, status_of(ALARM_ACKNOWLEDGED, PRIORITY_JOURNAL, 7), NULL);
}

static void test_withheld_ones_are_told_when_released(void **state)
{
    static const enum alarm_state WITHHELD[] = {ALARM_SHELVED, ALARM_SUPPRESSED, ALARM_OUT_OF_SERVICE};
    (void)state;
    for (size_t i = 0; i < COUNT(WITHHELD); i++) {
        struct alarm_status clear = status_of(WITHHELD[i], PRIORITY_HIGH, 0);
        struct alarm_status active = status_of(WITHHELD[i], PRIORITY_HIGH, 7);
        expect_event(clear, active, NULL);
        expect_event(active, status_of(ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 7), "released");
        expect_event(active, status_of(ALARM_NORMAL, PRIORITY_HIGH, 7), NULL);
        expect_event(status_of(ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 7), active, NULL);
    }
}

static void test_a_chattering_one_is_told_once(void **state)
{
    struct alarm_status before = status_of(ALARM_RETURNED, PRIORITY_HIGH, 7);
    struct alarm_status after = status_of(ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 8);
    (void)state;
    after.chattering = true;
    expect_event(before, after, "activated");
    before.chattering = true;
    expect_event(before, after, NULL);
    after.chattering = false;
    expect_event(before, after, "activated");
}

static void test_the_object(void **state)
{
    struct alarm_def def = {
        .type = ALARM_HI, .message = (char[]){"a \"hot\" \\ drum\n\x1b[31m"}, .guidance = (char[]){"Öffnen"}};
    struct alarm_texts texts = {.detail = "because"};
    struct tag_state states[] = {{95.5, (char[]){"HOT"}}};
    struct tag tag = {.def = {.name = (char[]){"t"},
                              .unit = (char[]){"°C"},
                              .states = states,
                              .state_count = sizeof states / sizeof *states}};
    const struct alarm alarm = {.tag = &tag, .def = &def, .address = (char[]){"t/hi"}, .texts = &texts};
    struct alarm_status status =
        status_of(ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL, INT64_C(1700000000123456));
    struct buf out;
    (void)state;
    status.active = true;
    status.value = 95.5;
    status.limit = NAN;
    buf_init(&out, 0);
    alarm_notice_write(&out, &alarm, &status, "activated", "Water Works");
    assert_string_equal(
        buf_text(&out),
        "{\"event\":\"activated\",\"plant\":\"Water Works\",\"alarm\":\"t/hi\",\"tag\":\"t\",\"type\":\"hi\","
        "\"priority\":\"critical\",\"state\":\"unacknowledged\",\"active\":true,"
        "\"activated\":\"2023-11-14T22:13:20.123Z\",\"value\":95.5,\"limit\":null,\"text\":\"HOT\","
        "\"limit_text\":\"\",\"unit\":\"°C\","
        "\"description\":\"\",\"area\":\"\",\"message\":\"a \\\"hot\\\" \\\\ drum\\u000a\\u001b[31m\","
        "\"guidance\":\"Öffnen\",\"detail\":\"because\"}");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_gravest_first_then_the_oldest),
        cmocka_unit_test(test_what_does_not_fit_is_counted),
        cmocka_unit_test(test_so_many_runs_a_minute),
        cmocka_unit_test(test_what_is_an_event),
        cmocka_unit_test(test_withheld_ones_are_told_when_released),
        cmocka_unit_test(test_a_chattering_one_is_told_once),
        cmocka_unit_test(test_the_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
