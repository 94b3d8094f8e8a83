/* Aggregates, plots and values at an instant against a plain reference: random series with samples that are not Good, texts, gaps and late
 * samples, asked at every stage of their way: tail, runs, archive, and in the middle of merges. */
#include "db/history_internal.h"
#include "db/query_aggregate.h"
#include "db/query_plot.h"

#include "history_fixture.h"

#include <math.h>

#define KNOWN_TAGS      4 /* sloped, stepped, text, sloped and seldom */
#define KNOWN_SAMPLES   4000
#define KNOWN_GAPS      60
#define KNOWN_STATES    8
#define KNOWN_DEVIATION 2.0
#define MINUTE          (60 * SECOND)
#define HOUR            (60 * MINUTE)

struct known_sample {
    int64_t ts_us, until_us; /* until: of what gaps allow */
    uint32_t quality;
    enum value_type type;
    double number;
};

struct known {
    struct known_sample samples[KNOWN_TAGS][KNOWN_SAMPLES]; /* in the order of ts */
    size_t count[KNOWN_TAGS];
    int64_t now_us;
    struct gaps_span gaps[KNOWN_GAPS];
    size_t gap_count;
    uint32_t seed;
    bool thinned; /* recorded by change (tags 1 to 3) and compressed (tag 0) */
    uint64_t checks;
};

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static int64_t random_span(struct known *known, int64_t most_us)
{
    return (int64_t)(((uint64_t)random_next(&known->seed) << 20 ^ random_next(&known->seed)) %
                     (uint64_t)most_us);
}

static bool known_is_good(const struct known_sample *sample)
{
    return sample->type != VALUE_NONE && quality_is_good(sample->quality);
}

/* A value that follows from tag and stamp. */
static struct known_sample known_make(const struct known *known, uint32_t tag, int64_t ts_us)
{
    uint32_t mix = (uint32_t)(ts_us / 1000) * 2654435761u + tag * 977;
    struct known_sample sample = {.ts_us = ts_us, .type = VALUE_NUMBER};
    random_next(&mix);
    bool troubled = ts_us / HOUR % 3 == 0; /* other hours are good throughout */
    if (troubled && random_next(&mix) % 12 == 0)
        sample.quality = random_next(&mix) % 2 ? QUALITY_BAD : QUALITY_UNCERTAIN_NO_COMM;
    if (tag == 1) /* stands for minutes and hours */
        sample.number = ts_us / (20 * MINUTE) % 2 ? (double)(random_next(&mix) % 3) : 1;
    else
        sample.number = (double)(random_next(&mix) % 100000) / 7 - 5000;
    if (known->thinned && tag == 0) /* a signal with noise that a door can follow */
        sample.number = 100 * sin((double)(ts_us - T0) / 600e6) + sample.number / 1e5;
    if (known->thinned && tag == 3)
        sample.number = (double)(ts_us / (3 * MINUTE) % 4);
    if (tag == 2) {
        sample.type = VALUE_TEXT;
        sample.number = (double)(random_next(&mix) % 3);
    }
    if (troubled && random_next(&mix) % 30 == 0)
        sample.type = VALUE_NONE;
    return sample;
}

static void known_add(struct fixture *f, struct known *known, uint32_t tag, int64_t ts_us)
{
    static const char *const TEXTS[] = {"off", "on", "auto"};
    struct known_sample sample = known_make(known, tag, ts_us), *samples = known->samples[tag];
    size_t at = known->count[tag];
    if (at == KNOWN_SAMPLES)
        return;
    while (at && samples[at - 1].ts_us > ts_us)
        at--;
    if (at && samples[at - 1].ts_us == ts_us)
        return;
    struct value value = {.type = sample.type, .number = sample.number};
    if (sample.type == VALUE_TEXT) {
        value.text = TEXTS[(int)sample.number];
        value.text_length = strlen(value.text);
    }
    batch_add_sample(f->batch, tag + 1, ts_us, &value, sample.quality);
    memmove(samples + at + 1, samples + at, (known->count[tag] - at) * sizeof *samples);
    samples[at] = sample;
    known->count[tag]++;
}

/* ---- the reference ---- */

