/* Plots and figures of long spans, which minutes and hours stand for: no spike is lost, no sample counted twice,
 * and what retention has deleted is told by what it has left. */
#include "db/history_internal.h"
#include "db/query_aggregate.h"
#include "db/query_plot.h"

#include "history_fixture.h"

#include <math.h>
#include <pthread.h>
#include <time.h>

#define DAYS    5
#define EVERY   (10 * SECOND)
#define SAMPLES (DAYS * DAY / EVERY)
#define START   (T0 - T0 % DAY)
#define END     (START + DAYS * DAY)
#define FEWEST  25 /* spikes up and down */

static int64_t spike_us(int index)
{
    return START + (index * 1777 + 5) % SAMPLES * EVERY;
}

static double value_at(int64_t ts_us)
{
    for (int i = 0; i < 2 * FEWEST; i++)
        if (ts_us == spike_us(i))
            return i % 2 ? -1000 - i : 1000 + i;
    return 10 * sin((double)(ts_us - START) / 3600e6);
}

/* Merged, but for the last half hour. */
static struct query *fill(struct fixture *f)
{
    struct err err = {0};
    f->options.merge_rows = 1;
    fixture_reopen(f);
    fixture_add_tag(f, 1, "t", "t");
    for (int64_t ts_us = START; ts_us < END; ts_us += EVERY) {
        if (ts_us == END - 1800 * SECOND) {
            fixture_append(f, ts_us);
            assert_true(history_flush(f->history, &err));
            fixture_tidy(f);
        }
        fixture_add_number(f, 1, ts_us, value_at(ts_us));
    }
    fixture_append(f, END);
    struct query *query = query_open(f->path, &err);
    if (!query)
        fail_msg("%s", err.text);
    return query;
}

static void check_spikes(const struct query_column *columns, size_t count)
{
    for (int i = 0; i < 2 * FEWEST; i++) {
        bool found = false;
        for (size_t column = 0; column < count && !found; column++)
            found = i % 2 ? columns[column].min <= value_at(spike_us(i))
                          : columns[column].max >= value_at(spike_us(i));
        if (!found && spike_us(i) >= columns[0].from_us && spike_us(i) < columns[count - 1].to_us)
            fail_msg("spike %d is lost", i);
    }
}

static void check_plot(struct query *query, int64_t from_us, int64_t to_us, size_t count,
                       enum query_source wanted, int64_t bucket_us)
{
    static struct query_column columns[1000];
    struct err err = {0};
    enum query_source source;
    if (!query_plot(query, 1, from_us, to_us, count, columns, &source, &err))
        fail_msg("%s", err.text);
    assert_int_equal(source, wanted);
    uint64_t samples = 0;
    int64_t good_us = 0;
    for (size_t i = 0; i < count; i++) {
        const struct query_column *column = &columns[i];
        struct query_aggregate raw;
        samples += column->count;
        good_us += column->good_us;
        assert_true(column->has_value && !column->bad && !column->gap);
        assert_true(column->min <= column->first && column->last <= column->max);
        assert_true(column->min_us >= column->from_us && column->min_us <= column->to_us);
        assert_true(query_aggregate(query, 1, column->from_us, column->to_us, QUERY_AVERAGE, &raw, &err));
        /* the share of a bucket that lies across, of a signal between -10 and 10, and a spike's share */
        double share = (double)bucket_us / (double)(column->to_us - column->from_us);
        assert_true(fabs(column->average - raw.average) <= 20 * share + 3);
        query_aggregate_free(&raw);
    }
    assert_int_equal(samples, (to_us - 1 - START) / EVERY - (from_us - 1 - START + EVERY) / EVERY + 1);
    assert_true(llabs(good_us - (to_us - from_us)) <= (int64_t)count); /* a rounded microsecond a column */
    check_spikes(columns, count);
}

static void test_plots(void **state)
{
    struct query *query = fill(*state);
    check_plot(query, START, END, 30, QUERY_HOUR, 3600 * SECOND);
    check_plot(query, START + 1234567, END - 7654321, 30, QUERY_HOUR, 3600 * SECOND);
    check_plot(query, START + 1234567, END, 400, QUERY_MINUTE, 60 * SECOND);
    check_plot(query, START + DAY + 1, START + 4 * DAY, 123, QUERY_MINUTE, 60 * SECOND);
    check_plot(query, START + 1234567, START + DAY, 30, QUERY_RAW, 0); /* few samples */
    check_plot(query, END - 7200 * SECOND, END, 200, QUERY_RAW, 0);
    query_close(query);
}

