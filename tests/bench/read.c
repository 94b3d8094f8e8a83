/* How soon the history answers: plots, an hour of samples, all tags at an instant. Prints a
 * line a figure: name, median ms, median ms of processor time, pages that the last round read.
 *
 *   read [-r ROUNDS] [-x TIMES] long|wide FOLDER
 *
 * long: 30 days of a tag at 1 Hz, with -x of that many tags. wide: 10,000 tags, an hour and a fresh part, with
 * -x so many hours before.
 *
 * What has been merged long ago is written straight into the archive, minutes and hours, in the order in which
 * merges write (a quarter of an hour of each tag in turn), because the writer would take minutes for it; what is
 * fresh goes through the writer. The file is removed afterwards. "cold" is with the file out of the page
 * cache and a connection of its own. */
#include "base/clock.h"
#include "base/mem.h"
#include "db/history.h"
#include "db/query_aggregate.h"
#include "db/query_internal.h"
#include "db/query_plot.h"
#include "db/sql.h"
#include "plant/quality.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_T0      (INT64_C(1700006400) * CLOCK_US_PER_SECOND) /* a full hour */
#define READ_SECOND  CLOCK_US_PER_SECOND
#define READ_MINUTE  (60 * READ_SECOND)
#define READ_DAY     (24 * CLOCK_US_PER_HOUR)
#define READ_MERGE   (15 * READ_MINUTE)
#define READ_COLUMNS 200

/* ---- making files ---- */

static _Noreturn void read_die(const struct err *err)
{
    fprintf(stderr, "read: %s\n", err->text);
    exit(err->code);
}

static void read_sql(sqlite3 *db, const char *sql)
{
    if (sql_exec(db, sql) != SQLITE_OK) {
        fprintf(stderr, "read: %s: %s\n", sql, sqlite3_errmsg(db));
        exit(EX_SOFTWARE);
    }
}

static double read_value(uint32_t tag, int64_t ts_us)
{
    return round(1000 * (50 + 40 * sin((double)(ts_us - READ_T0) / 600e6 + tag))) / 1000;
}

struct read_bucket {
    int64_t ts_us, n;
    double min, max, first, last, sum;
};

struct read_maker {
    sqlite3 *db;
    sqlite3_stmt *sample, *minute, *hour;
    struct read_bucket *minutes, *hours; /* of each tag */
};

static sqlite3_stmt *read_bucket_statement(sqlite3 *db, const char *table)
{
    char *sql = mem_format("INSERT INTO %s (tag_id, ts, n, min, max, first, last, avg, good_us, held)"
                           " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,1)",
                           table);
    sqlite3_stmt *statement = sql_prepare(db, sql, true);
    free(sql);
    return statement;
}

