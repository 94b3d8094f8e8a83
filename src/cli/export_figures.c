#include "cli/export_figures.h"

#include "base/buf.h"

#include <string.h>

#define FIGURE(member) offsetof(struct query_aggregate, member)

/* In the order of help and messages. The names are those of the views' columns where these have them. */
static const struct export_figure EXPORT_FIGURES[] = {
    {"avg", QUERY_AVERAGE, FIGURE(average), FIGURE_NUMBER},
    {"min", QUERY_EXTREMES, FIGURE(min), FIGURE_POINT},
    {"max", QUERY_EXTREMES, FIGURE(max), FIGURE_POINT},
    {"first", QUERY_ENDS, FIGURE(first), FIGURE_POINT},
    {"last", QUERY_ENDS, FIGURE(last), FIGURE_POINT},
    {"start", QUERY_ENDS, FIGURE(start), FIGURE_NUMBER},
    {"end", QUERY_ENDS, FIGURE(end), FIGURE_NUMBER},
    {"n", 0, FIGURE(samples), FIGURE_COUNT},
    {"count", 0, FIGURE(count), FIGURE_COUNT},
    {"good", 0, FIGURE(percent_good), FIGURE_PERCENT},
    {"total", QUERY_AVERAGE, FIGURE(total), FIGURE_NUMBER},
    {"transitions", QUERY_STATES, FIGURE(transitions), FIGURE_COUNT},
    {"growth", QUERY_COUNTER, FIGURE(growth), FIGURE_NUMBER},
    {"resets", QUERY_COUNTER, FIGURE(resets), FIGURE_COUNT},
};

#define EXPORT_FIGURE_COUNT (sizeof EXPORT_FIGURES / sizeof *EXPORT_FIGURES)

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
