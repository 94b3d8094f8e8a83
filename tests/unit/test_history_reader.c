/* The thread that reads the history for the screens, on a real history file. */
#include "ui/history_reader.h"

#include "base/clock.h"

#include "history_fixture.h"

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <sys/stat.h>

#define TRIES_MS 10000

/* The next result; the descriptor says when it is there. */
static struct history_result *await_result(struct history_reader *reader)
{
    struct pollfd fd = {.fd = history_reader_fd(reader), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, TRIES_MS), 1);
    struct history_result *result = history_reader_take(reader);
    assert_non_null(result);
    return result;
}

static struct history_request trend_of(uint32_t tag, uint64_t ticket)
{
    return (struct history_request){.purpose = HISTORY_TREND,
                                    .ticket = ticket,
                                    .from_us = T0 + 10 * SECOND,
                                    .to_us = T0 + 100 * SECOND,
                                    .tags = {tag},
                                    .tag_count = 1};
}

static void fill(struct fixture *f)
{
    fixture_add_tag(f, 1, "one", "plant/one");
    fixture_add_tag(f, 2, "two", "plant/two");
    for (int i = 0; i < 100; i++) {
        fixture_add_number(f, 1, T0 + i * SECOND, i);
        fixture_add_number(f, 2, T0 + i * SECOND, -i);
    }
    batch_add_sample(f->batch, 1, T0 + 100 * SECOND, &(struct value){.type = VALUE_NONE},
                     QUALITY_BAD_NO_DATA);
    fixture_append(f, T0 + 101 * SECOND);
}

static void test_trend(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct history_reader *reader = history_reader_new(f->path);
    struct history_request request = trend_of(1, 42);
    history_reader_ask(reader, &request);
    struct history_result *result = await_result(reader);
    assert_true(result->good);
    assert_int_equal(result->ticket, 42);
    assert_int_equal(result->purpose, HISTORY_TREND);
    assert_int_equal(result->sample_count, 92); /* the one before the span, 10 to 99, the end of values */
    for (size_t i = 0; i < 91; i++) {
        assert_int_equal(result->samples[i].ts_us, T0 + (int64_t)(9 + i) * SECOND);
        assert_true(result->samples[i].value == 9 + (double)i);
    }
    assert_true(isnan(result->samples[91].value));
    history_result_free(result);
    history_reader_free(reader);
}

static void test_alarm(void **state)
{
    struct fixture *f = *state;
    struct alarm_event event = {.ts_us = T0 + 50 * SECOND,
                                .kind = JOURNAL_ALARM,
                                .event = "activated",
                                .tag = "one",
                                .alarm = "one/hi",
                                .value = 50,
                                .limit = NAN};
    batch_add_event(f->batch, &event);
    fill(f);
    struct history_reader *reader = history_reader_new(f->path);
    struct history_request request = {
        .purpose = HISTORY_ALARM,
        .ticket = 7,
        .to_us = T0 + 60 * SECOND,
        .tags = {1},
        .tag_count = 1,
        .grid = {.start_us = T0 + 40 * SECOND, .width_us = 10 * SECOND, .count = 4},
        .tag_name = "one",
        .alarm = "one/hi"};
    history_reader_ask(reader, &request);
    struct history_result *result = await_result(reader);
    assert_true(result->good);
    assert_int_equal(result->ticket, 7);
    assert_int_equal(result->occurrence_count, 1);
    assert_true(result->occurrences[0].activated_us == T0 + 50 * SECOND);
    assert_true(result->columns[0].low == 40 && result->columns[1].low == 50);
    assert_false(result->columns[2].known); /* up to to_us */
    history_result_free(result);
    request.grid.count = 0; /* one of hmi's own has no tag */
    request.tag_count = 0;
    history_reader_ask(reader, &request);
    result = await_result(reader);
    assert_true(result->good);
    assert_null(result->columns);
    history_result_free(result);
    history_reader_free(reader);
}

/* The recorder ended right after a sample: the gap begins with it, and nothing is drawn in the gap. */
static void test_small_trends_end_where_a_gap_begins(void **state)
{
    struct fixture *f = *state;
    fixture_add_tag(f, 1, "one", "plant/one");
    fixture_add_number(f, 1, T0 + 15 * SECOND, 5);
    batch_add_gap(f->batch, T0 + 15 * SECOND, T0 + 45 * SECOND, "recorder stopped");
    fixture_add_number(f, 1, T0 + 45 * SECOND, 6);
    fixture_append(f, T0 + 46 * SECOND);
    struct history_reader *reader = history_reader_new(f->path);
    struct history_request request = {.purpose = HISTORY_SERIES,
                                      .from_us = T0,
                                      .to_us = T0 + 59 * SECOND,
                                      .tags = {1},
                                      .tag_count = 1,
                                      .bin_us = 10 * SECOND};
    history_reader_ask(reader, &request);
    struct history_result *result = await_result(reader);
    assert_true(result->good);
    assert_true(result->spans[1].low == 5);
    assert_true(isnan(result->spans[2].low) && isnan(result->spans[3].low));
    assert_true(result->spans[4].low == 6);
    history_result_free(result);
    history_reader_free(reader);
}

