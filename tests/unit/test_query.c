/* Reading the history: spans, last values, gaps, and being interrupted. */
#include "db/history_internal.h"
#include "db/query.h"

#include "history_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static struct query *open_query(const struct fixture *f)
{
    struct err err = {0};
    struct query *query = query_open(f->path, &err);
    if (!query)
        fail_msg("%s", err.text);
    return query;
}

struct seen {
    char text[1024];
    int rows, stop_after; /* stop_after 0: never */
};

static void see(struct seen *seen, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void see(struct seen *seen, const char *format, ...)
{
    size_t used = strlen(seen->text);
    va_list args;
    va_start(args, format);
    vsnprintf(seen->text + used, sizeof seen->text - used, format, args);
    va_end(args);
    seen->rows++;
}

static bool see_sample(void *context, const struct query_sample *sample)
{
    struct seen *seen = context;
    if (sample->value.type == VALUE_TEXT)
        see(seen, "%lld='%.*s' ", (long long)(sample->ts_us - T0), (int)sample->value.text_length,
            sample->value.text);
    else if (sample->value.type == VALUE_NONE)
        see(seen, "%lld=- ", (long long)(sample->ts_us - T0));
    else
        see(seen, "%lld=%g ", (long long)(sample->ts_us - T0), sample->value.number);
    return seen->rows != seen->stop_after;
}

/* Samples in two runs and the tail, out of order. */
static void fill(struct fixture *f)
{
    struct err err = {0};
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_tag(f, 2, "u", "u");
    fixture_add_number(f, 1, T0 + 10, 1);
    fixture_add_number(f, 1, T0 + 50, 5);
    fixture_add_number(f, 2, T0 + 11, 99);
    fixture_append(f, T0);
    assert_true(history_flush(f->history, &err));
    fixture_add_number(f, 1, T0 + 20, 2);
    fixture_add_text(f, 1, T0 + 40, "four", 4);
    fixture_append(f, T0);
    assert_true(history_flush(f->history, &err));
    fixture_add_number(f, 1, T0 + 60, 6);
    batch_add_sample(f->batch, 1, T0 + 30, &(struct value){.type = VALUE_NONE}, QUALITY_BAD);
    fixture_append(f, T0);
}

static void test_range(void **state)
{
    static const struct {
        uint32_t tag;
        int64_t from, to;
        uint64_t limit;
        int stop_after;
        const char *expected;
    } CASES[] = {
        {1, 0, 100, 0, 0, "10=1 20=2 30=- 40='four' 50=5 60=6 "},
        {1, 10, 60, 0, 0, "10=1 20=2 30=- 40='four' 50=5 60=6 "},
        {1, 11, 59, 0, 0, "10=1 20=2 30=- 40='four' 50=5 "},
        {1, 31, 39, 0, 0, "30=- "},
        {1, 41, 49, 0, 0, "40='four' "},
        {1, 100, 200, 0, 0, "60=6 "},
        {1, -100, 9, 0, 0, ""},
        {1, 50, 40, 0, 0, "40='four' "}, /* nothing lies in an empty span */
        {1, 11, 59, 1, 0, "10=1 "},
        {1, 11, 59, 3, 0, "10=1 20=2 30=- "},
        {1, 0, 100, 2, 0, "10=1 20=2 "},
        {1, 11, 59, 0, 1, "10=1 "},
        {1, 0, 100, 0, 4, "10=1 20=2 30=- 40='four' "},
        {2, 0, 100, 0, 0, "11=99 "},
        {3, 0, 100, 0, 0, ""},
    };
    struct fixture *f = *state;
    struct err err = {0};
    fill(f);
    struct query *query = open_query(f);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct seen seen = {.stop_after = CASES[i].stop_after};
        assert_true(query_range(query, CASES[i].tag, T0 + CASES[i].from, T0 + CASES[i].to, CASES[i].limit,
                                see_sample, &seen, &err));
        assert_string_equal(seen.text, CASES[i].expected);
    }
    query_close(query);
}

/* A connection that stays open sees what is committed later:
 * none of its calls leaves a transaction behind. */
static void test_sees_new_samples(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct query *query = open_query(f);
    fill(f);
    for (int round = 0; round < 3; round++) {
        uint64_t samples, tags;
        struct seen seen = {.stop_after = 1};
        assert_true(query_range(query, 1, T0, T0 + 100, 0, see_sample, &seen, &err));
        assert_true(query_counts(query, &samples, &tags, &err));
        assert_int_equal(samples, 7 + round);
        assert_int_equal(tags, 2);
        fixture_add_number(f, 2, T0 + 100 + round, 1);
        fixture_append(f, T0);
        if (round == 1)
            assert_true(history_flush(f->history, &err));
    }
    query_close(query);
}

static bool see_latest(void *context, const struct query_latest *latest)
{
    struct seen *seen = context;
    const struct value *value = &latest->sample.value;
    see(seen, "%s %d %g '%.*s' %s %s %s\n", latest->tag, latest->has_value, value->number,
        (int)value->text_length, value->text ? value->text : "", latest->unit ? latest->unit : "-",
        latest->description ? latest->description : "-", latest->state_text ? latest->state_text : "-");
    return seen->rows != seen->stop_after;
}

