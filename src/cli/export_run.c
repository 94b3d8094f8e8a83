#include "cli/export_run.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cli/outfile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT_SAMPLES 8192       /* of one look at the history: some milliseconds */
#define EXPORT_CELLS   (1u << 20) /* of one piece of a wide table: 8 MB */
#define EXPORT_PERIODS 4096       /* intervals of one look */

static const char *const EXPORT_COLUMNS[] = {"tag", "time", "value", "quality", "text"};

/* Writes the rows that are put together. Interrupted is as good as a failure. */
static bool export_flush(struct export_run *run, struct err *err)
{
    struct buf *text = &run->put.text;
    bool written = fwrite(text->data, 1, text->length, run->out) == text->length;
    buf_clear(text);
    if (!written && errno == EPIPE) { /* `| head`: nothing to say */
        err_set(err, EX_IOERR, " ");
        *err->text = '\0';
        return false;
    }
    if (!written)
        return err_set(err, EX_IOERR, "cannot write: %s", strerror(errno));
    return !outfile_interrupted() || err_set(err, EX_TEMPFAIL, "interrupted");
}

/* How far the work is: tags before this one, and the share of this one's time. */
static void export_show(struct export_run *run, size_t tags_done, int64_t at_us, size_t tags_at_once)
{
    double share = (double)(at_us - run->from_us) / (double)(run->to_us - run->from_us);
    double done = ((double)tags_done + share * (double)tags_at_once) / (double)run->tag_count;
    progress_show(&run->progress, (uint64_t)(done * 1e6), 1000000, clock_mono_us());
}

/* ---- samples ---- */

struct export_samples {
    struct export_run *run;
    const struct query_tag *tag;
    int64_t from_us;
    size_t count;       /* of this look */
    int64_t last_us;    /* the stamp of the last one */
    size_t last_offset; /* where the rows with that stamp begin, in the text and in number */
    size_t last_count;
};

static const char *export_state_text(const struct query_tag *tag, const struct value *value)
{
    for (size_t i = 0; value->type == VALUE_NUMBER && i < tag->state_count; i++)
        if (tag->states[i].value == value->number)
            return tag->states[i].text;
    return "";
}

static bool export_take_sample(void *context, const struct query_sample *sample)
{
    struct export_samples *self = context;
    struct export_put *put = &self->run->put;
    if (sample->ts_us < self->from_us)
        return true;
    if (!self->count || sample->ts_us != self->last_us) {
        self->last_us = sample->ts_us;
        self->last_offset = put->text.length;
        self->last_count = self->count;
    }
    self->count++;
    const char *text = export_state_text(self->tag, &sample->value);
    export_put_begin(put);
    export_put_text(put, "tag", self->tag->name, strlen(self->tag->name));
    export_put_time(put, "time", sample->ts_us);
    export_put_value(put, "value", &sample->value);
    export_put_number(put, "quality", sample->quality);
    if (!put->json || *text)
        export_put_text(put, "text", text, strlen(text));
    export_put_end(put);
    return true;
}

/* One tag, a piece at a time. A piece that is full is cut before its last stamp, for more samples may have it.
 */
static bool export_samples_of(struct export_run *run, const struct query_tag *tag, size_t tags_done,
                              struct err *err)
{
    struct export_samples self = {.run = run, .tag = tag, .from_us = run->from_us};
    uint64_t limit = EXPORT_SAMPLES;
    for (bool more = true; more;) {
        self.count = 0;
        if (!query_range(run->query, tag->id, self.from_us, run->to_us - 1, limit, export_take_sample, &self,
                         err))
            return false;
        more = self.count + 1 >= limit; /* the one before it counts, too, and need not be there */
        if (more && self.last_count) {
            run->put.text.length = self.last_offset;
            self.from_us = self.last_us;
        } else if (more) { /* all with one stamp: a larger piece */
            run->put.text.length = self.last_offset;
            limit *= 2;
        }
        if (!export_flush(run, err))
            return false;
        export_show(run, tags_done, more ? self.from_us : run->to_us, 1);
    }
    return true;
}

static void export_samples_header(struct export_run *run)
{
    export_put_begin(&run->put);
    for (size_t i = 0; i < sizeof EXPORT_COLUMNS / sizeof *EXPORT_COLUMNS; i++)
        export_put_text(&run->put, "", EXPORT_COLUMNS[i], strlen(EXPORT_COLUMNS[i]));
    export_put_end(&run->put);
}

/* ---- intervals ---- */

