/* What the Trends screen looks at: pens, spans, moving in time, the cursor; and the ticks of its time axis, also
 * on the days on which the clocks change. */
#include "ui/trend_view.h"

#include "base/clock.h"
#include "base/timefmt.h"
#include "ui/widgets/chart_time.h"
#include "unit.h"

#include <stdio.h>
#include <time.h>

#define NOW INT64_C(1700000000000000)
#define S   CLOCK_US_PER_SECOND

/* ---- pens ---- */

static void test_pens(void **state)
{
    (void)state;
    struct trend_view view;
    trend_view_init(&view);
    assert_true(view.live && !view.pen_count && trend_span(view.span)->us == CLOCK_US_PER_HOUR);
    trend_view_remove(&view, 0);
    trend_view_select(&view, 1);
    for (uint32_t tag = 10; tag < 14; tag++)
        assert_int_equal(trend_view_add(&view, tag), TREND_ADDED);
    assert_int_equal(view.selected, 3);
    assert_int_equal(trend_view_add(&view, 11), TREND_THERE);
    assert_int_equal(view.selected, 1);
    assert_int_equal(trend_view_add(&view, 99), TREND_FULL);
    trend_view_select(&view, -1);
    trend_view_select(&view, -1);
    assert_int_equal(view.selected, 3); /* round the end */
    trend_view_remove(&view, 3);
    assert_true(view.pen_count == 3 && view.selected == 2);
    trend_view_remove(&view, 0);
    assert_true(view.tags[0] == 11 && view.tags[1] == 12 && view.selected == 1);
    trend_view_set_only(&view, 7);
    assert_true(view.pen_count == 1 && view.tags[0] == 7 && view.selected == 0);
    trend_view_remove(&view, 0);
    assert_true(view.pen_count == 0 && view.selected == 0);
}

/* ---- time ---- */

static void test_spans_are_round_and_grow(void **state)
{
    (void)state;
    size_t count = 0;
    for (; trend_span(count); count++)
        assert_true(count == 0 || trend_span(count)->us > trend_span(count - 1)->us);
    assert_int_equal(trend_span(0)->us, 10 * S);
    assert_true(trend_span(count - 1)->us > 9 * 365 * CLOCK_US_PER_DAY);
    struct trend_view view;
    trend_view_init(&view);
    for (size_t i = 0; i < 2 * count; i++)
        trend_view_zoom(&view, 1, 0, NOW);
    assert_int_equal(view.span, count - 1);
    for (size_t i = 0; i < 2 * count; i++)
        trend_view_zoom(&view, -1, 0, NOW);
    assert_true(view.span == 0 && view.live);
}

static void test_zoom_keeps_its_pivot(void **state)
{
    (void)state;
    struct trend_view view;
    trend_view_init(&view);
    trend_view_pan(&view, -3, NOW);
    assert_false(view.live);
    for (int i = 0; i < 8; i++) {
        struct plot_grid before = trend_view_grid(&view, NOW, 100);
        int64_t pivot_us = before.start_us + before.width_us * 30;
        trend_view_zoom(&view, i < 4 ? -1 : 1, pivot_us, NOW);
        struct plot_grid after = trend_view_grid(&view, NOW, 100);
        int64_t column = plot_grid_column(&after, pivot_us);
        assert_true(column >= 29 && column <= 31);
    }
    int64_t middle_us = view.end_us - trend_span(view.span)->us / 2;
    trend_view_zoom(&view, -1, 0, NOW);
    int64_t now_middle_us = view.end_us - trend_span(view.span)->us / 2;
    assert_true(llabs(now_middle_us - middle_us) < S);
    /* Zooming out into the future ends at the present. */
    for (int i = 0; i < 30; i++)
        trend_view_zoom(&view, 1, 0, NOW);
    assert_true(view.live);
}

static void test_panning_has_ends(void **state)
{
    (void)state;
    struct trend_view view;
    trend_view_init(&view);
    trend_view_pan(&view, -0.5, NOW);
    assert_true(!view.live && view.end_us == NOW - CLOCK_US_PER_HOUR / 2);
    trend_view_pan(&view, 0.25, NOW + 10 * S);
    assert_false(view.live);
    trend_view_pan(&view, 0.25, NOW + 10 * S); /* time has gone on meanwhile */
    assert_true(view.live);
    while (trend_span(view.span + 1))
        trend_view_zoom(&view, 1, 0, NOW);
    for (int i = 0; i < 100; i++)
        trend_view_pan(&view, -0.5, NOW);
    struct plot_grid grid = trend_view_grid(&view, NOW, 500);
    assert_true(grid.start_us >= -grid.width_us); /* 1970 */
}