static void test_latest(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct tag_def def;
    fill(f);
    tag_def_init(&def);
    def.name = mem_copy_text("a pump");
    def.topic = mem_copy_text("pump");
    def.path = mem_copy_text("");
    def.area = mem_copy_text("");
    def.unit = mem_copy_text("rpm");
    def.description = mem_copy_text("Pump");
    def.states = mem_new(1, sizeof *def.states);
    def.state_count = 1;
    def.states[0] = (struct tag_state){2, mem_copy_text("FAST")};
    batch_add_tag(f->batch, 3, &def);
    tag_def_free(&def);
    fixture_add_number(f, 3, T0, 2);
    fixture_add_tag(f, 4, "never", "never");
    fixture_add_text(f, 2, T0 + 500, "x", 1);
    fixture_append(f, T0);
    struct query *query = open_query(f);
    struct seen seen = {.stop_after = 0};
    assert_true(query_each_latest(query, see_latest, &seen, &err));
    assert_string_equal(seen.text,
                        "a pump 1 2 '' rpm Pump FAST\nnever 0 0 '' - - -\nt 1 6 '' - - -\nu 1 0 'x' - - -\n");
    seen = (struct seen){.stop_after = 2};
    assert_true(query_each_latest(query, see_latest, &seen, &err));
    assert_int_equal(seen.rows, 2);
    query_close(query);
}

static bool see_gap(void *context, int64_t start_us, int64_t end_us, const char *reason)
{
    struct seen *seen = context;
    see(seen, "%lld-%lld %s ", (long long)(start_us - T0), (long long)(end_us - T0), reason);
    return seen->rows != seen->stop_after;
}

static void test_gaps_that_touch_the_span(void **state)
{
    static const struct {
        int64_t from, to;
        const char *expected;
    } CASES[] = {
        {0, 100, "10-20 a 15-40 b 60-70 c "},
        {20, 20, "10-20 a 15-40 b "},
        {21, 59, "15-40 b "},
        {41, 59, ""},
        {70, 100, "60-70 c "},
    };
    struct fixture *f = *state;
    struct err err = {0};
    batch_add_gap(f->batch, T0 + 60, T0 + 70, "c");
    batch_add_gap(f->batch, T0 + 15, T0 + 40, "b");
    batch_add_gap(f->batch, T0 + 10, T0 + 20, "a");
    fixture_append(f, T0);
    struct query *query = open_query(f);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct seen seen = {.stop_after = 0};
        assert_true(query_gaps(query, T0 + CASES[i].from, T0 + CASES[i].to, see_gap, &seen, &err));
        assert_string_equal(seen.text, CASES[i].expected);
    }
    query_close(query);
}

struct interrupting {
    struct query *query;
    atomic_bool stop;
};

/* Interrupts again and again, for a call that has not begun yet is not ended by it. */
static void *interrupt_query(void *context)
{
    struct interrupting *interrupting = context;
    while (!interrupting->stop) {
        query_interrupt(interrupting->query);
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    return NULL;
}

static void test_interrupt(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    uint64_t samples, tags;
    pthread_t thread;
    fixture_add_tag(f, 1, "t", "t");
    for (int i = 0; i < 300000; i++)
        fixture_add_number(f, 1, T0 + i, i);
    fixture_append(f, T0);
    struct query *query = open_query(f);
    struct interrupting interrupting = {.query = query};
    assert_int_equal(pthread_create(&thread, NULL, interrupt_query, &interrupting), 0);
    bool ended = false;
    for (int attempt = 0; !ended && attempt < 10000; attempt++) /* the thread may need a while to begin */
        ended = !query_counts(query, &samples, &tags, &err);
    assert_true(ended);
    assert_int_equal(err.code, EX_TEMPFAIL);
    interrupting.stop = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(query_counts(query, &samples, &tags, &err)); /* the connection is still good */
    assert_int_equal(samples, 300000);
    query_close(query);
}

static void test_what_cannot_be_opened(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    history_close(f->history, 0);
    f->history = NULL;
    assert_null(query_open("/nonexistent/h.db", &err));
    assert_int_equal(err.code, EX_NOINPUT);
    assert_non_null(strstr(err.text, "recorder"));
    unlink(f->path);
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    fputs("something else that is longer than sixteen bytes", file);
    fclose(file);
    assert_null(query_open(f->path, &err));
    assert_int_equal(err.code, EX_DATAERR);
    query_close(NULL);
}

int main(void)
{
#define QUERY_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        QUERY_TEST(test_range),     QUERY_TEST(test_sees_new_samples),
        QUERY_TEST(test_latest),    QUERY_TEST(test_gaps_that_touch_the_span),
        QUERY_TEST(test_interrupt), QUERY_TEST(test_what_cannot_be_opened),
    };
    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
