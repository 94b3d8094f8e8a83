#include "cli/export_figures.h"

#include "base/buf.h"

#include <string.h>

#define FIGURE(member) offsetof(struct query_aggregate, member)

/* In the order of help and messages. The names are those of the views' columns where these have them. */
static const struct export_figure EXPORT_FIGURES[] = {
    {"avg", QUERY_AVERAGE, FIGURE(average), FIGURE_NUMBER,
     "average by time: each Good value counts for as long as it held"},
    {"min", QUERY_EXTREMES, FIGURE(min), FIGURE_POINT,
     "lowest Good value, that which held at the begin included; of a sloped tag also where it stood at the bounds"},
    {"max", QUERY_EXTREMES, FIGURE(max), FIGURE_POINT, "highest, likewise"},
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

static const struct export_figure *export_figure_find(const char *name, size_t length)
{
    for (size_t i = 0; i < EXPORT_FIGURE_COUNT; i++)
        if (strlen(EXPORT_FIGURES[i].name) == length && !memcmp(EXPORT_FIGURES[i].name, name, length))
            return &EXPORT_FIGURES[i];
    return NULL;
}

bool export_figures_is_column(const char *name)
{
    const char *blank = strrchr(name, ' ');
    return blank && blank > name && export_figure_find(blank + 1, strlen(blank + 1));
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

bool export_figures_parse(const char *text, const struct export_figure **out, size_t *count, struct err *err)
{
    *count = 0;
    for (;; text++) {
        size_t length = strcspn(text, ",");
        const struct export_figure *figure = export_figure_find(text, length);
        if (!figure || *count == EXPORT_FIGURES_MAX)
            return export_figures_refuse(text, length, err);
        out[(*count)++] = figure;
        text += length;
        if (!*text)
            return true;
    }
}

double export_figure_value(const struct export_figure *figure, const struct query_aggregate *aggregate)
{
    const void *at = (const char *)aggregate + figure->offset;
    switch (figure->type) {
    case FIGURE_POINT:
        return ((const struct query_point *)at)->value;
    case FIGURE_COUNT:
        return (double)*(const uint64_t *)at;
    case FIGURE_PERCENT: /* a share from 0 to 1, as in the views */
        return *(const double *)at / 100;
    default:
        return *(const double *)at;
    }
}