static void test_small_trends(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct history_reader *reader = history_reader_new(f->path);
    struct history_request request = {.purpose = HISTORY_SERIES,
                                      .from_us = T0,
                                      .to_us = T0 + 59 * SECOND,
                                      .tags = {1, 2, 77},
                                      .tag_count = 3,
                                      .bin_us = 10 * SECOND};
    history_reader_ask(reader, &request);
    struct history_result *result = await_result(reader);
    assert_true(result->good);
    assert_int_equal(result->tag_count, 3);
    assert_int_equal(result->bins, 6);
    assert_int_equal(result->first_bin, T0 / (10 * SECOND));
    for (size_t i = 0; i < 6; i++) {
        double first = 10 * (double)i;
        assert_true(result->spans[i].low == first && result->spans[i].high == first + 9);
        assert_true(result->spans[6 + i].low == -first - 9 && result->spans[6 + i].high == -first);
        assert_true(isnan(result->spans[12 + i].low)); /* a tag that the file does not know */
    }
    history_result_free(result);
    history_reader_free(reader);
}

/* What has come up to a moment, no more: the rest is the live end's, and nothing counts twice. */
static void test_pens(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct history_reader *reader = history_reader_new(f->path);
    for (int64_t until_us = T0 - 5 * SECOND; until_us < T0 + 140 * SECOND; until_us += 13 * SECOND + 1) {
        struct history_request request = {.purpose = HISTORY_PENS,
                                          .grid = {.start_us = T0, .width_us = 12 * SECOND, .count = 10},
                                          .to_us = until_us,
                                          .tags = {1, 2, 77},
                                          .tag_count = 3};
        history_reader_ask(reader, &request);
        struct history_result *result = await_result(reader);
        assert_true(result->good);
        uint64_t expected = 0, count[3] = {0};
        for (int i = 0; i <= 100; i++) /* the end of values at 100 s, too */
            expected += T0 + i * SECOND < until_us;
        for (size_t i = 0; i < 30; i++) {
            const struct plot_column *column = &result->columns[i];
            int64_t start_us = T0 + (int64_t)(i % 10) * 12 * SECOND;
            assert_true(column->known == (start_us < until_us));
            assert_true(column->good_us <= 12 * SECOND);
            count[i / 10] += column->count;
        }
        assert_int_equal(count[0], expected);
        assert_int_equal(count[1], expected - (until_us > T0 + 100 * SECOND));
        assert_int_equal(count[2], 0);
        if (until_us > T0 + 12 * SECOND)
            assert_true(result->columns[0].low == 0 && result->columns[10].low <= -11);
        history_result_free(result);
    }
    history_reader_free(reader);
}

static void test_instants(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct history_reader *reader = history_reader_new(f->path);
    struct history_request request = {.purpose = HISTORY_INSTANTS,
                                      .to_us = T0 + 41 * SECOND + SECOND / 2,
                                      .tags = {1, 2, 77},
                                      .tag_count = 3};
    history_reader_ask(reader, &request);
    struct history_result *result = await_result(reader);
    assert_true(result->good && result->instants[0].found && result->instants[1].found);
    assert_true(result->instants[0].number == 41 && result->instants[1].number == -41);
    assert_int_equal(result->instants[0].ts_us, T0 + 41 * SECOND);
    assert_false(result->instants[2].found);
    history_result_free(result);
    request.to_us = T0 + 100 * SECOND; /* of that very moment, and not good */
    history_reader_ask(reader, &request);
    result = await_result(reader);
    assert_true(result->instants[0].quality == QUALITY_BAD_NO_DATA);
    assert_int_equal(result->instants[0].ts_us, T0 + 100 * SECOND);
    history_result_free(result);
    history_reader_free(reader);
}

/* More samples than a console keeps: thinned out, but the extremes are there and all are counted. */
static void test_long_trend_keeps_extremes(void **state)
{
    struct fixture *f = *state;
    const int count = 3 * RECENT_MAX;
    fixture_add_tag(f, 1, "one", "plant/one");
    for (int i = 0; i < count; i++)
        fixture_add_number(f, 1, T0 + 10 * SECOND + i * 1000, i == 31007 ? 1e6 : i == 17003 ? -1e6 : i % 100);
    fixture_append(f, T0 + 200 * SECOND);
    struct history_reader *reader = history_reader_new(f->path);
    struct history_request request = trend_of(1, 1);
    history_reader_ask(reader, &request);
    struct history_result *result = await_result(reader);
    assert_true(result->good);
    assert_true(result->sample_count <= RECENT_MAX);
    double low = 0, high = 0;
    uint64_t all = 0;
    for (size_t i = 0; i < result->sample_count; i++) {
        low = fmin(low, result->samples[i].value);
        high = fmax(high, result->samples[i].value);
        all += result->samples[i].count;
        assert_true(i == 0 || result->samples[i].ts_us >= result->samples[i - 1].ts_us);
    }
    assert_true(low == -1e6 && high == 1e6);
    assert_int_equal(all, count);
    history_result_free(result);
    history_reader_free(reader);
}

