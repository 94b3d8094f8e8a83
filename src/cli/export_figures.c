#include "cli/export_figures.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIGURE(member) offsetof(struct query_aggregate, member)

/* In the order of help and messages. The names are those of the views' columns where these have them. */
static const struct export_figure EXPORT_FIGURES[] = {
    {"avg", QUERY_AVERAGE, FIGURE(average), FIGURE_NUMBER,
     "average by time: each Good value counts for as long as it held"},
    {"min", QUERY_EXTREMES, FIGURE(min), FIGURE_POINT,
     "lowest Good value, that which held at the begin included; of a sloped tag also where it stood at the bounds"},
    {"max", QUERY_EXTREMES, FIGURE(max), FIGURE_POINT, "highest, likewise"},
    {"min_time", QUERY_EXTREMES, FIGURE(min), FIGURE_TIME, "when the lowest value was reached first"},
    {"max_time", QUERY_EXTREMES, FIGURE(max), FIGURE_TIME, "when the highest value was reached first"},
    {"first", QUERY_ENDS, FIGURE(first), FIGURE_POINT, "first Good value that came"},
    {"last", QUERY_ENDS, FIGURE(last), FIGURE_POINT, "last Good value that came"},
    {"start", QUERY_ENDS, FIGURE(start), FIGURE_NUMBER,
     "value at the begin of the interval, from the samples before it"},
    {"end", QUERY_ENDS, FIGURE(end), FIGURE_NUMBER, "value just before its end"},
    {"n", 0, FIGURE(samples), FIGURE_COUNT, "samples that came, of any quality"},
    {"count", 0, FIGURE(count), FIGURE_COUNT, "samples that came and are Good"},
    {"good", 0, FIGURE(percent_good), FIGURE_PERCENT, "share of the interval with a Good value, from 0 to 1"},
    {"total", QUERY_AVERAGE, FIGURE(total), FIGURE_NUMBER,
     "average times the seconds with a Good value: of a flow in l/s litres, of kW divide by 3600 for kWh"},
    {"in:STATE", QUERY_STATES, 0, FIGURE_STATE,
     "seconds in that state, a name of the tag's states or a number, as in in:RUNNING; of a text tag, with that text"},
    {"transitions", QUERY_STATES, FIGURE(transitions), FIGURE_COUNT,
     "Good values that differ from the one before, such as starts and stops"},
    {"growth", QUERY_COUNTER, FIGURE(growth), FIGURE_NUMBER,
     "of a counter: all its steps up; after a step down, taken as a reset, it counts from zero"},
    {"resets", QUERY_COUNTER, FIGURE(resets), FIGURE_COUNT, "of a counter: its steps down, however small"},
};

#define EXPORT_FIGURE_COUNT (sizeof EXPORT_FIGURES / sizeof *EXPORT_FIGURES)

const char *export_figures_word(size_t index, const char **help)
{
    if (index >= EXPORT_FIGURE_COUNT)
        return NULL;
    *help = EXPORT_FIGURES[index].help;
    return EXPORT_FIGURES[index].name;
}

/* Of what stands there for every state. */
static size_t export_figure_length(const struct export_figure *figure)
{
    return figure->type == FIGURE_STATE ? strcspn(figure->name, ":") + 1 : strlen(figure->name);
}

static const struct export_figure *export_figure_find(const char *name, size_t length)
{
    for (size_t i = 0; i < EXPORT_FIGURE_COUNT; i++) {
        const struct export_figure *figure = &EXPORT_FIGURES[i];
        size_t known = export_figure_length(figure);
        bool fits = figure->type == FIGURE_STATE ? length > known : length == known;
        if (fits && !memcmp(figure->name, name, known))
            return figure;
    }
    return NULL;
}

/* A state's name may have blanks. */
bool export_figures_is_column(const char *name)
{
    for (const char *blank = strchr(name, ' '); blank; blank = strchr(blank + 1, ' '))
        if (blank > name && export_figure_find(blank + 1, strlen(blank + 1)))
            return true;
    return false;
}

static bool export_figures_refuse(const char *name, size_t length, struct err *err)
{
    struct buf names;
    buf_init(&names, 0);
    for (size_t i = 0; i < EXPORT_FIGURE_COUNT; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", EXPORT_FIGURES[i].name);
    err_set(err, EX_USAGE, "there is no aggregate '%.*s'; there are %s (at most %d at once)", (int)length,
            name, buf_text(&names), EXPORT_FIGURES_MAX);
    buf_free(&names);
    return false;
}

bool export_figures_parse(const char *text, struct export_wish *out, size_t *count, struct err *err)
{
    *count = 0;
    for (;; text++) {
        size_t length = strcspn(text, ",");
        const struct export_figure *figure = export_figure_find(text, length);
        if (!figure || *count == EXPORT_FIGURES_MAX)
            return export_figures_refuse(text, length, err);
        struct export_wish *wish = &out[(*count)++];
        *wish = (struct export_wish){.figure = figure, .name = mem_copy_bytes(text, length)};
        if (figure->type == FIGURE_STATE)
            wish->state = wish->name + export_figure_length(figure);
        text += length;
        if (!*text)
            return true;
    }
}

void export_figures_free(struct export_wish *wishes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(wishes[i].name);
}

/* ---- states ---- */

/* The number that the wish's state is of this tag. */
static bool export_state_number(const struct export_wish *wish, const struct query_tag *tag, double *number)
{
    for (size_t i = 0; i < tag->state_count; i++)
        if (!strcmp(tag->states[i].text, wish->state)) {
            *number = tag->states[i].value;
            return true;
        }
    return num_parse(wish->state, strlen(wish->state), number);
}

bool export_figure_suits(const struct export_wish *wish, const struct query_tag *tag)
{
    double number;
    return wish->figure->type != FIGURE_STATE || tag->kind == TAG_TEXT ||
           export_state_number(wish, tag, &number);
}

static double export_state_seconds(const struct export_wish *wish, const struct query_tag *tag,
                                   const struct query_aggregate *aggregate)
{
    double number = NAN;
    int64_t time_us = 0;
    if (tag->kind != TAG_TEXT) /* there "007" is no 7 */
        export_state_number(wish, tag, &number);
    if (!aggregate->good_us || !export_figure_suits(wish, tag))
        return NAN;
    for (size_t i = 0; i < aggregate->state_count; i++) {
        const struct query_state *state = &aggregate->states[i];
        if (state->is_other) /* too many to tell them apart */
            return time_us ? (double)time_us / CLOCK_US_PER_SECOND : NAN;
        if (state->is_text ? !strcmp(state->text, wish->state) : state->value == number)
            time_us += state->time_us;
    }
    return (double)time_us / CLOCK_US_PER_SECOND;
}

double export_figure_value(const struct export_wish *wish, const struct query_tag *tag,
                           const struct query_aggregate *aggregate)
{
    const void *at = (const char *)aggregate + wish->figure->offset;
    const struct query_point *point = at;
    switch (wish->figure->type) {
    case FIGURE_POINT:
        return point->value;
    case FIGURE_TIME:
        return isnan(point->value) ? NAN : (double)point->ts_us;
    case FIGURE_COUNT:
        return (double)*(const uint64_t *)at;
    case FIGURE_PERCENT:
        return *(const double *)at / 100;
    case FIGURE_STATE:
        return export_state_seconds(wish, tag, aggregate);
    default:
        return *(const double *)at;
    }
}
