/* Sparklines, bars, large digits and charts as exact text, at every level of drawing. */
#include "ui/widgets/bar.h"
#include "ui/widgets/chart.h"
#include "ui/widgets/digits.h"
#include "ui/widgets/spark.h"
#include "unit.h"

#include <math.h>

static void assert_row(const struct canvas *canvas, int y, const char *expected)
{
    char *text = canvas_row_text(canvas, y);
    if (strcmp(text, expected))
        fail_msg("level %s, row %d:\n%s\ninstead of\n%s", GLYPH_LEVEL_WORDS[canvas->level], y, text,
                 expected);
    free(text);
}

/* ---- sparkline ---- */

static void assert_spark(enum glyph_level level, const struct series_span *spans, double least,
                         const char *expected)
{
    struct canvas canvas;
    canvas_init(&canvas, 10, 1, level);
    struct pane pane = pane_whole(&canvas);
    spark_draw(&pane, 0, 0, 8, MEANING_SPARK, spans, least);
    assert_row(&canvas, 0, expected);
    canvas_free(&canvas);
}

static void set_line(struct series_span *spans, size_t count, double from, double step)
{
    for (size_t i = 0; i < count; i++)
        spans[i].low = spans[i].high = from + step * (double)i;
}

static void test_spark_of_a_ramp(void **state)
{
    (void)state;
    struct series_span spans[16];
    set_line(spans, 16, 0, 1);
    assert_spark(GLYPH_BRAILLE, spans, 0, "⣀⡠⠤⠤⠒⠒⠊⠉");
    assert_spark(GLYPH_BLOCKS, spans, 0, "▁▂▃▄▅▆▇█");
    assert_spark(GLYPH_LINE, spans, 0, "⎽⎼⎼──⎻⎻⎺");
    assert_spark(GLYPH_ASCII, spans, 0, "__..--''");
}

static void test_spark_of_a_constant(void **state)
{
    (void)state;
    struct series_span spans[16];
    set_line(spans, 16, 1e6, 0);
    assert_spark(GLYPH_BRAILLE, spans, 0, "⠒⠒⠒⠒⠒⠒⠒⠒");
    assert_spark(GLYPH_BLOCKS, spans, 0, "────────");
    assert_spark(GLYPH_LINE, spans, 0, "────────");
    assert_spark(GLYPH_ASCII, spans, 0, "--------");
}

static void test_spark_shows_spikes_and_gaps(void **state)
{
    (void)state;
    struct series_span spans[16];
    set_line(spans, 16, 5, 0);
    spans[2].high = 10;
    spans[5].low = 0;
    spans[6].low = spans[6].high = spans[7].low = spans[7].high = NAN;
    assert_spark(GLYPH_BLOCKS, spans, 0, "▅▅█▅▅▁");
    assert_spark(GLYPH_ASCII, spans, 0, "--'--_");
    assert_spark(GLYPH_BRAILLE, spans, 0, "⠒⠓⢲ ⠒⠒⠒⠒");
}

static void test_spark_does_not_blow_up_noise(void **state)
{
    (void)state;
    struct series_span spans[16];
    set_line(spans, 16, 50, 0);
    spans[3].low = spans[3].high = 50.1;
    assert_spark(GLYPH_BLOCKS, spans, 100, "▅▅▅▅▅▅▅▅");
}

static void test_spark_of_nothing(void **state)
{
    (void)state;
    struct series_span spans[16];
    set_line(spans, 16, NAN, 0);
    for (int level = 0; level < GLYPH_LEVEL_COUNT; level++)
        assert_spark((enum glyph_level)level, spans, 0, "");
}

/* ---- bar ---- */

static void assert_bar(enum glyph_level level, const struct bar *bar, const char *expected,
                       enum meaning meaning)
{
    struct canvas canvas;
    canvas_init(&canvas, 20, 1, level);
    struct pane pane = pane_whole(&canvas);
    bar_draw(&pane, 0, 0, 20, bar);
    assert_row(&canvas, 0, expected);
    int found = 0;
    for (int x = 0; x < 20; x++)
        found += canvas_cell(&canvas, x, 0)->meaning == meaning;
    assert_int_equal(found, 1);
    canvas_free(&canvas);
}

static const double LIMITS[] = {10, 80};

