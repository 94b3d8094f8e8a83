/* The geometry of trends: which column and which row every sample takes, and that no spike is ever lost. */
#include "ui/plot.h"

#include "ui/widgets/chart.h"
#include "ui/widgets/raster.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>

#define T0 INT64_C(1700000000000000)
#define S  INT64_C(1000000)

/* ---- grids ---- */

static void test_a_grid_stands_still(void **state)
{
    (void)state;
    struct plot_grid one = plot_grid_ending(T0, 3600 * S, 262);
    assert_int_equal(one.width_us, 3600 * S / 262);
    assert_int_equal(plot_grid_column(&one, T0), 261);
    assert_int_equal(one.start_us % one.width_us, 0);
    /* Later, every column is one of those before or a new one at the end. */
    for (int64_t later_us = 0; later_us < 60 * S; later_us += 777777) {
        struct plot_grid two = plot_grid_ending(T0 + later_us, 3600 * S, 262);
        assert_int_equal((two.start_us - one.start_us) % one.width_us, 0);
        assert_true(T0 + later_us < plot_grid_end_us(&two));
        assert_true(T0 + later_us >= plot_grid_end_us(&two) - two.width_us);
    }
}

static void test_columns_of_times(void **state)
{
    (void)state;
    struct plot_grid grid = {.start_us = T0, .width_us = 10, .count = 5};
    static const struct {
        int64_t ts_us, column;
    } ROWS[] = {{T0, 0},      {T0 + 9, 0},  {T0 + 10, 1},  {T0 + 49, 4},
                {T0 + 50, 5}, {T0 - 1, -1}, {T0 - 10, -1}, {T0 - 11, -2}};
    for (size_t i = 0; i < COUNT(ROWS); i++)
        assert_int_equal(plot_grid_column(&grid, ROWS[i].ts_us), ROWS[i].column);
    struct plot_grid before_1970 = plot_grid_ending(-5, 100, 10);
    assert_int_equal(before_1970.start_us, -100);
    assert_int_equal(plot_grid_column(&before_1970, -5), 9);
}

/* ---- columns of samples ---- */

static void test_what_a_column_knows(void **state)
{
    (void)state;
    static const struct recent_sample SAMPLES[] = {{T0 - 3 * S, 7, 1},    {T0 + 12 * S, 1, 1},
                                                   {T0 + 15 * S, 9, 1},   {T0 + 18 * S, 4, 1},
                                                   {T0 + 35 * S, NAN, 1}, {T0 + 52 * S, 5, 1}};
    struct plot_grid grid = {.start_us = T0, .width_us = 10 * S, .count = 7};
    struct plot_column columns[7];
    plot_clear(columns, 7);
    plot_add_samples(columns, &grid, SAMPLES, COUNT(SAMPLES), false, T0, T0 + 55 * S);
    assert_true(columns[0].held == 7 && isnan(columns[0].low) && columns[0].good_us == 10 * S);
    assert_true(columns[1].held == 7 && columns[1].low == 1 && columns[1].high == 9);
    assert_true(columns[1].first == 1 && columns[1].last == 4 && columns[1].count == 3 && columns[1].joined);
    assert_true(columns[1].area == (7.0 * 2 + 1.0 * 3 + 9.0 * 3 + 4.0 * 2) * (double)S);
    assert_true(columns[2].held == 4 && isnan(columns[2].low));
    assert_true(columns[3].held == 4 && columns[3].bad && columns[3].good_us == 5 * S);
    assert_true(isnan(columns[4].held) && columns[4].bad && !columns[4].good_us && columns[4].known);
    assert_true(isnan(columns[5].held) && columns[5].low == 5 && !columns[5].joined);
    assert_int_equal(columns[5].good_us, 3 * S); /* up to now, not into the future */
    assert_false(columns[6].known);
    struct plot_figures figures = plot_figures(columns, &grid);
    assert_true(figures.low == 1 && figures.high == 9);
    assert_int_equal(figures.count, 5);
    assert_true(fabs(figures.average - (7 * 12 + 3 + 27 + 4 * 17 + 15) / 38.0) < 1e-12);
}