static int64_t known_until_us(const struct known *known, int64_t ts_us)
{
    int64_t until_us = INT64_MAX;
    for (size_t i = 0; i < known->gap_count; i++) {
        int64_t start_us = known->gaps[i].start_us > ts_us ? known->gaps[i].start_us : ts_us;
        if (known->gaps[i].end_us > ts_us && start_us < until_us)
            until_us = start_us;
    }
    return until_us;
}

struct known_figures {
    struct query_aggregate a;
    double area, state_us[KNOWN_STATES];
    uint64_t entered[KNOWN_STATES];
    bool texts;
};

static void known_extend(struct query_aggregate *a, double value, int64_t ts_us)
{
    if (!(a->min.value <= value))
        a->min = (struct query_point){value, ts_us};
    if (!(a->max.value >= value))
        a->max = (struct query_point){value, ts_us};
}

/* Adds what sample i holds in the span. */
static void known_hold(const struct known *known, uint32_t tag, size_t i, int64_t alive_us,
                       struct known_figures *out)
{
    const struct known_sample *sample = &known->samples[tag][i],
                              *next = i + 1 < known->count[tag] ? sample + 1 : NULL;
    struct query_aggregate *a = &out->a;
    int64_t until_us = sample->until_us;
    if (!next && sample->ts_us <= alive_us + 30 * SECOND && until_us > alive_us + 30 * SECOND)
        until_us = alive_us + 30 * SECOND;
    bool sloped = tag % 3 == 0 && next && known_is_good(next) && until_us >= next->ts_us;
    if (next && next->ts_us < until_us)
        until_us = next->ts_us;
    int64_t from_us = sample->ts_us > a->from_us ? sample->ts_us : a->from_us;
    int64_t to_us = until_us < a->to_us ? until_us : a->to_us;
    if (from_us >= to_us)
        return;
    a->good_us += to_us - from_us;
    if (sample->type == VALUE_TEXT || tag == 1)
        out->state_us[(int)sample->number] += (double)(to_us - from_us);
    out->texts |= sample->type == VALUE_TEXT;
    if (sample->type == VALUE_TEXT)
        return;
    double slope = sloped ? (next->number - sample->number) / (double)(next->ts_us - sample->ts_us) : 0;
    double at_from = sample->number + slope * (double)(from_us - sample->ts_us),
           at_to = sample->number + slope * (double)(to_us - sample->ts_us);
    out->area += (at_from + at_to) / 2 * (double)(to_us - from_us);
    if (from_us == a->from_us) {
        a->start = at_from;
        known_extend(a, at_from, from_us);
    }
    if (to_us == a->to_us) {
        a->end = at_to;
        if (sloped)
            known_extend(a, at_to, to_us);
    }
}

static struct known_figures known_aggregate(const struct known *known, uint32_t tag, int64_t from_us,
                                            int64_t to_us, int64_t alive_us)
{
    static const struct query_point NONE = {NAN, 0};
    struct known_figures out = {.a = {.from_us = from_us,
                                      .to_us = to_us,
                                      .min = NONE,
                                      .max = NONE,
                                      .first = NONE,
                                      .last = NONE,
                                      .start = NAN,
                                      .end = NAN}};
    struct query_aggregate *a = &out.a;
    const struct known_sample *before = NULL;
    for (size_t i = 0; i < known->count[tag]; i++) {
        const struct known_sample *sample = &known->samples[tag][i];
        bool inside = sample->ts_us >= from_us && sample->ts_us < to_us, good = known_is_good(sample);
        a->samples += inside;
        a->count += inside && good;
        if (inside && good && sample->type == VALUE_NUMBER) {
            known_extend(a, sample->number, sample->ts_us);
            a->first = isnan(a->first.value) ? (struct query_point){sample->number, sample->ts_us} : a->first;
            a->last = (struct query_point){sample->number, sample->ts_us};
            double step = before ? sample->number - before->number : 0;
            a->resets += step < 0;
            a->growth += step >= 0 ? step : sample->number > 0 ? sample->number : 0;
        }
        if (inside && good && (!before || before->number != sample->number)) {
            a->transitions++;
            if (tag == 1 || tag == 2)
                out.entered[(int)sample->number]++;
        }
        if (good) {
            known_hold(known, tag, i, alive_us, &out);
            before = sample;
        }
    }
    a->average = a->good_us && !out.texts ? out.area / (double)a->good_us : NAN;
    return out;
}