static struct bar bar_of(double value)
{
    return (struct bar){.low = 0,
                        .high = 100,
                        .value = value,
                        .setpoint = NAN,
                        .limits = LIMITS,
                        .limit_count = COUNT(LIMITS),
                        .normal_low = 10,
                        .normal_high = 80};
}

static void test_bar(void **state)
{
    (void)state;
    struct bar bar = bar_of(51);
    assert_bar(GLYPH_BRAILLE, &bar, "┈┈│───────▌─────│┈┈┈", MEANING_BAR);
    assert_bar(GLYPH_BLOCKS, &bar, "··│───────▌─────│···", MEANING_BAR);
    assert_bar(GLYPH_LINE, &bar, "··│───────◆─────│···", MEANING_BAR);
    assert_bar(GLYPH_ASCII, &bar, "..|-------#-----|...", MEANING_BAR);
    bar.value = 54; /* half a column farther */
    assert_bar(GLYPH_BLOCKS, &bar, "··│───────▐─────│···", MEANING_BAR);
    bar.setpoint = 30;
    assert_bar(GLYPH_ASCII, &bar, "..|---^---#-----|...", MEANING_BAR);
}

static void test_bar_out_of_range(void **state)
{
    (void)state;
    struct bar below = bar_of(-0.1), above = bar_of(100.1), top = bar_of(100);
    assert_bar(GLYPH_BRAILLE, &below, "◀┈│─────────────│┈┈┈", MEANING_BAR_OUT);
    assert_bar(GLYPH_ASCII, &below, "<.|-------------|...", MEANING_BAR_OUT);
    assert_bar(GLYPH_ASCII, &above, "..|-------------|..>", MEANING_BAR_OUT);
    assert_bar(GLYPH_ASCII, &top, "..|-------------|..#", MEANING_BAR);
}

/* ---- digits ---- */

static void test_digits(void **state)
{
    (void)state;
    struct canvas canvas;
    canvas_init(&canvas, 20, 3, GLYPH_ASCII);
    struct pane pane = pane_whole(&canvas);
    assert_true(digits_can_show("-12.5"));
    assert_false(digits_can_show("RUNNING"));
    assert_int_equal(digits_columns("-12.5"), 17);
    assert_int_equal(digits_draw(&pane, 0, 0, MEANING_STRONG, "-12.5"), 17);
    assert_row(&canvas, 0, "         _     _");
    assert_row(&canvas, 1, " _    |  _|   |_");
    assert_row(&canvas, 2, "      | |_  .  _|");
    canvas_free(&canvas);
    canvas_init(&canvas, 20, 3, GLYPH_BLOCKS);
    pane = pane_whole(&canvas);
    digits_draw(&pane, 0, 0, MEANING_STRONG, "08");
    assert_row(&canvas, 0, "█▀█ █▀█");
    assert_row(&canvas, 1, "█ █ █▀█");
    assert_row(&canvas, 2, "▀▀▀ ▀▀▀");
    canvas_free(&canvas);
}

/* ---- chart ---- */

#define CHART_FROM_US INT64_C(1700000040000000) /* a whole minute */

static void draw_chart(struct canvas *canvas, enum glyph_level level)
{
    static struct series_span spans[CHART_SPANS_MAX];
    struct chart_pen pen = {.spans = spans, .meaning = MEANING_CHART};
    struct chart_mark mark = {.value = 30, .label = "hi 30"};
    struct chart chart = {.from_us = CHART_FROM_US,
                          .to_us = CHART_FROM_US + 600000000,
                          .low = NAN,
                          .high = NAN,
                          .label_columns = 4,
                          .pens = &pen,
                          .pen_count = 1,
                          .marks = &mark,
                          .mark_count = 1};
    canvas_init(canvas, 35, 8, level);
    struct pane pane = pane_whole(canvas);
    struct chart_area area = chart_area(&pane, &chart);
    assert_int_equal(area.columns, 30);
    size_t per_cell = area.spans / 30;
    for (size_t i = 0; i < area.spans; i++) {
        size_t cell = i / per_cell;
        double value = cell < 10 ? 10 : cell < 20 ? 20 : 0;
        spans[i] = (struct series_span){value, value};
        if (cell == 5 && i % per_cell == 0)
            spans[i].high = 40; /* a spike of one sample */
        if (cell >= 12 && cell < 15)
            spans[i] = (struct series_span){NAN, NAN};
    }
    chart_draw(&pane, &chart);
}