/* What one look at the history gave: `count` intervals of one tag. */
struct export_periods {
    struct export_run *run;
    const struct query_tag *tag;
    int64_t *starts_us;
    double *cells; /* of the first figure of the tag's first interval */
    size_t stride; /* cells from one interval to the next */
    size_t count, capacity;
};

static int64_t export_next(void *context, int64_t from_us)
{
    return when_next(&((const struct export_run *)context)->every, from_us);
}

static bool export_take_period(void *context, const struct query_aggregate *aggregate)
{
    struct export_periods *self = context;
    if (self->count == self->capacity)
        return false;
    self->starts_us[self->count] = aggregate->from_us;
    for (size_t i = 0; i < self->run->figure_count; i++)
        self->cells[self->count * self->stride + i] =
            export_figure_value(&self->run->figures[i], self->tag, aggregate);
    self->count++;
    return !outfile_interrupted();
}

/* Where a piece of `count` intervals from `from_us` on ends. */
static int64_t export_piece_end(struct export_run *run, int64_t from_us, size_t count)
{
    while (count-- && from_us < run->to_us)
        from_us = when_next(&run->every, from_us);
    return from_us < run->to_us ? from_us : run->to_us;
}

static bool export_read_periods(struct export_run *run, const struct query_tag *tag, int64_t from_us,
                                int64_t to_us, struct export_periods *periods, struct err *err)
{
    unsigned parts = 0;
    for (size_t i = 0; i < run->figure_count; i++)
        parts |= run->figures[i].figure->part;
    periods->count = 0;
    periods->tag = tag;
    return query_bounded_intervals(run->query, tag->id, from_us, to_us, export_next, run, parts,
                                   export_take_period, periods, err);
}

static void export_put_figure(struct export_put *put, const struct export_wish *wish, const char *name,
                              double cell)
{
    if (wish->figure->type == FIGURE_TIME && !isnan(cell))
        export_put_time(put, name, (int64_t)cell); /* whole µs, which a double holds until the year 2255 */
    else
        export_put_number(put, name, cell);
}

static void export_put_periods(struct export_run *run, const struct query_tag *tag,
                               const struct export_periods *periods)
{
    for (size_t i = 0; i < periods->count; i++) {
        export_put_begin(&run->put);
        export_put_text(&run->put, "tag", tag->name, strlen(tag->name));
        export_put_time(&run->put, "time", periods->starts_us[i]);
        for (size_t figure = 0; figure < run->figure_count; figure++)
            export_put_figure(&run->put, &run->figures[figure], run->figures[figure].name,
                              periods->cells[i * periods->stride + figure]);
        export_put_end(&run->put);
    }
}

static bool export_periods_of(struct export_run *run, const struct query_tag *tag, size_t tags_done,
                              struct err *err)
{
    struct export_periods periods = {.run = run, .stride = run->figure_count, .capacity = EXPORT_PERIODS};
    periods.starts_us = mem_new(EXPORT_PERIODS, sizeof *periods.starts_us);
    periods.cells = mem_new(EXPORT_PERIODS * run->figure_count, sizeof *periods.cells);
    bool good = true;
    for (int64_t at_us = run->from_us; good && at_us < run->to_us;) {
        int64_t end_us = export_piece_end(run, at_us, EXPORT_PERIODS);
        good = export_read_periods(run, tag, at_us, end_us, &periods, err);
        if (good)
            export_put_periods(run, tag, &periods);
        good = good && export_flush(run, err);
        at_us = end_us;
        export_show(run, tags_done, at_us, 1);
    }
    free(periods.starts_us);
    free(periods.cells);
    return good;
}

static void export_periods_header(struct export_run *run)
{
    export_put_begin(&run->put);
    export_put_text(&run->put, "", "tag", 3);
    export_put_text(&run->put, "", "time", 4);
    for (size_t i = 0; i < run->figure_count; i++)
        export_put_text(&run->put, "", run->figures[i].name, strlen(run->figures[i].name));
    export_put_end(&run->put);
}

/* ---- a column for each tag ---- */

struct export_wide {
    struct query_tag *tags;
    size_t tag_count; /* of those, so far */
    char **columns;   /* tag × figure */
    size_t width;
    struct export_periods periods;
};