static void test_missing_file_is_said_and_tried_again(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct history_reader *reader = history_reader_new("/nonexistent/history.db");
    struct history_request request = trend_of(1, 1);
    history_reader_ask(reader, &request);
    struct history_result *result = await_result(reader);
    assert_false(result->good);
    assert_non_null(strstr(result->error, "/nonexistent/history.db"));
    history_result_free(result);
    history_reader_set_path(reader, f->path);
    history_reader_ask(reader, &request);
    result = await_result(reader);
    assert_true(result->good);
    history_result_free(result);
    history_reader_free(reader);
}

/* A backup is restored as the manual says, while a console is attached: it reads the restored file from then on. */
static void test_a_restored_file_is_read(void **state)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    struct fixture *f = *state;
    fill(f);
    struct history_reader *reader = history_reader_new(f->path);
    struct history_request request = trend_of(1, 1);
    history_reader_ask(reader, &request);
    struct history_result *result = await_result(reader);
    assert_true(result->good && result->sample_count > 1);
    history_result_free(result);
    history_close(f->history, T0);
    for (size_t i = 0; i < 3; i++) {
        char *from = mem_format("%s%s", f->path, SUFFIXES[i]),
             *to = mem_format("%s.old%s", f->path, SUFFIXES[i]);
        assert_int_equal(rename(from, to), 0);
        free(from);
        free(to);
    }
    f->history = fixture_open(f);
    fixture_add_tag(f, 1, "one", "plant/one");
    fixture_add_number(f, 1, T0 + SECOND, 77);
    fixture_append(f, T0 + SECOND);
    history_reader_ask(reader, &request);
    result = await_result(reader);
    assert_true(result->good);
    assert_int_equal(result->sample_count, 1);
    assert_true(result->samples[0].value == 77);
    history_result_free(result);
    history_reader_free(reader);
    for (size_t i = 0; i < 3; i++) {
        char *old = mem_format("%s.old%s", f->path, SUFFIXES[i]);
        unlink(old);
        free(old);
    }
}

/* Whatever is asked how fast: the last request is answered, nothing hangs, nothing leaks. */
static void test_the_latest_request_wins(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct history_reader *reader = history_reader_new(f->path);
    const uint64_t last = 500;
    for (uint64_t ticket = 1; ticket <= last; ticket++) {
        struct history_request request = trend_of(1 + (uint32_t)(ticket % 2), ticket);
        history_reader_ask(reader, &request);
    }
    uint64_t answered = 0;
    while (answered != last) {
        struct history_result *result = await_result(reader);
        assert_true(result->ticket > answered);
        answered = result->ticket;
        if (answered == last)
            assert_true(result->good);
        history_result_free(result);
    }
    assert_null(history_reader_take(reader));
    struct history_request unread = trend_of(1, 501);
    history_reader_ask(reader, &unread);
    history_reader_free(reader); /* while it works */
}

/* A disk that hangs, here a pipe that nobody writes to, keeps the thread; whoever leaves goes nevertheless, and the
 * thread ends when it is let go. */
static void test_leaving_while_the_disk_hangs(void **state)
{
    struct fixture *f = *state;
    char *path = mem_format("%s.hangs", f->path);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct history_reader *reader = history_reader_new(path);
    struct history_request request = trend_of(1, 1);
    history_reader_ask(reader, &request);
    struct pollfd fd = {.fd = history_reader_fd(reader), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 100), 0);
    int64_t start_us = clock_mono_us();
    history_reader_free(reader);
    int64_t took_us = clock_mono_us() - start_us;
    assert_true(took_us > SECOND / 2 && took_us < 5 * SECOND);
    int end = open(path, O_WRONLY | O_NONBLOCK); /* works only while somebody waits to read */
    assert_true(end >= 0);
    close(end);
    unlink(path);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_leaving_while_the_disk_hangs, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_trend, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_alarm, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_small_trends_end_where_a_gap_begins, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_small_trends, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_pens, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_instants, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_long_trend_keeps_extremes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_missing_file_is_said_and_tried_again, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_restored_file_is_read, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_the_latest_request_wins, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("history_reader", tests, NULL, NULL);
}