static void test_extremes_come_with_their_times(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct query_aggregate a;
    struct query *query = fill(f);
    assert_true(query_aggregate(query, 1, START, END, QUERY_EXTREMES | QUERY_ENDS, &a, &err));
    assert_int_equal(a.count, SAMPLES);
    assert_true(a.max.value == 1000 + 2 * FEWEST - 2 && a.max.ts_us == spike_us(2 * FEWEST - 2));
    assert_true(a.min.value == -1000 - 2 * FEWEST + 1 && a.min.ts_us == spike_us(2 * FEWEST - 1));
    assert_int_equal(a.first.ts_us, START);
    assert_int_equal(a.last.ts_us, END - EVERY);
    query_aggregate_free(&a);
    query_close(query);
}

static void delete_before(const struct fixture *f, const char *table, int64_t ts_us)
{
    sqlite3 *db;
    char *sql = mem_format("DELETE FROM %s WHERE ts < %lld", table, (long long)ts_us);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    free(sql);
}

static bool see_latest(void *context, const struct query_latest *latest)
{
    *(struct query_sample *)context = latest->sample;
    return latest->has_value;
}

/* Samples are kept for two days, minutes for three, hours for ever. */
static void test_what_is_no_longer_kept(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct query_aggregate a, whole;
    struct query_column columns[10];
    struct query_sample at;
    enum query_source source;
    struct query *query = fill(f);
    assert_true(query_aggregate(query, 1, START, END, QUERY_EVERYTHING, &whole, &err));
    query_aggregate_free(&whole);
    delete_before(f, "archive", START + 3 * DAY);
    delete_before(f, "minute", START + 2 * DAY);
    assert_true(query_aggregate(query, 1, START, END, QUERY_AVERAGE | QUERY_EXTREMES, &a, &err));
    assert_true(a.rough);
    assert_int_equal(a.count, whole.count);
    assert_int_equal(a.good_us, whole.good_us);
    assert_true(a.max.value == whole.max.value && a.min.value == whole.min.value);
    assert_true(fabs(a.average - whole.average) < 0.05);
    query_aggregate_free(&a);
    /* ten minutes where there are minutes, and where there are hours only */
    int64_t from_us = START + 2 * DAY + 30 * SECOND;
    assert_true(query_plot(query, 1, from_us, from_us + 600 * SECOND, 10, columns, &source, &err));
    for (int i = 0; i < 10; i++)
        if (!columns[i].has_value || !(fabs(columns[i].average - value_at(from_us)) < 3))
            fail_msg("%d %d %f %f", i, columns[i].has_value, columns[i].average, value_at(from_us));
    from_us = START + DAY + 3600 * SECOND;
    assert_true(query_plot(query, 1, from_us, from_us + 36000 * SECOND, 10, columns, &source, &err));
    for (int i = 0; i < 10; i++)
        assert_true(columns[i].has_value);
    assert_true(query_each_at(query, START + 2 * DAY + 90 * SECOND, see_latest, &at, &err));
    assert_int_equal(at.ts_us, START + 2 * DAY);
    assert_true(query_each_at(query, START + DAY + 90 * SECOND, see_latest, &at, &err));
    assert_int_equal(at.ts_us, START + DAY - 3600 * SECOND);
    query_close(query);
}

struct interrupting {
    struct query *query;
    volatile bool stop;
};

static void *interrupt_query(void *context)
{
    struct interrupting *interrupting = context;
    while (!interrupting->stop) {
        query_interrupt(interrupting->query);
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    return NULL;
}

/* A call that is ended leaves the connection as good as before, and no transaction. */
static void test_interrupt(void **state)
{
    static struct query_column columns[100];
    struct fixture *f = *state;
    struct err err = {0};
    struct query_aggregate a;
    pthread_t thread;
    struct query *query = fill(f);
    struct interrupting interrupting = {query, false};
    assert_int_equal(pthread_create(&thread, NULL, interrupt_query, &interrupting), 0);
    bool ended = false;
    for (int attempt = 0; !ended && attempt < 10000; attempt++) {
        ended = !query_aggregate(query, 1, START, END, QUERY_EVERYTHING, &a, &err);
        if (!ended)
            query_aggregate_free(&a);
    }
    assert_true(ended);
    assert_int_equal(err.code, EX_TEMPFAIL);
    interrupting.stop = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    fixture_add_number(f, 1, END, 4711);
    fixture_append(f, END + SECOND);
    assert_true(query_plot(query, 1, END - DAY, END + SECOND, 100, columns, NULL, &err));
    assert_true(columns[99].max == 4711);
    query_close(query);
}

int main(void)
{
#define QUERY_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        QUERY_TEST(test_plots),
        QUERY_TEST(test_extremes_come_with_their_times),
        QUERY_TEST(test_what_is_no_longer_kept),
        QUERY_TEST(test_interrupt),
    };
    return cmocka_run_group_tests_name("query_rollups", tests, NULL, NULL);
}