static bool export_wide_begin(struct export_run *run, struct export_wide *wide, struct err *err)
{
    bool good = true;
    wide->width = run->tag_count * run->figure_count;
    wide->tags = mem_new(run->tag_count, sizeof *wide->tags);
    wide->columns = mem_new(wide->width, sizeof *wide->columns);
    for (size_t i = 0; good && i < run->tag_count; i++) {
        good = query_find_tag(run->query, run->tags[i], &wide->tags[i], err);
        if (!good)
            break;
        wide->tag_count++;
        /* In CSV also a single figure is named, so that nobody takes the file for samples, least of all hmi import. */
        bool named = run->figure_count > 1 || !run->put.json;
        for (size_t figure = 0; figure < run->figure_count; figure++)
            wide->columns[i * run->figure_count + figure] =
                named ? mem_format("%s %s", run->tags[i], run->figures[figure].name)
                      : mem_copy_text(run->tags[i]);
    }
    size_t rows = EXPORT_CELLS / wide->width ? EXPORT_CELLS / wide->width : 1;
    struct export_periods *periods = &wide->periods;
    *periods = (struct export_periods){
        .run = run, .stride = wide->width, .capacity = rows < EXPORT_PERIODS ? rows : EXPORT_PERIODS};
    periods->starts_us = mem_new(periods->capacity, sizeof *periods->starts_us);
    periods->cells = mem_new(periods->capacity * wide->width, sizeof *periods->cells);
    return good;
}

static void export_wide_end(struct export_wide *wide)
{
    for (size_t i = 0; i < wide->width; i++)
        free(wide->columns[i]);
    for (size_t i = 0; i < wide->tag_count; i++)
        query_tag_free(&wide->tags[i]);
    free(wide->columns);
    free(wide->tags);
    free(wide->periods.starts_us);
    free(wide->periods.cells);
}

static void export_wide_header(struct export_run *run, const struct export_wide *wide)
{
    export_put_begin(&run->put);
    export_put_text(&run->put, "", "time", 4);
    for (size_t i = 0; i < wide->width; i++)
        export_put_text(&run->put, "", wide->columns[i], strlen(wide->columns[i]));
    export_put_end(&run->put);
}

static bool export_wide_read(struct export_run *run, struct export_wide *wide, int64_t from_us, int64_t to_us,
                             struct err *err)
{
    bool good = true;
    double *cells = wide->periods.cells;
    for (size_t i = 0; good && i < run->tag_count; i++) {
        wide->periods.cells = cells + i * run->figure_count;
        good = !outfile_interrupted() || err_set(err, EX_TEMPFAIL, "interrupted");
        good = good && export_read_periods(run, &wide->tags[i], from_us, to_us, &wide->periods, err);
        double piece = (double)(i + 1) / (double)run->tag_count;
        export_show(run, 0, from_us + (int64_t)(piece * (double)(to_us - from_us)), run->tag_count);
    }
    wide->periods.cells = cells;
    return good;
}

static bool export_wide_write(struct export_run *run, const struct export_wide *wide, struct err *err)
{
    for (size_t row = 0; row < wide->periods.count; row++) {
        export_put_begin(&run->put);
        export_put_time(&run->put, "time", wide->periods.starts_us[row]);
        for (size_t i = 0; i < wide->width; i++)
            export_put_figure(&run->put, &run->figures[i % run->figure_count], wide->columns[i],
                              wide->periods.cells[row * wide->width + i]);
        export_put_end(&run->put);
    }
    return export_flush(run, err);
}

static bool export_all_wide(struct export_run *run, struct err *err)
{
    struct export_wide wide = {0};
    bool good = export_wide_begin(run, &wide, err);
    if (good && run->header)
        export_wide_header(run, &wide);
    for (int64_t at_us = run->from_us; good && at_us < run->to_us;) {
        int64_t end_us = export_piece_end(run, at_us, wide.periods.capacity);
        good = export_wide_read(run, &wide, at_us, end_us, err) && export_wide_write(run, &wide, err);
        at_us = end_us;
    }
    export_wide_end(&wide);
    return good;
}

/* ---- */

static bool export_all_long(struct export_run *run, struct err *err)
{
    if (run->header && run->has_every)
        export_periods_header(run);
    else if (run->header)
        export_samples_header(run);
    bool good = true;
    for (size_t i = 0; good && i < run->tag_count; i++) {
        struct query_tag tag;
        good = query_find_tag(run->query, run->tags[i], &tag, err);
        if (!good)
            break;
        good = run->has_every ? export_periods_of(run, &tag, i, err) : export_samples_of(run, &tag, i, err);
        query_tag_free(&tag);
    }
    return good;
}

bool export_run(struct export_run *run, struct err *err)
{
    bool good = run->wide ? export_all_wide(run, err) : export_all_long(run, err);
    return good && export_flush(run, err);
}
