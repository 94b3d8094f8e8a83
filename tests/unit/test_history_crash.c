/* The history under SIGKILL, under readers that do not let go,
 * and against a plain list of what was put in. */
#include "db/history_internal.h"
#include "db/query.h"

#include "history_fixture.h"

#include <signal.h>
#include <sys/mman.h>
#include <time.h>

/* A small generator of its own, so that a failure can be repeated. */
static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#define CRASH_KILLS 50
#define CRASH_TAGS  50

/* What the processes of the kill test tell each other. */
struct crash_shared {
    volatile uint64_t committed; /* samples of commits that were reported as done */
    volatile uint64_t reads;     /* consistent readings */
    volatile bool stop;
    bool thinned; /* recorded by change, seven equal values at a time */
};

/* Memory that the children have too; given back with munmap(). */
static struct crash_shared *crash_share(void)
{
    void *shared = mmap(NULL, sizeof(struct crash_shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0); // cppcheck-suppress invalidFunctionArg
    assert_true(shared != MAP_FAILED);
    return shared;
}

#define CRASH_COUNT "SELECT count(*), total(value), max(value) FROM history"
#define CRASH_COUNT_ALL                                                                                      \
    "SELECT count(*), total(value), max(value), (SELECT total(n) FROM history_hour) FROM history"

/* Samples are numbered: the n-th has the value n, so that count,
 * sum and greatest value say whether each is there once; the hours count them too. */
static bool crash_is_consistent(sqlite3_stmt *rows, uint64_t at_least)
{
    bool good = sqlite3_step(rows) == SQLITE_ROW;
    uint64_t count = (uint64_t)sqlite3_column_int64(rows, 0);
    double sum = sqlite3_column_double(rows, 1), most = sqlite3_column_double(rows, 2);
    double n = (double)count;
    good = good && count >= at_least && (!count || (most == n - 1 && sum == n * (n - 1) / 2)) &&
           (sqlite3_column_count(rows) < 4 || sqlite3_column_double(rows, 3) == n);
    if (!good)
        fprintf(stderr, "count %llu sum %.0f most %.0f, expected at least %llu: %s\n",
                (unsigned long long)count, sum, most, (unsigned long long)at_least,
                sqlite3_errmsg(sqlite3_db_handle(rows)));
    sqlite3_reset(rows);
    return good;
}

/* Of thinned samples: every value is there, and the last sample; each is counted. */
#define CRASH_THINNED                                                                                        \
    "SELECT count(*), (max(ts) - 1700000000000000) / 1000 + 1,"                                              \
    " (SELECT count(*) FROM (SELECT DISTINCT tag, value FROM history)),"                                     \
    " (SELECT total(v) FROM (SELECT max(value) + 1 AS v FROM history GROUP BY tag))"
#define CRASH_THINNED_ALL CRASH_THINNED ", (SELECT total(n) FROM history_hour) FROM history"

static bool crash_is_told(sqlite3_stmt *row, uint64_t at_least)
{
    bool good = sqlite3_step(row) == SQLITE_ROW;
    double last = sqlite3_column_double(row, 1);
    good = good && last >= (double)at_least && sqlite3_column_double(row, 0) <= last &&
           (!at_least || sqlite3_column_double(row, 2) == sqlite3_column_double(row, 3)) &&
           (!at_least || sqlite3_column_count(row) < 5 || sqlite3_column_double(row, 4) == last);
    for (int i = 0; !good && i < sqlite3_column_count(row); i++)
        fprintf(stderr, "%s%.0f", i ? " " : "thinned: ", sqlite3_column_double(row, i));
    sqlite3_reset(row);
    return good;
}

/* In a child: reads again and again until told to stop. */
static _Noreturn void crash_read(const struct fixture *f, struct crash_shared *shared)
{
    sqlite3 *db;
    sqlite3_stmt *rows, *all;
    if (sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        _exit(3);
    sqlite3_busy_timeout(db, 5000); /* the moment of recovery after a kill */
    bool thinned = shared->thinned;
    if (sqlite3_prepare_v2(db, thinned ? CRASH_THINNED " FROM history" : CRASH_COUNT, -1, &rows, NULL) ||
        sqlite3_prepare_v2(db, thinned ? CRASH_THINNED_ALL : CRASH_COUNT_ALL, -1, &all, NULL))
        _exit(4);
    while (!shared->stop) {
        uint64_t at_least = shared->committed;
        sqlite3_stmt *look = shared->reads % 8 < 7 ? rows : all;
        if (!(thinned ? crash_is_told(look, at_least) : crash_is_consistent(look, at_least)))
            _exit(1);
        shared->reads++;
    }
    _exit(0);
}

static uint64_t crash_count(struct fixture *f)
{
    char *text = fixture_sql(f, "SELECT ifnull((max(ts) - 1700000000000000) / 1000 + 1, 0) FROM history");
    uint64_t count = strtoul(text, NULL, 10);
    free(text);
    return count;
}

/* In a child: appends and sorts until it is killed.
 * Sizes of batches vary so that kills fall into every kind of step. */
static _Noreturn void crash_write(struct fixture *f, struct crash_shared *shared, uint32_t seed)
{
    struct err err = {0};
    f->history = fixture_open(f);
    uint64_t next = crash_count(f);
    for (;;) {
        size_t rows = random_next(&seed) % 16 == 0 ? HISTORY_RUN_ROWS : 1 + random_next(&seed) % 4000;
        rows = shared->thinned ? 1 + rows / 4 : rows; /* its readings take longer */
        for (size_t i = 0; i < rows; i++, next++)
            fixture_add_number(f, 1 + (uint32_t)(next % CRASH_TAGS), T0 + (int64_t)next * 1000,
                               (double)(shared->thinned ? next / CRASH_TAGS / 7 : next));
        bool more = true;
        if (!history_append(f->history, f->batch, T0 + (int64_t)next, &err))
            break;
        shared->committed = next;
        batch_clear(f->batch);
        for (int slice = 0; more && slice < 6; slice++)
            if (!history_tidy(f->history, 2000, &more, &err))
                break;
    }
    fprintf(stderr, "%s\n", err.text);
    _exit(1);
}

static void sleep_us(int64_t span_us)
{
    struct timespec span = {span_us / 1000000, span_us % 1000000 * 1000};
    nanosleep(&span, NULL);
}

/* The writer is killed at moments of no particular kind while a reader looks all the time. */
static void crash_kill_writers(struct fixture *f, struct crash_shared *shared, const struct tag_def *policy,
                               int kills)
{
    uint32_t seed = 20261122;
    f->options.merge_rows = 5000; /* so that many kills fall into merges */
    for (uint32_t id = 1; id <= CRASH_TAGS; id++) {
        char name[16];
        snprintf(name, sizeof name, "t%u", id);
        fixture_add_tag_with(f, id, name, name, policy);
    }
    fixture_append(f, T0);
    history_close(f->history, T0);
    f->history = NULL;
    pid_t reader = fork();
    if (!reader)
        crash_read(f, shared);
    for (int kill_number = 0; kill_number < kills; kill_number++) {
        uint64_t before = shared->committed;
        uint32_t writer_seed = random_next(&seed);
        pid_t writer = fork();
        if (!writer)
            crash_write(f, shared, writer_seed);
        for (int waited = 0; shared->committed == before && waited < 10000; waited++)
            sleep_us(1000);
        sleep_us(random_next(&seed) % 40000);
        assert_int_equal(kill(writer, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(writer, &status, 0), writer);
        assert_true(WIFSIGNALED(status)); /* it did not give up before */
    }
    for (int waited = 0; shared->reads <= 10 && waited < 20000; waited++)
        sleep_us(1000);
    shared->stop = true;
    assert_true(fixture_wait(reader));
    assert_true(shared->reads > 10);
    f->history = fixture_open(f);
}

/* No reading may miss a committed sample or see one twice. */
static void test_kills_lose_and_double_nothing(void **state)
{
    struct fixture *f = *state;
    struct crash_shared *shared = crash_share();
    crash_kill_writers(f, shared, &(struct tag_def){.record = RECORD_ALL}, CRASH_KILLS);
    assert_true(crash_count(f) >= shared->committed);
    fixture_expect(f, "SELECT count(*) - max(value) FROM history", "1.0\n");
    fixture_expect(f, "SELECT count(*) > 1000 FROM archive", "1\n"); /* kills fell into merges */
    fixture_expect(f, "SELECT (SELECT sum(n) FROM history_minute) - (SELECT count(*) FROM history)", "0\n");
    fixture_expect(f, "SELECT count(*) FROM latest", "50\n");
    fixture_expect(f, "SELECT max(value) - (SELECT max(value) FROM history) FROM latest", "0.0\n");
    fixture_expect(f, "PRAGMA integrity_check", "ok\n");
    print_message("%llu samples, %d kills, %llu readings\n", (unsigned long long)crash_count(f), CRASH_KILLS,
                  (unsigned long long)shared->reads);
    munmap(shared, sizeof *shared);
}

/* The same where most samples are left out when they are merged. */
static void test_kills_lose_no_change(void **state)
{
    struct fixture *f = *state;
    struct crash_shared *shared = crash_share();
    shared->thinned = true;
    crash_kill_writers(f, shared, &(struct tag_def){.record = RECORD_CHANGE}, CRASH_KILLS / 2);
    assert_true(crash_count(f) >= shared->committed);
    f->options.merge_rows = 1;
    fixture_reopen(f);
    assert_true(history_flush(f->history, &(struct err){0}));
    fixture_tidy(f);
    char *told = fixture_sql(f, CRASH_THINNED_ALL);
    fixture_expect(f,
                   "SELECT count(*) * 3 < (SELECT total(n) FROM history_minute), count(*) <="
                   " 2 * (SELECT total(v) FROM (SELECT max(value) + 1 AS v FROM history GROUP BY tag))"
                   " FROM archive",
                   "1|1\n");
    fixture_expect(f, "SELECT count(*) FROM fresh_a UNION ALL SELECT count(*) FROM fresh_b", "0\n0\n");
    fixture_expect(f, "PRAGMA integrity_check", "ok\n");
    print_message("%llu readings; kept, all, values twice, all: %s", (unsigned long long)shared->reads, told);
    free(told);
    munmap(shared, sizeof *shared);
}

/* In a child: opens a transaction and keeps it until the parent closes the pipe. */
static _Noreturn void hold_read_transaction(const struct fixture *f, int ready, int wait)
{
    sqlite3 *db;
    char byte = 'x';
    bool done = sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
                sqlite3_exec(db, "BEGIN; SELECT count(*) FROM history", NULL, NULL, NULL) == SQLITE_OK &&
                write(ready, &byte, 1) == 1 && read(wait, &byte, 1) == 0;
    _exit(done ? 0 : 1);
}

static void append_numbers(struct fixture *f, int64_t *ts_us, int batches)
{
    for (int batch = 0; batch < batches; batch++) {
        for (int row = 0; row < 2500; row++, ++*ts_us)
            fixture_add_number(f, 1 + (uint32_t)row % CRASH_TAGS, *ts_us, row);
        fixture_append(f, *ts_us);
        fixture_tidy(f);
    }
}

/* A reader that holds its transaction never stops the writer; the WAL grows meanwhile, its holder is named,
 * and afterwards the WAL begins anew. */
static void test_long_reader_does_not_stop_recording(void **state)
{
    struct fixture *f = *state;
    struct history_stats stats;
    int ready[2], wait[2];
    char byte;
    int64_t ts_us = T0;
    append_numbers(f, &ts_us, 1);
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(wait), 0);
    pid_t pid = fixture_fork(f);
    if (!pid) {
        close(wait[1]);
        hold_read_transaction(f, ready[1], wait[0]);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    append_numbers(f, &ts_us, 160);
    history_get_stats(f->history, &stats);
    uint64_t held_bytes = stats.wal_bytes;
    assert_true(held_bytes > 12000000);
    assert_int_equal(stats.wal_holder, pid);
    assert_string_equal(stats.wal_holder_name, "test_history_cr"); /* 15 bytes of a name are all there is */
    uint64_t merged = stats.merged_rows;
    append_numbers(f, &ts_us, 40); /* merging waits, or the WAL would grow by more */
    history_get_stats(f->history, &stats);
    assert_int_equal(stats.merged_rows, merged);
    assert_true(stats.wal_bytes < held_bytes + UINT64_C(100000) * 140);
    close(wait[1]);
    assert_true(fixture_wait(pid));
    for (int waited = 0; stats.wal_holder && waited < 10000;
         waited += 10) { /* it is looked for once a second */
        append_numbers(f, &ts_us, 1);
        history_get_stats(f->history, &stats);
        sleep_us(10000);
    }
    append_numbers(f, &ts_us, 60);
    history_get_stats(f->history, &stats);
    assert_true(stats.merged_rows > merged + 100000);
    history_get_stats(f->history, &stats);
    print_message("500,000 samples under a reader's transaction: WAL %.1f MB; after it: %.1f MB\n",
                  (double)held_bytes / 1e6, (double)stats.wal_bytes / 1e6);
    assert_int_equal(stats.wal_holder, 0);
    assert_true(stats.wal_bytes <= 17000000);
    close(ready[0]);
    close(ready[1]);
    close(wait[0]);
}

/* In a child: short queries without a pause, two connections taking turns,
 * so that there is hardly a moment without one. */
static _Noreturn void read_without_pause(const struct fixture *f, struct crash_shared *shared)
{
    struct err err = {0};
    struct query *query = query_open(f->path, &err);
    uint64_t samples, tags;
    while (query && !shared->stop && query_counts(query, &samples, &tags, &err))
        shared->reads++;
    if (!shared->stop)
        fprintf(stderr, "%s\n", err.text);
    _exit(shared->stop ? 0 : 1);
}

static void test_many_short_readers_leave_the_wal_bounded(void **state)
{
    struct fixture *f = *state;
    struct history_stats stats;
    uint64_t most = 0;
    pid_t readers[3];
    struct crash_shared *shared = crash_share();
    history_close(f->history, T0);
    f->history = NULL;
    for (size_t i = 0; i < 3; i++)
        if (!(readers[i] = fork()))
            read_without_pause(f, shared);
    f->history = fixture_open(f);
    int64_t ts_us = T0;
    for (int i = 0; i < 200; i++) {
        append_numbers(f, &ts_us, 1);
        history_get_stats(f->history, &stats);
        most = stats.wal_bytes > most ? stats.wal_bytes : most;
    }
    shared->stop = true;
    for (size_t i = 0; i < 3; i++)
        assert_true(fixture_wait(readers[i]));
    print_message("500,000 samples under 3 busy readers (%llu readings): WAL at most %.1f MB\n",
                  (unsigned long long)shared->reads, (double)most / 1e6);
    assert_true(most < 64000000);
    munmap(shared, sizeof *shared);
}

/* The reference for the property test: every sample once, in the order of tag and time. */
struct reference_sample {
    uint32_t tag;
    int64_t ts_us;
    struct value value;
    char text[8];
    uint32_t quality;
};

#define PROPERTY_TAGS 6
#define PROPERTY_SPAN 4000 /* few stamps, so that samples come late and twice */

/* What lies between two stamps. With 1 they would be taken for samples of one stamp that are stored one after
 * the other. */
#define PROPERTY_STEP_US 2

struct property {
    struct reference_sample samples[PROPERTY_TAGS]
                                   [PROPERTY_SPAN]; /* by tag and stamp; quality UINT32_MAX: none */
    size_t count;
    uint32_t seed;
};

/* A value that follows from tag and stamp, so that the same stamp always repeats the same sample. */
static void property_make(struct reference_sample *sample, uint32_t tag, uint32_t at)
{
    *sample = (struct reference_sample){
        .tag = tag, .ts_us = T0 + at * PROPERTY_STEP_US, .quality = at % 5 ? QUALITY_GOOD : QUALITY_BAD};
    switch ((tag + at) % 4) {
    case 0:
        snprintf(sample->text, sizeof sample->text, "%03u", at % 100);
        sample->value.type = VALUE_TEXT;
        sample->value.text_length = strlen(sample->text);
        break;
    case 1:
        sample->value.type = VALUE_NONE;
        break;
    default:
        sample->value.type = VALUE_NUMBER;
        sample->value.number = (double)at / 7;
        break;
    }
}

static void property_append(struct fixture *f, struct property *property)
{
    uint32_t count = random_next(&property->seed) % 60;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t tag = random_next(&property->seed) % PROPERTY_TAGS,
                 at = random_next(&property->seed) % PROPERTY_SPAN;
        struct reference_sample *sample = &property->samples[tag][at];
        if (sample->quality == UINT32_MAX)
            property->count++;
        property_make(sample, tag, at);
        sample->value.text = sample->text;
        batch_add_sample(f->batch, tag + 1, sample->ts_us, &sample->value, sample->quality);
    }
    fixture_append(f, T0);
}

struct property_walk {
    struct property *property;
    uint32_t tag;
    int64_t from, to, next; /* places among the stamps */
    bool first;
};

static bool property_equal(const struct reference_sample *expected, const struct query_sample *found)
{
    if (expected->quality != found->quality || expected->value.type != found->value.type ||
        expected->ts_us != found->ts_us)
        return false;
    if (found->value.type == VALUE_TEXT)
        return expected->value.text_length == found->value.text_length &&
               !memcmp(expected->text, found->value.text, found->value.text_length);
    return found->value.type == VALUE_NONE || expected->value.number == found->value.number;
}

static bool property_has(const struct property_walk *walk, int64_t place)
{
    return walk->property->samples[walk->tag][place].quality != UINT32_MAX;
}

/* Stamps ascend, every sample is one of the reference, and none of it is passed over. */
static bool property_see(void *context, const struct query_sample *sample)
{
    struct property_walk *walk = context;
    int64_t place = (sample->ts_us - T0) / PROPERTY_STEP_US;
    assert_in_range(place, 0, PROPERTY_SPAN - 1);
    assert_true(property_equal(&walk->property->samples[walk->tag][place], sample));
    if (place < walk->from) { /* the one before: the last there is */
        assert_true(walk->first);
        for (int64_t i = place + 1; i < walk->from; i++)
            assert_false(property_has(walk, i));
    } else {
        assert_true(place >= walk->next - 1 && place <= walk->to);
        for (int64_t i = walk->next; i < place; i++)
            assert_false(property_has(walk, i));
        walk->next = place + 1;
    }
    walk->first = false;
    return true;
}

static void property_check_range(struct fixture *f, struct property *property)
{
    struct err err = {0};
    struct query *query = query_open(f->path, &err);
    assert_non_null(query);
    for (uint32_t tag = 0; tag < PROPERTY_TAGS; tag++) {
        int64_t from = random_next(&property->seed) % PROPERTY_SPAN;
        int64_t to = from + random_next(&property->seed) % (uint32_t)(PROPERTY_SPAN - from);
        struct property_walk walk = {property, tag, from, to, from, true};
        assert_true(query_range(query, tag + 1, T0 + from * PROPERTY_STEP_US, T0 + to * PROPERTY_STEP_US, 0,
                                property_see, &walk, &err));
        for (int64_t i = walk.next; i <= to; i++)
            assert_false(property_has(&walk, i));
    }
    query_close(query);
}

static void property_check_views(struct fixture *f, const struct property *property)
{
    char expected[64];
    snprintf(expected, sizeof expected, "%zu\n", property->count);
    fixture_expect(f, "SELECT count(*) FROM (SELECT DISTINCT tag, ts, value, quality FROM history)",
                   expected);
    fixture_expect(f, "SELECT count(*) FROM (SELECT DISTINCT tag, ts FROM history)", expected);
    fixture_expect(
        f,
        "SELECT count(*) FROM latest l JOIN (SELECT tag, max(ts) AS ts FROM history GROUP BY tag) h"
        " ON h.tag = l.tag WHERE l.ts <> h.ts",
        "0\n");
}

static void test_random_work_equals_a_reference(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct property *property = mem_new(1, sizeof *property);
    property->seed = 4711;
    for (size_t tag = 0; tag < PROPERTY_TAGS; tag++)
        for (size_t at = 0; at < PROPERTY_SPAN; at++)
            property->samples[tag][at].quality = UINT32_MAX;
    for (uint32_t tag = 0; tag < PROPERTY_TAGS; tag++) {
        char name[16];
        snprintf(name, sizeof name, "t%u", tag);
        fixture_add_tag(f, tag + 1, name, name);
    }
    fixture_append(f, T0);
    for (int step = 0; step < 400; step++) {
        switch (random_next(&property->seed) % 8) {
        case 0:
            assert_true(history_flush(f->history, &err));
            break;
        case 1:
            if (step % 4 == 0)
                fixture_reopen(f);
            break;
        case 2:
            property_check_range(f, property);
            break;
        default:
            property_append(f, property);
            break;
        }
        if (step % 40 == 0)
            property_check_views(f, property);
    }
    property_check_views(f, property);
    property_check_range(f, property);
    assert_true(property->count > 3000);
    free(property);
}

int main(void)
{
#define HISTORY_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(test_random_work_equals_a_reference),
        HISTORY_TEST(test_kills_lose_and_double_nothing),
        HISTORY_TEST(test_kills_lose_no_change),
        HISTORY_TEST(test_long_reader_does_not_stop_recording),
        HISTORY_TEST(test_many_short_readers_leave_the_wal_bounded),
    };
    return cmocka_run_group_tests_name("history_crash", tests, NULL, NULL);
}