static void test_chart(void **state)
{
    (void)state;
    static const struct {
        enum glyph_level level;
        const char *rows[8];
    } EXPECTED[] = {
        {GLYPH_BRAILLE,
         {
             "  40┤   · ⡇ ·   ·   ·   ·   ·   ·",
             "    │┄hi 30┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
             "    │     ⡇",
             "  20┤   · ⡇ ·  ⡏⠉   ⠉⠉⠉⠉⠉⡆  ·   ·",
             "    │⠒⠒⠒⠒⠒⠓⠒⠒⠒⠒⠁         ⡇",
             "   0┤   ·   ·   ·   ·   ·⣇⣀⣀⣀⣀⣀⣀⣀⣀⣀",
             "    └───┬────────┈┈┈───┬───────────",
             "      22:15          22:20",
         }},
        {GLYPH_BLOCKS,
         {
             "  40┤     █",
             "    │═hi 30════════════════════════",
             "    │     █",
             "  20┤     █    █▀   ▀▀▀▀▀▄",
             "    │▀▀▀▀▀▀▀▀▀▀          █",
             "   0┤                    █▄▄▄▄▄▄▄▄▄",
             "    └───┬────────...───┬───────────",
             "      22:15          22:20",
         }},
        {GLYPH_LINE,
         {
             "  40┤     │",
             "    │=hi 30========================",
             "    │     │",
             "  20┤     │    │⎺   ⎺⎺⎺⎺⎺│",
             "    │─────│────│         │",
             "   0┤                    │⎽⎽⎽⎽⎽⎽⎽⎽⎽",
             "    └───┬────────...───┬───────────",
             "      22:15          22:20",
         }},
        {GLYPH_ASCII,
         {
             "  40+     |",
             "    |=hi 30========================",
             "    |     |",
             "  20+     |    |'   '''''|",
             "    |-----|----'         |",
             "   0+                    |_________",
             "    +---+--------...---+-----------",
             "      22:15          22:20",
         }},
    };
    for (size_t i = 0; i < COUNT(EXPECTED); i++) {
        struct canvas canvas;
        draw_chart(&canvas, EXPECTED[i].level);
        for (int y = 0; y < 8; y++)
            assert_row(&canvas, y, EXPECTED[i].rows[y]);
        canvas_free(&canvas);
    }
}

/* Each pen can be told without colour, also one that lies wholly under another; what is outside of the scale
 * stands at its edge with a sign; hatches say whose values are missing. */
static void test_pens_without_colour(void **state)
{
    (void)state;
    static struct series_span spans[2][CHART_SPANS_MAX];
    static uint8_t faults[CHART_SPANS_MAX];
    struct chart_scale scale = {.low = 0, .high = 10, .step = 5};
    struct canvas canvas;
    canvas_init(&canvas, 40, 7, GLYPH_ASCII);
    struct pane pane = pane_whole(&canvas);
    for (size_t i = 0; i < CHART_SPANS_MAX; i++) {
        spans[0][i] = spans[1][i] = (struct series_span){5, 5};
        faults[i] = i >= 16 && i < 20 ? CHART_BAD : CHART_FINE;
        if (faults[i])
            spans[1][i] = (struct series_span){NAN, NAN};
    }
    spans[1][30].high = 99;
    struct chart_pen pens[2] = {
        {.spans = spans[0], .meaning = MEANING_PEN_1, .digit = '1', .scale = &scale},
        {.spans = spans[1], .faults = faults, .meaning = MEANING_PEN_2, .digit = '2', .scale = &scale}};
    struct chart chart = {.from_us = CHART_FROM_US,
                          .to_us = CHART_FROM_US + 360000000,
                          .low = NAN,
                          .high = NAN,
                          .label_columns = 3,
                          .pens = pens,
                          .pen_count = 2,
                          .has_cursor = true,
                          .cursor = 12};
    chart_draw(&pane, &chart);
    static const char *const EXPECTED[7] = {
        " 10+            :    /            ^",
        "   |            :   2             2",
        "  5+1...2...1...2...1...2...1.....|.1...",
        "   |            :     /",
        "  0+            :    /",
        "   +------------^-----------+-----------",
        "              22:16       22:18",
    };
    for (int y = 0; y < 7; y++)
        assert_row(&canvas, y, EXPECTED[y]);
    canvas_free(&canvas);
}