/* ---- comparing ---- */

struct check {
    const struct known *known;
    uint32_t tag;
    unsigned parts;
    int64_t alive_us, next_us;
    double tolerance;
};

static void check_number(const struct check *check, const struct query_aggregate *a, const char *name,
                         double found, double wanted)
{
    if (isnan(found) == isnan(wanted) && !(fabs(found - wanted) > 1e-6 + check->tolerance))
        return;
    fail_msg("seed %u tag %u parts %u from %lld to %lld: %s is %.17g, not %.17g", check->known->seed,
             check->tag, check->parts, (long long)a->from_us, (long long)a->to_us, name, found, wanted);
}

static void check_point(const struct check *check, const struct query_aggregate *a, const char *name,
                        struct query_point found, struct query_point wanted)
{
    check_number(check, a, name, found.value, wanted.value);
    if (!isnan(wanted.value))
        check_number(check, a, name, (double)(found.ts_us - T0), (double)(wanted.ts_us - T0));
}

static void check_states(const struct check *check, const struct query_aggregate *a,
                         const struct known_figures *want)
{
    double time_us = 0, wanted_us = 0;
    uint64_t entered = 0;
    for (size_t i = 0; i < a->state_count; i++) {
        const struct query_state *state = &a->states[i];
        int number = state->is_text ? *state->text == 'a' ? 2 : state->text[1] == 'n' : (int)state->value;
        check_number(check, a, "time in state", (double)state->time_us, want->state_us[number]);
        check_number(check, a, "entered", (double)state->entered, (double)want->entered[number]);
        time_us += (double)state->time_us;
        entered += state->entered;
    }
    for (int i = 0; i < KNOWN_STATES; i++)
        wanted_us += want->state_us[i];
    check_number(check, a, "time in all states", time_us, wanted_us);
    check_number(check, a, "all entered", (double)entered, (double)a->transitions);
}

/* Of what was not kept neither number nor time can be told, but every value within the deviation. */
static void check_thinned(struct check *check, const struct query_aggregate *a,
                          const struct known_figures *want)
{
    check->tolerance = check->tag == 0 ? KNOWN_DEVIATION : 0;
    if (check->parts & QUERY_AVERAGE)
        check_number(check, a, "average", a->average, want->a.average);
    if (check->parts & QUERY_EXTREMES) {
        check_number(check, a, "min", a->min.value, want->a.min.value);
        check_number(check, a, "max", a->max.value, want->a.max.value);
    }
    if (check->parts & QUERY_ENDS) {
        check_number(check, a, "start", a->start, want->a.start);
        check_number(check, a, "end", a->end, want->a.end);
    }
    check->tolerance = 0;
    if (check->parts & QUERY_STATES && (check->tag == 1 || check->tag == 2)) {
        check_number(check, a, "transitions", (double)a->transitions, (double)want->a.transitions);
        check_states(check, a, want);
    }
    if (check->parts & QUERY_COUNTER && check->tag) {
        check_number(check, a, "growth", a->growth, want->a.growth);
        check_number(check, a, "resets", (double)a->resets, (double)want->a.resets);
    }
}