static void test_stepped_and_sloped_lines(void **state)
{
    (void)state;
    static const struct recent_sample SAMPLES[] = {{T0 + 5 * S, 0, 1}, {T0 + 35 * S, 6, 1}};
    struct plot_grid grid = {.start_us = T0, .width_us = 10 * S, .count = 6};
    struct plot_column columns[6];
    struct series_span line[6];
    plot_clear(columns, 6);
    plot_add_samples(columns, &grid, SAMPLES, COUNT(SAMPLES), false, T0, T0 + 60 * S);
    plot_line(columns, &grid, false, line);
    assert_true(fabs(plot_figures(columns, &grid).average - 6 * 25 / 55.0) < 1e-12);
    static const double STEPPED[6][2] = {{0, 0}, {0, 0}, {0, 0}, {0, 6}, {6, 6}, {6, 6}};
    static const double SLOPED[6][2] = {{0, 1}, {1, 3}, {3, 5}, {5, 6}, {6, 6}, {6, 6}};
    for (size_t i = 0; i < 6; i++)
        assert_true(line[i].low == STEPPED[i][0] && line[i].high == STEPPED[i][1]);
    plot_clear(columns, 6);
    plot_add_samples(columns, &grid, SAMPLES, COUNT(SAMPLES), true, T0, T0 + 60 * S);
    plot_line(columns, &grid, true, line);
    assert_true(fabs(plot_figures(columns, &grid).average - (3 * 30 + 6 * 25) / 55.0) < 1e-12);
    for (size_t i = 0; i < 6; i++)
        if (fabs(line[i].low - SLOPED[i][0]) > 1e-9 || fabs(line[i].high - SLOPED[i][1]) > 1e-9)
            fail_msg("column %zu: %g to %g", i, line[i].low, line[i].high);
}

/* A sloped line never crosses what was not known, and stays level up to where the value ended. */
static void test_no_bridge_over_bad_time(void **state)
{
    (void)state;
    static const struct recent_sample SAMPLES[] = {
        {T0 - S, 3, 1}, {T0 + 25 * S, NAN, 1}, {T0 + 45 * S, 8, 1}, {T0 + 47 * S, NAN, 1}};
    struct plot_grid grid = {.start_us = T0, .width_us = 10 * S, .count = 8};
    for (int sloped = 0; sloped < 2; sloped++) {
        struct plot_column columns[8];
        struct series_span line[8];
        plot_clear(columns, 8);
        plot_add_samples(columns, &grid, SAMPLES, COUNT(SAMPLES), sloped, T0, T0 + 80 * S);
        plot_line(columns, &grid, sloped, line);
        for (size_t i = 0; i < 3; i++)
            assert_true(line[i].low == 3 && line[i].high == 3);
        assert_true(isnan(line[3].low));
        assert_true(line[4].low == 8 && line[4].high == 8);
        for (size_t i = 5; i < 8; i++)
            assert_true(isnan(line[i].low) && columns[i].bad);
    }
}

/* ---- properties ---- */

#define SAMPLES_MAX 400

/* Values that wander, jump, end and come again, at times that are dense here and rare there. */
static size_t random_samples(uint64_t *seed, struct recent_sample *samples, int64_t span_us)
{
    size_t count = 1 + unit_random_below(seed, SAMPLES_MAX);
    int64_t ts_us = T0 - (int64_t)unit_random_below(seed, (size_t)span_us / 4);
    double value = 0;
    for (size_t i = 0; i < count; i++) {
        value += (double)unit_random_below(seed, 100) / 10 - 5;
        double spike = unit_random_below(seed, 20) == 0 ? 1000 : 0;
        bool ends = unit_random_below(seed, 12) == 0;
        samples[i] = (struct recent_sample){ts_us, ends ? NAN : value + spike, 1};
        ts_us +=
            (int64_t)unit_random_below(seed, (size_t)span_us / (unit_random_below(seed, 4) ? 300 : 10)) + 1;
    }
    return count;
}

/* However the time is divided into answers of the history and the live end, the columns are the same. */
static void test_joining_leaves_no_seam(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int run = 0; run < 2000; run++) {
        static struct recent_sample samples[SAMPLES_MAX];
        static struct plot_column whole[64], parts[64];
        int64_t span_us = 60 * S + (int64_t)unit_random_below(&seed, 3600 * (size_t)S);
        size_t count = random_samples(&seed, samples, span_us);
        struct plot_grid grid = plot_grid_ending(T0 + span_us, span_us, 1 + unit_random_below(&seed, 64));
        int64_t now_us = plot_grid_end_us(&grid) - (int64_t)unit_random_below(&seed, (size_t)grid.width_us);
        plot_clear(whole, grid.count);
        plot_add_samples(whole, &grid, samples, count, run % 2, grid.start_us, now_us);
        plot_clear(parts, grid.count);
        int64_t from_us = grid.start_us;
        for (int part = 0; part < 4; part++) {
            int64_t to_us =
                part == 3 ? now_us : from_us + (int64_t)unit_random_below(&seed, (size_t)span_us / 3);
            to_us = to_us < now_us ? to_us : now_us;
            plot_add_samples(parts, &grid, samples, count, run % 2, from_us, to_us);
            from_us = to_us;
        }
        for (size_t i = 0; i < grid.count; i++) {
            const struct plot_column *a = &whole[i], *b = &parts[i];
            assert_true(a->low == b->low || (isnan(a->low) && isnan(b->low)));
            assert_true(a->high == b->high || (isnan(a->high) && isnan(b->high)));
            assert_true(a->held == b->held || (isnan(a->held) && isnan(b->held)));
            assert_int_equal(a->count, b->count);
            assert_int_equal(a->good_us, b->good_us);
            assert_true(a->bad == b->bad && a->known == b->known && a->joined == b->joined);
            assert_true(fabs(a->area - b->area) <= 1e-9 * fabs(a->area) + 1e-3);
        }
    }
}