static void test_round_steps(void **state)
{
    (void)state;
    static const struct {
        double span;
        int count;
        double step;
    } ROWS[] = {{10, 5, 2},  {10, 4, 5},    {100, 10, 10}, {0.7, 7, 0.1},
                {1, 3, 0.5}, {1e6, 4, 5e5}, {0, 4, 1},     {NAN, 4, 1}};
    for (size_t i = 0; i < COUNT(ROWS); i++)
        assert_true(fabs(chart_round_step(ROWS[i].span, ROWS[i].count) / ROWS[i].step - 1) < 1e-9);
}

/* Any size, any values: nothing outside of the canvas, no crash. */
static void test_any_size(void **state)
{
    (void)state;
    uint64_t seed = 7;
    static struct series_span spans[CHART_SPANS_MAX];
    for (int run = 0; run < 3000; run++) {
        struct canvas canvas;
        canvas_init(&canvas, (int)unit_random_below(&seed, 300), (int)unit_random_below(&seed, 60),
                    (enum glyph_level)unit_random_below(&seed, GLYPH_LEVEL_COUNT));
        struct pane pane = pane_whole(&canvas);
        double scale = pow(10, (double)unit_random_below(&seed, 600) - 300);
        for (size_t i = 0; i < COUNT(spans); i++) {
            spans[i].low = ((double)unit_random_below(&seed, 1000) - 500) * scale;
            spans[i].high = spans[i].low + (double)unit_random_below(&seed, 100) * scale;
            if (unit_random_below(&seed, 10) == 0)
                spans[i].low = spans[i].high = NAN;
        }
        struct chart_pen pen = {.spans = spans, .meaning = MEANING_CHART};
        struct chart chart = {.from_us = CHART_FROM_US,
                              .to_us = CHART_FROM_US + (int64_t)unit_random_below(&seed, 1000000000000),
                              .low = NAN,
                              .high = NAN,
                              .label_columns = 9,
                              .pens = &pen,
                              .pen_count = 1};
        chart_draw(&pane, &chart);
        spark_draw(&pane, 0, 0, canvas.columns, MEANING_SPARK, spans, 0);
        canvas_free(&canvas);
    }
}

/* Four states on so few rows that numbers would be two apart: every one has its name; on fewer, the first ones have. */
static void test_states_at_the_axis(void **state)
{
    static const struct chart_mark NAMES[] = {
        {3, "TRIPPED"}, {1, "RUNNING"}, {0, "STOPPED"}, {2, "STARTING"}};
    static const char *const EXPECTED[][4] = {{" TRIPPED+", "STARTING+", " RUNNING+", " STOPPED+"},
                                              {" TRIPPED+", " RUNNING+", " STOPPED+"}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        static struct series_span spans[CHART_SPANS_MAX];
        struct chart_pen pen = {.spans = spans, .meaning = MEANING_CHART};
        struct chart_scale scale = {.low = 0, .high = 3, .step = 1};
        struct chart chart = {.from_us = CHART_FROM_US,
                              .to_us = CHART_FROM_US + 300000000,
                              .label_columns = 8,
                              .pens = &pen,
                              .pen_count = 1,
                              .names = NAMES,
                              .name_count = COUNT(NAMES)};
        struct canvas canvas;
        pen.scale = &scale;
        for (size_t x = 0; x < CHART_SPANS_MAX; x++)
            spans[x] = (struct series_span){NAN, NAN};
        canvas_init(&canvas, 29, i ? 5 : 6, GLYPH_ASCII);
        struct pane pane = pane_whole(&canvas);
        chart_draw(&pane, &chart);
        for (int y = 0; y < (i ? 3 : 4); y++) {
            char *row = canvas_row_text(&canvas, y);
            assert_string_equal(row, EXPECTED[i][y]);
            free(row);
        }
        canvas_free(&canvas);
    }
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spark_of_a_ramp),
        cmocka_unit_test(test_spark_of_a_constant),
        cmocka_unit_test(test_spark_shows_spikes_and_gaps),
        cmocka_unit_test(test_spark_does_not_blow_up_noise),
        cmocka_unit_test(test_spark_of_nothing),
        cmocka_unit_test(test_bar),
        cmocka_unit_test(test_bar_out_of_range),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_chart),
        cmocka_unit_test(test_states_at_the_axis),
        cmocka_unit_test(test_pens_without_colour),
        cmocka_unit_test(test_round_steps),
        cmocka_unit_test(test_any_size),
    };
    return cmocka_run_group_tests_name("widgets", tests, NULL, NULL);
}