static bool check_aggregate(void *context, const struct query_aggregate *a)
{
    struct check *check = context;
    assert_int_equal(a->from_us, check->next_us);
    check->next_us = a->to_us;
    struct known_figures want =
        known_aggregate(check->known, check->tag, a->from_us, a->to_us, check->alive_us);
    check_number(check, a, "good time", (double)a->good_us, (double)want.a.good_us);
    assert_false(a->rough);
    if (check->known->thinned) {
        check_thinned(check, a, &want);
        return true;
    }
    check_number(check, a, "samples", (double)a->samples, (double)want.a.samples);
    check_number(check, a, "count", (double)a->count, (double)want.a.count);
    if (check->parts & QUERY_AVERAGE) {
        check_number(check, a, "average", a->average, want.a.average);
        check_number(check, a, "total", a->total / (1 + (double)a->good_us / 1e6),
                     want.a.average * (double)want.a.good_us / 1e6 / (1 + (double)a->good_us / 1e6));
    }
    if (check->parts & QUERY_EXTREMES) {
        check_point(check, a, "min", a->min, want.a.min);
        check_point(check, a, "max", a->max, want.a.max);
    }
    if (check->parts & QUERY_ENDS) {
        check_point(check, a, "first", a->first, want.a.first);
        check_point(check, a, "last", a->last, want.a.last);
        check_number(check, a, "start", a->start, want.a.start);
        check_number(check, a, "end", a->end, want.a.end);
    }
    if (check->parts & QUERY_STATES) {
        check_number(check, a, "transitions", (double)a->transitions, (double)want.a.transitions);
        if (check->tag == 1 || check->tag == 2)
            check_states(check, a, &want);
    }
    if (check->parts & QUERY_COUNTER) {
        check_number(check, a, "growth", a->growth / (1 + (double)a->count),
                     want.a.growth / (1 + (double)a->count));
        check_number(check, a, "resets", (double)a->resets, (double)want.a.resets);
    }
    return true;
}

static int64_t check_bound(void *context, int64_t from_us)
{
    (void)context;
    return from_us + 1 + (from_us / 7 % 40) * MINUTE;
}

static void check_random_span(const struct fixture *f, struct query *query, struct known *known)
{
    static const int64_t GRAINS_US[] = {1, SECOND, MINUTE, 10 * MINUTE, HOUR, HOUR};
    struct err err = {0};
    int64_t grain_us = GRAINS_US[random_next(&known->seed) % 6], whole_us = known->now_us - T0 + 200 * SECOND;
    int64_t from_us = T0 - 100 * SECOND + random_span(known, whole_us);
    int64_t span_us = 1 + random_span(known, 1 + random_span(known, whole_us));
    from_us -= from_us % grain_us;
    span_us += grain_us - span_us % grain_us;
    struct check check = {.known = known,
                          .tag = random_next(&known->seed) % KNOWN_TAGS,
                          .parts = random_next(&known->seed) % 3 ? 1u << random_next(&known->seed) % 5
                                                                 : random_next(&known->seed) % 32,
                          .alive_us = f->history->alive_us,
                          .next_us = from_us};
    int64_t to_us = from_us + span_us, every_us = span_us / (1 + random_next(&known->seed) % 12) + 1;
    bool done;
    every_us += grain_us - every_us % grain_us;
    if (check.tag == 3)
        check.parts &= ~(unsigned)QUERY_STATES; /* of which it has too many */
    if (check.tag == 2)
        check.parts &= ~(unsigned)QUERY_COUNTER;
    if (random_next(&known->seed) % 5 == 0)
        done = query_bounded_intervals(query, check.tag + 1, from_us, to_us, check_bound, NULL, check.parts,
                                       check_aggregate, &check, &err);
    else
        done = query_intervals(query, check.tag + 1, from_us, to_us, every_us, check.parts, check_aggregate,
                               &check, &err);
    if (!done)
        fail_msg("%s", err.text);
    assert_int_equal(check.next_us, to_us);
    known->checks++;
}

/* ---- plots and instants ---- */

static void check_column(const struct check *check, const struct query_column *column)
{
    struct known_figures want =
        known_aggregate(check->known, check->tag, column->from_us, column->to_us, check->alive_us);
    struct query_aggregate *a = &want.a;
    check_number(check, a, "column's samples", (double)column->count, (double)a->samples);
    check_number(check, a, "column's good time", (double)column->good_us, (double)a->good_us);
    check_number(check, a, "column's average", column->average, a->average);
    check_number(check, a, "column has values", column->has_value, !isnan(a->min.value));
    if (a->samples > a->count)
        assert_true(column->bad);
    if (!column->has_value)
        return;
    check_point(check, a, "column's min", (struct query_point){column->min, column->min_us}, a->min);
    check_point(check, a, "column's max", (struct query_point){column->max, column->max_us}, a->max);
    check_number(check, a, "column's first", column->first, isnan(a->start) ? a->first.value : a->start);
    if (!isnan(a->end))
        check_number(check, a, "column's last", column->last, a->end);
    else if (!isnan(a->last.value))
        check_number(check, a, "column's last", column->last, a->last.value);
}