/* Every sample with a value lies in the line of its column; columns in which no value was valid are empty. */
static void test_no_spike_is_lost(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int run = 0; run < 3000; run++) {
        static struct recent_sample samples[SAMPLES_MAX];
        static struct plot_column columns[PLOT_COLUMNS_MAX];
        static struct series_span line[PLOT_COLUMNS_MAX];
        int64_t span_us = 10 * S + (int64_t)unit_random_below(&seed, 86400 * (size_t)S);
        size_t count = random_samples(&seed, samples, span_us);
        struct plot_grid grid = plot_grid_ending(T0 + span_us, span_us, 1 + unit_random_below(&seed, 400));
        plot_clear(columns, grid.count);
        plot_add_samples(columns, &grid, samples, count, run % 2, grid.start_us, T0 + span_us);
        plot_line(columns, &grid, run % 2, line);
        for (size_t i = 0; i < count; i++) {
            int64_t column = plot_grid_column(&grid, samples[i].ts_us);
            if (isnan(samples[i].value) || column < 0 || samples[i].ts_us >= T0 + span_us)
                continue;
            assert_true(line[column].low <= samples[i].value && line[column].high >= samples[i].value);
        }
        for (size_t i = 0; i < grid.count; i++)
            if (isnan(columns[i].held) && isnan(columns[i].low))
                assert_true(isnan(line[i].low) && isnan(line[i].high));
    }
}

static bool cell_is_drawn(const struct canvas *canvas, int x, int y)
{
    const struct cell *cell = canvas_cell(canvas, x, y);
    return cell && cell->meaning == MEANING_PEN_1 && cell->code_point != ' ';
}

/* ... and it is painted: at every level and size, the cell of each sample's row in its column belongs to the pen. */
static void test_every_sample_is_painted(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int run = 0; run < 1000; run++) {
        static struct recent_sample samples[SAMPLES_MAX];
        static struct plot_column columns[CHART_SPANS_MAX];
        static struct series_span line[CHART_SPANS_MAX];
        struct canvas canvas;
        canvas_init(&canvas, 20 + (int)unit_random_below(&seed, 200), 5 + (int)unit_random_below(&seed, 60),
                    (enum glyph_level)unit_random_below(&seed, GLYPH_LEVEL_COUNT));
        struct pane pane = pane_whole(&canvas);
        struct chart_scale scale = chart_scale_of(-300, 500, canvas.rows, 0, run % 2);
        struct chart_pen pen = {.spans = line, .meaning = MEANING_PEN_1, .scale = &scale};
        struct chart chart = {.label_columns = 9, .pens = &pen, .pen_count = 1, .low = NAN, .high = NAN};
        struct chart_area area = chart_area(&pane, &chart);
        int64_t span_us = 3600 * S;
        size_t count = random_samples(&seed, samples, span_us);
        struct plot_grid grid = plot_grid_ending(T0 + span_us, span_us, area.spans);
        plot_clear(columns, grid.count);
        plot_add_samples(columns, &grid, samples, count, run % 3 == 0, grid.start_us, T0 + span_us);
        plot_line(columns, &grid, run % 3 == 0, line);
        chart.from_us = grid.start_us;
        chart.to_us = plot_grid_end_us(&grid);
        chart_draw(&pane, &chart);
        int dots_x = raster_dots_x(canvas.level), dots_y = raster_dots_y(canvas.level);
        for (size_t i = 0; i < count; i++) {
            int64_t column = plot_grid_column(&grid, samples[i].ts_us);
            if (isnan(samples[i].value) || column < 0 || samples[i].ts_us >= T0 + span_us)
                continue;
            int dot = chart_scale_row(&scale, samples[i].value, area.rows * dots_y);
            dot = dot < 0 ? 0 : dot >= area.rows * dots_y ? area.rows * dots_y - 1 : dot; /* at the edge */
            if (!cell_is_drawn(&canvas, area.x + (int)column / dots_x, area.y + dot / dots_y))
                fail_msg("run %d, level %d: sample %zu (%g) is not at column %d, row %d", run,
                         (int)canvas.level, i, samples[i].value, (int)column, dot);
        }
        canvas_free(&canvas);
    }
}

