/* Recording by change and the swinging door against what they promise, over thousands of random series: the
 * kept samples give every other one back within the deviation, or exactly. */
#include "plant/door.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>

#define SECOND      INT64_C(1000000)
#define SAMPLES_MAX 400
#define SERIES      4000

struct series_sample {
    int64_t ts_us;
    double number;
    bool sloped, apart; /* a Good number; of another quality or type than the one before, or behind a gap */
    bool kept;
};

struct series {
    struct series_sample samples[SAMPLES_MAX];
    size_t count;
};

static double random_share(uint64_t *seed)
{
    return (double)unit_random_below(seed, 1000001) / 1e6;
}

/* A signal of one of several characters. */
static double series_signal(uint64_t *seed, size_t character, size_t i, double before)
{
    switch (character) {
    case 0: /* a random walk */
        return before + random_share(seed) - 0.5;
    case 1: /* a slow wave with noise */
        return 10 * sin((double)i / 20) + (random_share(seed) - 0.5);
    case 2: /* steps that stand */
        return unit_random_below(seed, 20) ? before : floor(10 * random_share(seed));
    case 3: /* noise far above the deviation, and spikes */
        return unit_random_below(seed, 30) ? 20 * random_share(seed) : 1e6 * random_share(seed);
    case 4: /* nothing but the last digit moves */
        return 1e9 + (double)unit_random_below(seed, 2) / 1024;
    default: /* ramps */
        return before + (i / 50 % 2 ? 1 : -0.25);
    }
}

static int64_t series_step_us(uint64_t *seed)
{
    static const int64_t MOST_US[] = {1, 1000, SECOND, SECOND, SECOND, 100 * SECOND};
    return 1 + (int64_t)unit_random_below(seed, (size_t)MOST_US[unit_random_below(seed, COUNT(MOST_US))]);
}

static void series_make(struct series *series, uint64_t *seed)
{
    size_t character = unit_random_below(seed, 6);
    bool sloped = true;
    int64_t now_us = 1700000000 * SECOND;
    double number = 0;
    series->count = 1 + unit_random_below(seed, SAMPLES_MAX);
    for (size_t i = 0; i < series->count; i++) {
        bool turns = unit_random_below(seed, 60) == 0;
        sloped ^= turns;
        number = series_signal(seed, character, i, number);
        now_us += series_step_us(seed);
        series->samples[i] = (struct series_sample){.ts_us = now_us,
                                                    .number = sloped ? number : floor(number / 4),
                                                    .sloped = sloped,
                                                    .apart = turns || unit_random_below(seed, 100) == 0,
                                                    .kept = true};
    }
}

/* Puts the series through the door; returns how many are kept. */
static size_t series_thin(struct series *series, const struct door_rule *rule)
{
    struct door door = {0};
    size_t kept = series->count;
    for (size_t i = 0; i < series->count; i++) {
        const struct series_sample *sample = &series->samples[i], *before = i ? sample - 1 : sample;
        int64_t left_out_us[DOOR_LEFT_OUT_MAX];
        enum door_relation relation = sample->apart                      ? DOOR_APART
                                      : sample->number == before->number ? DOOR_EQUAL
                                                                         : DOOR_DIFFERENT;
        size_t count = door_take(
            &door, rule, &(struct door_sample){sample->ts_us, sample->number, sample->sloped, relation},
            left_out_us);
        assert_true(count <= DOOR_LEFT_OUT_MAX);
        for (size_t k = 0; k < count; k++) {
            size_t at = i;
            while (at && series->samples[at].ts_us != left_out_us[k])
                at--;
            assert_true(at < i && series->samples[at].kept && series->samples[at].ts_us == left_out_us[k]);
            series->samples[at].kept = false;
            kept--;
        }
    }
    return kept;
}

/* What is kept in any case: the first, the last, and both sides of what no line may lead across. */
static void series_check_ends(const struct series *series)
{
    assert_true(series->samples[0].kept && series->samples[series->count - 1].kept);
    for (size_t i = 1; i < series->count; i++)
        if (series->samples[i].apart)
            assert_true(series->samples[i].kept && series->samples[i - 1].kept);
}

struct series_off {
    double line, step; /* the greatest distances of samples from lines and steps between the kept ones */
    int64_t span_us;   /* the longest time between two kept samples with others between */
};

static double max_of(double a, double b)
{
    return a > b ? a : b;
}

static struct series_off series_compare(const struct series *series)
{
    struct series_off off = {0};
    const struct series_sample *left = series->samples;
    for (size_t i = 1; i < series->count; i++) {
        const struct series_sample *sample = &series->samples[i], *right = sample;
        if (sample->kept) {
            left = sample;
            continue;
        }
        while (!right->kept)
            right++;
        double share = (double)(sample->ts_us - left->ts_us) / (double)(right->ts_us - left->ts_us);
        double line = left->number + share * (right->number - left->number);
        /* what doubles can tell apart at all of numbers of this size */
        double least = 1e-12 * max_of(fabs(sample->number), max_of(fabs(left->number), fabs(right->number)));
        off.line = max_of(off.line, fabs(sample->number - line) - least);
        off.step = max_of(off.step, fabs(sample->number - left->number));
        off.span_us = right->ts_us - left->ts_us > off.span_us ? right->ts_us - left->ts_us : off.span_us;
    }
    return off;
}