static void check_random_plot(const struct fixture *f, struct query *query, struct known *known)
{
    struct err err = {0};
    struct query_column columns[40];
    enum query_source source;
    size_t count = 1 + random_next(&known->seed) % 40;
    int64_t from_us = T0 - 100 * SECOND + random_span(known, known->now_us - T0 + 200 * SECOND);
    int64_t to_us = from_us + 50 + random_span(known, 1 + random_span(known, 2 * HOUR));
    struct check check = {
        .known = known, .tag = random_next(&known->seed) % KNOWN_TAGS, .alive_us = f->history->alive_us};
    if (!query_plot(query, check.tag + 1, from_us, to_us, count, columns, &source, &err))
        fail_msg("%s", err.text);
    assert_int_equal(source, QUERY_RAW);
    assert_int_equal(columns[0].from_us, from_us);
    assert_int_equal(columns[count - 1].to_us, to_us);
    for (size_t i = 0; i < count; i++) {
        assert_true(!i || columns[i].from_us == columns[i - 1].to_us);
        check_column(&check, &columns[i]);
    }
    known->checks++;
}

struct check_instant {
    struct known *known;
    int64_t at_us, alive_us;
    uint32_t tags;
};

static bool check_latest(void *context, const struct query_latest *latest)
{
    struct check_instant *check = context;
    uint32_t tag = (uint32_t)(latest->tag[1] - '0');
    const struct known_sample *want = NULL;
    for (size_t i = 0; i < check->known->count[tag]; i++)
        if (check->known->samples[tag][i].ts_us <= check->at_us)
            want = &check->known->samples[tag][i];
    check->tags++;
    assert_int_equal(latest->has_value, want != NULL);
    if (!want)
        return true;
    bool doubtful = quality_is_good(want->quality) &&
                    (want->until_us <= check->at_us || (want->ts_us <= check->alive_us + 30 * SECOND &&
                                                        check->alive_us + 30 * SECOND < check->at_us));
    assert_int_equal(latest->sample.ts_us, want->ts_us);
    assert_int_equal(latest->sample.value.type, want->type);
    assert_int_equal(latest->sample.quality, doubtful ? QUALITY_UNCERTAIN_LAST_USABLE : want->quality);
    if (want->type == VALUE_NUMBER)
        assert_true(latest->sample.value.number == want->number);
    return true;
}

static void check_random_instant(const struct fixture *f, struct query *query, struct known *known)
{
    struct err err = {0};
    struct check_instant check = {.known = known,
                                  .at_us = T0 - 10 * SECOND +
                                           random_span(known, known->now_us - T0 + 100 * SECOND),
                                  .alive_us = f->history->alive_us};
    if (!query_each_at(query, check.at_us, check_latest, &check, &err))
        fail_msg("%s", err.text);
    assert_int_equal(check.tags, KNOWN_TAGS);
    known->checks++;
}

static void known_check(const struct fixture *f, struct known *known, int times)
{
    struct err err = {0};
    for (uint32_t tag = 0; tag < KNOWN_TAGS; tag++)
        for (size_t i = 0; i < known->count[tag]; i++)
            known->samples[tag][i].until_us = known_until_us(known, known->samples[tag][i].ts_us);
    struct query *query = query_open(f->path, &err);
    if (!query)
        fail_msg("%s", err.text);
    for (int i = 0; i < times; i++) {
        check_random_span(f, query, known);
        if (known->thinned)
            continue;
        check_random_plot(f, query, known);
        check_random_instant(f, query, known);
    }
    query_close(query);
}

/* ---- the way of the samples ---- */

static void known_tidy(struct fixture *f, uint32_t slices)
{
    struct err err = {0};
    bool more = true;
    for (uint32_t i = 0; more && (!slices || i < slices); i++)
        if (!history_tidy(f->history, slices ? 1 : 10000, &more, &err))
            fail_msg("%s", err.text);
}