/* Until the history has answered for new columns, the old ones are shown: nothing of theirs is lost either. */
static void test_old_columns_on_a_new_grid(void **state)
{
    (void)state;
    uint64_t seed = 17;
    for (int run = 0; run < 2000; run++) {
        static struct recent_sample samples[SAMPLES_MAX];
        static struct plot_column old[128], columns[128];
        int64_t span_us = 3600 * S;
        size_t count = random_samples(&seed, samples, span_us);
        struct plot_grid before = plot_grid_ending(T0 + span_us, span_us, 1 + unit_random_below(&seed, 128));
        struct plot_grid now =
            plot_grid_ending(T0 + span_us - (int64_t)unit_random_below(&seed, 900 * (size_t)S),
                             span_us / 8 + (int64_t)unit_random_below(&seed, 7200 * (size_t)S),
                             1 + unit_random_below(&seed, 128));
        plot_clear(old, before.count);
        plot_add_samples(old, &before, samples, count, false, before.start_us, T0 + span_us);
        plot_clear(columns, now.count);
        plot_add_columns(columns, &now, old, &before);
        struct plot_figures was = plot_figures(old, &before), is = plot_figures(columns, &now);
        bool covered = now.start_us <= before.start_us && plot_grid_end_us(&now) >= plot_grid_end_us(&before);
        if (covered && !isnan(was.low))
            assert_true(is.low == was.low && is.high == was.high);
        if (!isnan(is.low))
            assert_true(is.low >= was.low && is.high <= was.high);
    }
}

/* Whatever a device sends has a row, or lies beside the chart. */
static void test_scales_of_the_largest_numbers(void **state)
{
    static const double ENDS[][2] = {{-1.7e308, 1.7e308}, {-INFINITY, INFINITY}, {0, 1.7e308}, {0, 5e-324}};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof ENDS / sizeof *ENDS; i++) {
        struct chart_scale scale = chart_scale_of(ENDS[i / 2][0], ENDS[i / 2][1], 40, 0, i % 2);
        assert_true(isfinite(scale.high - scale.low) && scale.low < scale.high);
        assert_int_equal(chart_scale_row(&scale, scale.low, 40), 39);
        assert_int_equal(chart_scale_row(&scale, scale.high, 40), 0);
        assert_in_range(chart_scale_row(&scale, ENDS[i / 2][0], 40), 39, 40);
        int row = chart_scale_row(&scale, ENDS[i / 2][1], 40);
        assert_true(row >= -1 && row <= 40);
        assert_int_equal(chart_scale_row(&scale, NAN, 40), -1);
    }
    struct plot_grid grid = plot_grid_ending(T0 + 10 * S, 10 * S, 10);
    struct recent_sample samples[] = {{.ts_us = T0, .value = -1.7e308, .count = 1},
                                      {.ts_us = T0 + 9 * S, .value = 1.7e308, .count = 1}};
    struct plot_column columns[10];
    struct series_span line[10];
    plot_clear(columns, grid.count);
    plot_add_samples(columns, &grid, samples, 2, true, grid.start_us, T0 + 11 * S);
    plot_line(columns, &grid, true, line);
    for (size_t i = 1; i < grid.count; i++)
        assert_true(isfinite(line[i].low) && isfinite(line[i].high) && line[i].low <= line[i].high);
    assert_false(isinf(plot_figures(columns, &grid).average));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_grid_stands_still),
        cmocka_unit_test(test_columns_of_times),
        cmocka_unit_test(test_what_a_column_knows),
        cmocka_unit_test(test_stepped_and_sloped_lines),
        cmocka_unit_test(test_no_bridge_over_bad_time),
        cmocka_unit_test(test_joining_leaves_no_seam),
        cmocka_unit_test(test_no_spike_is_lost),
        cmocka_unit_test(test_every_sample_is_painted),
        cmocka_unit_test(test_old_columns_on_a_new_grid),
        cmocka_unit_test(test_scales_of_the_largest_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