/* ---- cursor ---- */

static void test_cursor(void **state)
{
    (void)state;
    struct trend_view view;
    trend_view_init(&view);
    struct plot_grid grid = trend_view_grid(&view, NOW, 100);
    assert_int_equal(trend_view_cursor_column(&view, &grid), -1);
    trend_view_move_cursor(&view, &grid, -1, NOW);
    assert_int_equal(trend_view_cursor_column(&view, &grid), 99);
    trend_view_move_cursor(&view, &grid, 1, NOW); /* nothing beyond the present */
    assert_int_equal(trend_view_cursor_column(&view, &grid), 99);
    assert_true(view.live);
    for (int i = 0; i < 99; i++)
        trend_view_move_cursor(&view, &grid, -1, NOW);
    assert_int_equal(trend_view_cursor_column(&view, &grid), 0);
    assert_true(view.live);
    int64_t cursor_us = view.cursor_us;
    trend_view_move_cursor(&view, &grid, -1,
                           NOW); /* over the edge: the picture moves, the cursor by one column */
    assert_false(view.live);
    assert_int_equal(cursor_us - view.cursor_us, grid.width_us);
    grid = trend_view_grid(&view, NOW, 100);
    assert_int_equal(trend_view_cursor_column(&view, &grid), 24);
    for (int i = 0; i < 75; i++)
        trend_view_move_cursor(&view, &grid, 1, NOW);
    assert_int_equal(trend_view_cursor_column(&view, &grid), 99);
    trend_view_move_cursor(&view, &grid, 1, NOW);
    assert_true(view.live); /* back where it came from */
    trend_view_go_live(&view);
    assert_false(view.has_cursor);
    grid = trend_view_grid(&view, NOW, 100);
    trend_view_set_cursor(&view, &grid, 4000, NOW);
    assert_int_equal(trend_view_cursor_column(&view, &grid), 99);
    trend_view_set_cursor(&view, &grid, -4000, NOW);
    assert_int_equal(trend_view_cursor_column(&view, &grid), 0);
}

/* The live picture slides on under a cursor; left behind, it stays at the edge. */
static void test_going_to_a_time(void **state)
{
    (void)state;
    struct trend_view view;
    trend_view_init(&view);
    trend_view_go_to(&view, NOW - 10 * CLOCK_US_PER_HOUR, NOW);
    assert_false(view.live);
    struct plot_grid grid = trend_view_grid(&view, NOW, 100);
    assert_in_range(trend_view_cursor_column(&view, &grid), 48, 51); /* in the middle */
    assert_true(view.cursor_us == NOW - 10 * CLOCK_US_PER_HOUR);
    trend_view_go_to(&view, NOW - CLOCK_US_PER_HOUR / 4, NOW);
    assert_true(view.live); /* what came after it is not half a picture */
    grid = trend_view_grid(&view, NOW, 100);
    assert_in_range(trend_view_cursor_column(&view, &grid), 73, 76);
}

static void test_cursor_stays_at_its_time(void **state)
{
    (void)state;
    struct trend_view view;
    trend_view_init(&view);
    struct plot_grid grid = trend_view_grid(&view, NOW, 100);
    trend_view_set_cursor(&view, &grid, 50, NOW);
    int64_t cursor_us = view.cursor_us;
    struct plot_grid later = trend_view_grid(&view, NOW + 10 * grid.width_us, 100);
    assert_int_equal(trend_view_cursor_column(&view, &later), 40);
    later = trend_view_grid(&view, NOW + 90 * grid.width_us, 100);
    assert_int_equal(trend_view_cursor_column(&view, &later), 0);
    assert_int_equal(view.cursor_us, cursor_us);
}

/* ---- ticks ---- */

static int64_t local_us(const char *iso)
{
    int64_t ts_us = 0;
    assert_true(timefmt_parse_iso(iso, strlen(iso), false, &ts_us));
    return ts_us;
}