static void known_gap(struct fixture *f, struct known *known)
{
    if (known->gap_count == KNOWN_GAPS)
        return;
    int64_t start_us = known->now_us - (random_next(&known->seed) % 3 ? 0 : random_span(known, 3 * MINUTE));
    int64_t end_us = known->now_us + random_span(known, random_next(&known->seed) % 4 ? MINUTE : HOUR);
    known->gaps[known->gap_count++] = (struct gaps_span){start_us, end_us};
    batch_add_gap(f->batch, start_us, end_us, random_next(&known->seed) % 2 ? "broker away" : "stopped");
    known->now_us = end_us;
}

static void known_live(struct fixture *f, struct known *known)
{
    for (uint32_t i = random_next(&known->seed) % 80; i > 0; i--) {
        int64_t step_us = random_next(&known->seed) % 40 ? 20 * SECOND : 10 * MINUTE;
        known->now_us += 1 + random_span(known, step_us);
        uint32_t tag = random_next(&known->seed) % (KNOWN_TAGS - 1);
        known_add(f, known, random_next(&known->seed) % 50 ? tag : KNOWN_TAGS - 1, known->now_us);
    }
}

static void known_late(struct fixture *f, struct known *known)
{
    for (uint32_t i = random_next(&known->seed) % 6; i > 0; i--) {
        int64_t ago_us = random_next(&known->seed) % 2 ? 5 * MINUTE : known->now_us - T0 + SECOND;
        known_add(f, known, random_next(&known->seed) % KNOWN_TAGS,
                  known->now_us - random_span(known, ago_us));
    }
}

static void known_step(struct fixture *f, struct known *known)
{
    struct err err = {0};
    known_live(f, known);
    if (random_next(&known->seed) % 3 == 0 && !known->thinned)
        known_late(f, known);
    if (random_next(&known->seed) % 6 == 0)
        known_gap(f, known);
    fixture_append(f, known->now_us);
    if (random_next(&known->seed) % 3 == 0 && !history_flush(f->history, &err))
        fail_msg("%s", err.text);
    known_tidy(f, random_next(&known->seed) % 6);
}

static void add_tags(struct fixture *f, bool thinned)
{
    static const enum tag_kind KINDS[KNOWN_TAGS] = {TAG_ANALOG, TAG_DISCRETE, TAG_TEXT, TAG_ANALOG};
    for (uint32_t tag = 0; tag < KNOWN_TAGS; tag++) {
        struct tag_def def;
        tag_def_init(&def);
        def.record = RECORD_ALL;
        def.kind = KINDS[tag];
        def.record = !thinned ? RECORD_ALL : tag ? RECORD_CHANGE : RECORD_COMPRESSED;
        def.deviation = tag ? 0 : KNOWN_DEVIATION;
        def.max_time_us = HOUR;
        def.name = mem_format("t%u", tag);
        def.topic = mem_copy_text(def.name);
        def.path = mem_copy_text("");
        def.area = mem_copy_text("");
        batch_add_tag(f->batch, tag + 1, &def);
        tag_def_free(&def);
    }
    fixture_append(f, T0);
}

static void run_random_series(struct fixture *f, uint32_t seeds, bool thinned)
{
    struct known *known = mem_new(1, sizeof *known);
    for (uint32_t seed = 1; seed <= seeds; seed++) {
        uint64_t checks = known->checks;
        *known = (struct known){.now_us = T0, .seed = seed * 7919, .checks = checks, .thinned = thinned};
        f->options.merge_rows = 1 + seed * 30;
        fixture_reopen(f);
        add_tags(f, thinned);
        for (int step = 0; step < 60; step++) {
            known_step(f, known);
            known_check(f, known, 6);
        }
        f->options.merge_rows = 1; /* at last all of it in the archive */
        fixture_reopen(f);
        known_tidy(f, 0);
        known_check(f, known, 60);
        history_close(f->history, known->now_us);
        f->history = NULL;
        assert_int_equal(unlink(f->path), 0);
        f->history = fixture_open(f);
    }
    print_message("%llu questions\n", (unsigned long long)known->checks);
    free(known);
}

static void test_random_series_equal_the_reference(void **state)
{
    run_random_series(*state, 10, false);
}

static void test_thinned_series_stay_within_the_deviation(void **state)
{
    run_random_series(*state, 10, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_series_equal_the_reference, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_thinned_series_stay_within_the_deviation, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("query_property", tests, NULL, NULL);
}