static void test_error_stays_within_the_deviation(void **state)
{
    static struct series series;
    uint64_t seed = 20261123;
    size_t samples = 0, kept = 0;
    double worst = 0;
    (void)state;
    for (int i = 0; i < SERIES; i++) {
        struct door_rule rule = {.record = RECORD_COMPRESSED, .deviation = 0.01 + 2 * random_share(&seed)};
        if (unit_random_below(&seed, 2))
            rule.min_time_us = 1 + (int64_t)unit_random_below(&seed, 5 * SECOND);
        if (unit_random_below(&seed, 2))
            rule.max_time_us = 1 + (int64_t)unit_random_below(&seed, 200 * SECOND);
        series_make(&series, &seed);
        kept += series_thin(&series, &rule);
        samples += series.count;
        series_check_ends(&series);
        struct series_off off = series_compare(&series);
        worst = max_of(worst, off.line / rule.deviation);
        assert_true(off.line <= rule.deviation * (1 + 1e-9));
        assert_true(!rule.max_time_us || off.span_us <= rule.max_time_us);
    }
    printf("# %d series: %zu of %zu samples kept, error at most %.9f of the deviation\n", SERIES, kept,
           samples, worst);
    assert_true(kept < samples / 2 && worst > 0.99);
}

static void test_change_gives_the_series_back(void **state)
{
    static struct series series;
    uint64_t seed = 4711;
    size_t samples = 0, kept = 0;
    (void)state;
    for (int i = 0; i < SERIES; i++) {
        struct door_rule rule = {.record = RECORD_CHANGE};
        if (unit_random_below(&seed, 2))
            rule.max_time_us = 1 + (int64_t)unit_random_below(&seed, 200 * SECOND);
        series_make(&series, &seed);
        kept += series_thin(&series, &rule);
        samples += series.count;
        series_check_ends(&series);
        struct series_off off = series_compare(&series);
        assert_true(off.step == 0 && off.line <= 0);
        assert_true(!rule.max_time_us || off.span_us <= rule.max_time_us);
        for (size_t k = 1; k < series.count; k++)
            assert_true(series.samples[k].kept || series.samples[k].number == series.samples[k - 1].number);
    }
    assert_true(kept < samples);
}

static void test_all_keeps_all(void **state)
{
    static struct series series;
    uint64_t seed = 815;
    (void)state;
    for (int i = 0; i < 100; i++) {
        series_make(&series, &seed);
        assert_int_equal(series_thin(&series, &(struct door_rule){.record = RECORD_ALL}), series.count);
    }
}

/* A straight line is its two ends, a wave in the noise a few corners. */
static void test_what_it_is_for(void **state)
{
    static struct series series = {.count = SAMPLES_MAX};
    const struct door_rule rule = {.record = RECORD_COMPRESSED, .deviation = 0.5};
    (void)state;
    for (size_t i = 0; i < SAMPLES_MAX; i++)
        series.samples[i] = (struct series_sample){.ts_us = (int64_t)i * SECOND,
                                                   .number = 3 + 0.25 * (double)i,
                                                   .sloped = true,
                                                   .apart = i == 0,
                                                   .kept = true};
    assert_int_equal(series_thin(&series, &rule), 2);
    uint64_t seed = 1;
    for (size_t i = 0; i < SAMPLES_MAX; i++) {
        series.samples[i].number = 50 * sin((double)i / 60) + 0.3 * (random_share(&seed) - 0.5);
        series.samples[i].kept = true;
    }
    size_t kept = series_thin(&series, &rule);
    assert_in_range(kept, 10, SAMPLES_MAX / 8);
}

/* A step is two samples: the last of the old value and the first of the new one, whatever the times say. */
static void test_a_quick_excursion_is_kept(void **state)
{
    struct series series = {.count = 9};
    const struct door_rule rule = {.record = RECORD_COMPRESSED,
                                   .deviation = 1,
                                   .min_time_us = 60 * SECOND,
                                   .max_time_us = 3600 * SECOND};
    static const double NUMBERS[] = {5, 5.05, 4.98, 5, 80, 5.01, 5, 5.02, 5};
    static const bool KEPT[] = {true, false, false, true, true, true, false, false, true};
    (void)state;
    for (size_t i = 0; i < series.count; i++)
        series.samples[i] = (struct series_sample){.ts_us = (int64_t)i * SECOND,
                                                   .number = NUMBERS[i],
                                                   .sloped = true,
                                                   .apart = i == 0,
                                                   .kept = true};
    series_thin(&series, &rule);
    for (size_t i = 0; i < series.count; i++)
        assert_int_equal(series.samples[i].kept, KEPT[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_stays_within_the_deviation),
        cmocka_unit_test(test_change_gives_the_series_back),
        cmocka_unit_test(test_all_keeps_all),
        cmocka_unit_test(test_what_it_is_for),
        cmocka_unit_test(test_a_quick_excursion_is_kept),
    };
    return cmocka_run_group_tests_name("door", tests, NULL, NULL);
}