/* Ticks after `from` with their labels, as one text. */
static void check_ticks(const char *zone, const char *from, struct chart_time_step step, const char *expected)
{
    char text[512] = "";
    setenv("TZ", zone, 1);
    tzset();
    int64_t ts_us = local_us(from);
    for (int i = 0; strlen(text) < strlen(expected) && i < 40; i++) {
        char label[CHART_TIME_LABEL_MAX];
        int64_t next_us = chart_time_next(ts_us, step);
        assert_true(next_us > ts_us);
        ts_us = next_us;
        chart_time_label(ts_us, step, label);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", *text ? " " : "", label);
    }
    assert_string_equal(text, expected);
}

static struct chart_time_step every_us(int64_t us)
{
    return (struct chart_time_step){.us = us};
}

static void test_ticks(void **state)
{
    (void)state;
    static const int64_t H = CLOCK_US_PER_HOUR, D = CLOCK_US_PER_DAY;
    static const struct chart_time_step MONTH = {.months = 1}, QUARTER = {.months = 3},
                                        DECADE = {.months = 120};
    check_ticks("Europe/Vienna", "2023-11-14T12:00:07", every_us(5 * S), "12:00:10 12:00:15");
    check_ticks("Europe/Vienna", "2023-11-14T23:20:00", every_us(H / 2), "23:30 15 Nov 00:30");
    check_ticks("Asia/Kathmandu", "2023-11-14T11:50:00", every_us(H), "12:00 13:00"); /* +05:45 */
    check_ticks("Europe/Vienna", "2023-11-14T12:00:00", every_us(D), "15 Nov 16 Nov");
    check_ticks("Europe/Vienna", "2023-11-14T12:00:00", every_us(7 * D), "20 Nov 27 Nov"); /* Mondays */
    check_ticks("Europe/Vienna", "2023-11-14T12:00:00", MONTH, "Dec 2024 Feb");
    check_ticks("Europe/Vienna", "2023-11-14T12:00:00", QUARTER, "2024 Apr Jul");
    check_ticks("Europe/Vienna", "2023-11-14T12:00:00", DECADE, "2030 2040");
    /* One hour is missing on 31 March 2024. */
    check_ticks("Europe/Vienna", "2024-03-31T00:30:00", every_us(H), "01:00 03:00 04:00");
    check_ticks("Europe/Vienna", "2024-03-30T23:00:00", every_us(6 * H), "31 Mar 06:00 12:00");
    check_ticks("Europe/Vienna", "2024-03-30T23:00:00", every_us(2 * H), "31 Mar 04:00 06:00");
    check_ticks("Europe/Vienna", "2024-03-30T12:00:00", every_us(D), "31 Mar 1 Apr 2 Apr");
    /* One hour comes twice on 27 October 2024. */
    check_ticks("Europe/Vienna", "2024-10-27T00:30:00", every_us(H), "01:00 02:00 02:00 03:00");
    check_ticks("Europe/Vienna", "2024-10-27T00:00:00", every_us(6 * H), "06:00 12:00");
    check_ticks("Europe/Vienna", "2024-10-26T12:00:00", every_us(D), "27 Oct 28 Oct");
    /* Half an hour of summer time. */
    check_ticks("Australia/Lord_Howe", "2024-10-05T23:00:00", every_us(H), "6 Oct 01:00 03:00");
    setenv("TZ", "UTC", 1);
    tzset();
}

static void test_steps_suit_the_span(void **state)
{
    (void)state;
    for (size_t i = 0; trend_span(i); i++)
        for (int count = 3; count < 20; count += 4) {
            int64_t span_us = trend_span(i)->us;
            struct chart_time_step step = chart_time_step(span_us, count);
            int ticks = 0;
            for (int64_t ts_us = NOW; (ts_us = chart_time_next(ts_us, step)) < NOW + span_us; ticks++)
                assert_true(ticks <= count + 2);
            /* a lone tick may fall outside of a span that is hardly longer than a step */
            assert_true(ticks >= 1 || step.months || step.us * 2 > span_us);
        }
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pens),
        cmocka_unit_test(test_spans_are_round_and_grow),
        cmocka_unit_test(test_zoom_keeps_its_pivot),
        cmocka_unit_test(test_panning_has_ends),
        cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_cursor_stays_at_its_time),
        cmocka_unit_test(test_going_to_a_time),
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_steps_suit_the_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