static void read_make_begin(struct read_maker *maker, const char *path, uint32_t tags)
{
    *maker = (struct read_maker){.minutes = mem_new(tags + 1, sizeof *maker->minutes),
                                 .hours = mem_new(tags + 1, sizeof *maker->hours)};
    if (sqlite3_open(path, &maker->db) != SQLITE_OK)
        exit(EX_IOERR);
    read_sql(maker->db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA secure_delete = OFF");
    maker->sample =
        sql_prepare(maker->db, "INSERT INTO archive (tag_id, ts, value, quality) VALUES (?1,?2,?3,0)", true);
    maker->minute = read_bucket_statement(maker->db, "minute");
    maker->hour = read_bucket_statement(maker->db, "hour");
    read_sql(maker->db, "BEGIN");
}

static void read_put_bucket(sqlite3_stmt *put, uint32_t tag, const struct read_bucket *bucket,
                            int64_t width_us)
{
    sqlite3_bind_int64(put, 1, tag);
    sqlite3_bind_int64(put, 2, bucket->ts_us);
    sqlite3_bind_int64(put, 3, bucket->n);
    sqlite3_bind_double(put, 4, bucket->min);
    sqlite3_bind_double(put, 5, bucket->max);
    sqlite3_bind_double(put, 6, bucket->first);
    sqlite3_bind_double(put, 7, bucket->last);
    sqlite3_bind_double(put, 8, bucket->sum / (double)bucket->n);
    sqlite3_bind_int64(put, 9, width_us);
    sql_run(put);
}

static void read_roll(sqlite3_stmt *put, struct read_bucket *bucket, uint32_t tag, int64_t ts_us,
                      int64_t width_us, double value)
{
    int64_t bucket_us = ts_us - ts_us % width_us;
    if (bucket->n && bucket->ts_us != bucket_us)
        read_put_bucket(put, tag, bucket, width_us);
    if (bucket->ts_us != bucket_us)
        *bucket = (struct read_bucket){bucket_us, 0, value, value, value, value, 0};
    bucket->n++;
    bucket->min = fmin(bucket->min, value);
    bucket->max = fmax(bucket->max, value);
    bucket->last = value;
    bucket->sum += value;
}

static void read_make_sample(struct read_maker *maker, uint32_t tag, int64_t ts_us)
{
    double value = read_value(tag, ts_us);
    sqlite3_bind_int64(maker->sample, 1, tag);
    sqlite3_bind_int64(maker->sample, 2, ts_us);
    sqlite3_bind_double(maker->sample, 3, value);
    sql_run(maker->sample);
    read_roll(maker->minute, &maker->minutes[tag], tag, ts_us, READ_MINUTE, value);
    read_roll(maker->hour, &maker->hours[tag], tag, ts_us, CLOCK_US_PER_HOUR, value);
}

/* Samples of the tags first to last, every so often, as merges write them. */
static void read_make_span(struct read_maker *maker, uint32_t first, uint32_t last, int64_t from_us,
                           int64_t to_us, int64_t every_us)
{
    int64_t step_us = every_us > READ_MERGE ? every_us : READ_MERGE;
    for (int64_t merge_us = from_us; merge_us < to_us; merge_us += step_us) {
        int64_t end_us = merge_us + step_us < to_us ? merge_us + step_us : to_us;
        for (uint32_t tag = first; tag <= last; tag++)
            for (int64_t ts_us = merge_us; ts_us < end_us; ts_us += every_us)
                read_make_sample(maker, tag, ts_us + tag);
    }
}

static void read_make_end(struct read_maker *maker, uint32_t tags)
{
    sqlite3_stmt *minute = read_bucket_statement(maker->db, "minute_open"),
                 *hour = read_bucket_statement(maker->db, "hour_open");
    for (uint32_t tag = 1; tag <= tags; tag++) {
        if (!maker->minutes[tag].n)
            continue;
        read_put_bucket(minute, tag, &maker->minutes[tag], READ_MINUTE);
        read_put_bucket(hour, tag, &maker->hours[tag], CLOCK_US_PER_HOUR);
    }
    read_sql(maker->db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3_finalize(minute);
    sqlite3_finalize(hour);
    sqlite3_finalize(maker->sample);
    sqlite3_finalize(maker->minute);
    sqlite3_finalize(maker->hour);
    sqlite3_close(maker->db);
    free(maker->minutes);
    free(maker->hours);
}

static struct history *read_open(const char *path)
{
    struct err err = {0};
    struct history_options options = {
        .path = path, .merge_rows_per_tag = 1000000, .merge_rows = UINT64_MAX, .merge_age_us = INT64_MAX};
    struct history *history = history_open(&options, &err);
    if (!history)
        read_die(&err);
    return history;
}

static void read_tidy(struct history *history)
{
    struct err err = {0};
    for (bool more = true; more;)
        if (!history_tidy(history, 100000, &more, &err))
            read_die(&err);
}

static void read_add_tags(const char *path, uint32_t tags, int64_t now_us)
{
    struct err err = {0};
    struct batch *batch = batch_new();
    struct history *history = read_open(path);
    for (uint32_t id = 1; id <= tags; id++) {
        struct tag_def def;
        tag_def_init(&def);
        def.topic = mem_format("plant/area%u/device%u/value", id % 20, id);
        def.name = mem_copy_text(def.topic);
        def.path = mem_copy_text("");
        def.area = tag_def_area_of_topic(def.topic);
        batch_add_tag(batch, id, &def);
        tag_def_free(&def);
    }
    if (!history_append(history, batch, now_us, &err))
        read_die(&err);
    batch_free(batch);
    history_close(history, now_us);
}

/* All tags once a second, left in runs and tail. */
static void read_add_fresh(const char *path, uint32_t tags, int64_t from_us, int seconds)
{
    struct err err = {0};
    struct batch *batch = batch_new();
    struct history *history = read_open(path);
    for (int second = 0; second < seconds; second++) {
        for (uint32_t tag = 1; tag <= tags; tag++) {
            int64_t ts_us = from_us + second * READ_SECOND + tag;
            struct value value = {.type = VALUE_NUMBER, .number = read_value(tag, ts_us)};
            batch_add_sample(batch, tag, ts_us, &value, QUALITY_GOOD);
        }
        if (!history_append(history, batch, from_us + second * READ_SECOND, &err))
            read_die(&err);
        batch_clear(batch);
        read_tidy(history);
    }
    batch_free(batch);
    history_close(history, from_us + seconds * READ_SECOND);
}

/* Thirty days of one tag and an hour before them, and as much of other tags beside it. */
static void read_make_long(const char *path, uint32_t tags)
{
    struct read_maker maker;
    read_add_tags(path, tags, READ_T0 - CLOCK_US_PER_HOUR);
    read_make_begin(&maker, path, tags);
    read_make_span(&maker, 1, tags, READ_T0 - CLOCK_US_PER_HOUR, READ_T0 + 30 * READ_DAY, READ_SECOND);
    read_make_end(&maker, tags);
    history_close(read_open(path), READ_T0 + 30 * READ_DAY);
}

#define READ_WIDE_TAGS  10000
#define READ_WIDE_TAG   5000               /* the one whose hour is asked for */
#define READ_WIDE_FRESH 300                /* seconds */
#define READ_WIDE_EVERY (20 * READ_SECOND) /* so that an hour of a tag takes more than a page */

/* Ten thousand tags, each three times a minute for `hours`, one of them each second for the last hour; then all of them
 * each second, fresh. */
static void read_make_wide(const char *path, int hours)
{
    struct read_maker maker;
    int64_t end_us = READ_T0 + 10 * CLOCK_US_PER_HOUR, from_us = end_us - hours * CLOCK_US_PER_HOUR,
            last_us = end_us - CLOCK_US_PER_HOUR;
    read_add_tags(path, READ_WIDE_TAGS, from_us);
    read_make_begin(&maker, path, READ_WIDE_TAGS);
    read_make_span(&maker, 1, READ_WIDE_TAG - 1, from_us, end_us, READ_WIDE_EVERY);
    read_make_span(&maker, READ_WIDE_TAG, READ_WIDE_TAG, from_us, last_us, READ_WIDE_EVERY);
    read_make_span(&maker, READ_WIDE_TAG, READ_WIDE_TAG, last_us, end_us, READ_SECOND);
    read_make_span(&maker, READ_WIDE_TAG + 1, READ_WIDE_TAGS, from_us, end_us, READ_WIDE_EVERY);
    read_make_end(&maker, READ_WIDE_TAGS);
    read_add_fresh(path, READ_WIDE_TAGS, end_us, READ_WIDE_FRESH);
}

/* ---- asking ---- */

static void read_drop_cache(const char *path)
{
    static const char *const NAMES[] = {"", "-wal"};
    for (size_t i = 0; i < 2; i++) {
        char *name = mem_format("%s%s", path, NAMES[i]);
        int fd = open(name, O_RDWR | O_CLOEXEC);
        if (fd >= 0) {
            fsync(fd);
            posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
            close(fd);
        }
        free(name);
    }
}

typedef bool read_question(struct query *query, struct err *err);

static bool read_plot_days(struct query *query, struct err *err)
{
    static struct query_column columns[READ_COLUMNS];
    return query_plot(query, 1, READ_T0, READ_T0 + 30 * READ_DAY, READ_COLUMNS, columns, NULL, err);
}

/* What a plot from raw rows has to do. */
static bool read_add_column(void *context, const struct query_sample *sample)
{
    struct query_column *columns = context;
    int64_t index = (sample->ts_us - READ_T0) * READ_COLUMNS / (30 * READ_DAY);
    if (index < 0 || index >= READ_COLUMNS || !quality_is_good(sample->quality))
        return true;
    struct query_column *column = &columns[index];
    double value = sample->value.number;
    column->min = column->has_value ? fmin(column->min, value) : value;
    column->max = column->has_value ? fmax(column->max, value) : value;
    column->first = column->has_value ? column->first : value;
    column->last = value;
    column->has_value = true;
    return true;
}

static bool read_raw_days(struct query *query, struct err *err)
{
    static struct query_column columns[READ_COLUMNS];
    return query_range(query, 1, READ_T0, READ_T0 + 30 * READ_DAY - 1, 0, read_add_column, columns, err);
}

#define READ_WIDE_NOW (READ_T0 + 10 * CLOCK_US_PER_HOUR + READ_WIDE_FRESH * READ_SECOND)

static bool read_plot_hour(struct query *query, struct err *err)
{
    static struct query_column columns[READ_COLUMNS];
    return query_plot(query, READ_WIDE_TAG, READ_WIDE_NOW - CLOCK_US_PER_HOUR, READ_WIDE_NOW, READ_COLUMNS,
                      columns, NULL, err);
}

static bool read_count_sample(void *context, const struct query_sample *sample)
{
    *(int *)context += sample->ts_us > 0;
    return true;
}

static bool read_range_hour(struct query *query, struct err *err)
{
    int samples = 0;
    bool done = query_range(query, READ_WIDE_TAG, READ_WIDE_NOW - CLOCK_US_PER_HOUR, READ_WIDE_NOW, 0,
                            read_count_sample, &samples, err);
    return done && (samples == 3601 || err_set(err, EX_SOFTWARE, "an hour of %d samples", samples));
}

static bool read_count_tag(void *context, const struct query_latest *latest)
{
    *(int *)context += latest->has_value;
    return true;
}

static bool read_at(struct query *query, int64_t at_us, struct err *err)
{
    int tags = 0;
    bool done = query_each_at(query, at_us, read_count_tag, &tags, err);
    return done && (tags == READ_WIDE_TAGS || err_set(err, EX_SOFTWARE, "%d tags at an instant", tags));
}

static bool read_at_archived(struct query *query, struct err *err)
{
    return read_at(query, READ_WIDE_NOW - READ_WIDE_FRESH * READ_SECOND - 20 * READ_MINUTE, err);
}

static bool read_at_fresh(struct query *query, struct err *err)
{
    return read_at(query, READ_WIDE_NOW - READ_WIDE_FRESH * READ_SECOND / 2, err);
}

static bool read_at_now(struct query *query, struct err *err)
{
    return read_at(query, READ_WIDE_NOW, err);
}

static int read_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

#define READ_ROUNDS_MAX 99

/* Pages that SQLite has asked the operating system for, since this was asked last. */
static int read_count_pages(struct query *query)
{
    int pages = 0, most;
    sqlite3_db_status(query->db, SQLITE_DBSTATUS_CACHE_MISS, &pages, &most, true);
    return pages;
}

/* Cold: each round with a connection of its own, and with what opening it takes. */
static void read_ask(const char *name, const char *path, read_question *question, bool cold, int rounds)
{
    double ms[READ_ROUNDS_MAX], cpu_ms[READ_ROUNDS_MAX];
    int pages = 0;
    struct err err = {0};
    struct query *query = query_open(path, &err);
    if (!query || (!cold && !question(query, &err)))
        read_die(&err);
    for (int round = 0; round < rounds; round++) {
        if (cold) {
            query_close(query);
            read_drop_cache(path);
        }
        int64_t start_us = clock_mono_us(), start_cpu_us = clock_thread_cpu_us();
        if (cold)
            query = query_open(path, &err);
        if (query)
            read_count_pages(query);
        if (!query || !question(query, &err))
            read_die(&err);
        pages = read_count_pages(query);
        cpu_ms[round] = (double)(clock_thread_cpu_us() - start_cpu_us) / 1000;
        ms[round] = (double)(clock_mono_us() - start_us) / 1000;
    }
    query_close(query);
    qsort(ms, (size_t)rounds, sizeof *ms, read_compare);
    qsort(cpu_ms, (size_t)rounds, sizeof *cpu_ms, read_compare);
    printf("%s %.3f %.3f %d\n", name, ms[rounds / 2], cpu_ms[rounds / 2], pages);
    fflush(stdout);
}

static void read_remove(const char *path)
{
    static const char *const NAMES[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char *name = mem_format("%s%s", path, NAMES[i]);
        unlink(name);
        free(name);
    }
}

struct read_case {
    const char *name;
    read_question *question;
    bool cold;
};

static const struct read_case READ_LONG[] = {
    {"days-cold", read_plot_days, true},
    {"days", read_plot_days, false},
    {"days-raw-cold", read_raw_days, true},
    {NULL, NULL, false},
};

static const struct read_case READ_WIDE[] = {
    {"hour-plot", read_plot_hour, false},     {"hour-samples", read_range_hour, false},
    {"at-archived", read_at_archived, false}, {"at-fresh", read_at_fresh, false},
    {"at-now", read_at_now, false},           {NULL, NULL, false},
};

int main(int argc, char **argv)
{
    int rounds = 5, times = 1;
    for (int key; (key = getopt(argc, argv, "r:x:")) != -1;) {
        rounds = key == 'r' ? atoi(optarg) : rounds;
        times = key == 'x' ? atoi(optarg) : times;
    }
    bool is_long = argc == optind + 2 && !strcmp(argv[optind], "long");
    bool is_wide = argc == optind + 2 && !strcmp(argv[optind], "wide");
    if (!(is_long || is_wide) || times < 1 || times > 10 || rounds < 1 || rounds > READ_ROUNDS_MAX) {
        fprintf(stderr, "usage: read [-r ROUNDS] [-x TIMES] long|wide FOLDER\n");
        return EX_USAGE;
    }
    char *path = mem_format("%s/read.db", argv[optind + 1]);
    if (is_long)
        read_make_long(path, (uint32_t)times);
    else
        read_make_wide(path, times);
    for (const struct read_case *question = is_long ? READ_LONG : READ_WIDE; question->name; question++)
        read_ask(question->name, path, question->question, question->cold,
                 question->question == read_raw_days ? 1 : rounds); /* of seconds each */
    read_remove(path);
    free(path);
    return 0;
}
