#include "plant/alarm_terms.h"

#include "base/num.h"
#include "plant/alarm_state.h"

#include <stddef.h>
#include <string.h>

enum terms_kind {
    TERMS_TYPE,
    TERMS_PRIORITY,
    TERMS_LIMIT, /* a number, or the tag that has it */
    TERMS_NUMBER,
    TERMS_SPAN, /* µs; 0: no value */
    TERMS_COUNT,
    TERMS_FLAG,
    TERMS_TEXT,
    TERMS_SUPPRESSION
};

/* In the order in which they are told: what decides when the alarm comes, and then what is said of it. */
static const struct terms_option {
    const char *word;
    enum terms_kind kind;
    size_t offset;
} TERMS_OPTIONS[] = {
    {"type", TERMS_TYPE, offsetof(struct alarm_def, type)},
    {"limit", TERMS_LIMIT, 0},
    {"reference", TERMS_TEXT, offsetof(struct alarm_def, reference)},
    {"deadband", TERMS_NUMBER, offsetof(struct alarm_def, deadband)},
    {"on_delay", TERMS_SPAN, offsetof(struct alarm_def, on_delay_us)},
    {"off_delay", TERMS_SPAN, offsetof(struct alarm_def, off_delay_us)},
    {"count", TERMS_COUNT, offsetof(struct alarm_def, count)},
    {"priority", TERMS_PRIORITY, offsetof(struct alarm_def, priority)},
    {"latching", TERMS_FLAG, offsetof(struct alarm_def, latching)},
    {"exclusive", TERMS_FLAG, offsetof(struct alarm_def, exclusive)},
    {"out_of_service", TERMS_FLAG, offsetof(struct alarm_def, out_of_service)},
    {"suppressed by", TERMS_SUPPRESSION, offsetof(struct alarm_def, suppress[0])},
    {"suppressed by its group's", TERMS_SUPPRESSION, offsetof(struct alarm_def, suppress[1])},
    {"realarm", TERMS_SPAN, offsetof(struct alarm_def, realarm_us)},
    {"escalate", TERMS_SPAN, offsetof(struct alarm_def, escalate_us)},
    {"group", TERMS_TEXT, offsetof(struct alarm_def, group)},
    {"message", TERMS_TEXT, offsetof(struct alarm_def, message)},
    {"guidance", TERMS_TEXT, offsetof(struct alarm_def, guidance)},
    {"display", TERMS_TEXT, offsetof(struct alarm_def, display)},
};

#define TERMS_OPTION_COUNT (sizeof TERMS_OPTIONS / sizeof *TERMS_OPTIONS)

/* A text keeps to its line. */
static void terms_put_text(struct buf *out, const char *text)
{
    for (; text && *text; text++)
        buf_append(out, *text == '\n' || *text == '\t' ? " " : text, 1);
}

static void terms_put_number(struct buf *out, double number, const char *unit)
{
    char text[NUM_TEXT_MAX];
    num_format_exact(text, sizeof text, number);
    buf_printf(out, "%s%s", text, unit);
}

static void terms_put_limit(struct buf *out, const struct alarm_def *def)
{
    if (def->limit_tag)
        terms_put_text(out, def->limit_tag);
    else if (def->has_limit)
        terms_put_number(out, def->limit, "");
}

static void terms_put_suppression(struct buf *out, const struct alarm_suppression *suppression)
{
    if (!suppression->tag)
        return;
    terms_put_text(out, suppression->tag);
    buf_printf(out, " = ");
    terms_put_number(out, suppression->value, "");
}

/* Nothing for an option without a value. */
static void terms_put_value(struct buf *out, const struct alarm_def *def, const struct terms_option *option)
{
    const void *at = (const char *)def + option->offset;
    switch (option->kind) {
    case TERMS_TYPE:
        terms_put_text(out, alarm_type_word(*(const enum alarm_type *)at));
        break;
    case TERMS_PRIORITY:
        terms_put_text(out, ALARM_PRIORITY_WORDS[*(const enum alarm_priority *)at]);
        break;
    case TERMS_LIMIT:
        terms_put_limit(out, def);
        break;
    case TERMS_NUMBER:
        terms_put_number(out, *(const double *)at, "");
        break;
    case TERMS_SPAN:
        if (*(const int64_t *)at)
            terms_put_number(out, (double)*(const int64_t *)at / 1e6, " s");
        break;
    case TERMS_COUNT:
        if (*(const int *)at)
            terms_put_number(out, *(const int *)at, "");
        break;
    case TERMS_FLAG:
        terms_put_text(out, *(const bool *)at ? "yes" : "no");
        break;
    case TERMS_TEXT:
        terms_put_text(out, *(const char *const *)at);
        break;
    case TERMS_SUPPRESSION:
        terms_put_suppression(out, at);
        break;
    }
}

void alarm_terms_write(const struct alarm_def *def, struct buf *out)
{
    for (size_t i = 0; i < TERMS_OPTION_COUNT; i++) {
        struct buf value;
        buf_init(&value, 0);
        terms_put_value(&value, def, &TERMS_OPTIONS[i]);
        if (value.length)
            buf_printf(out, "%s\t%s\n", TERMS_OPTIONS[i].word, buf_text(&value));
        buf_free(&value);
    }
}

/* The value of an option inside the terms, and how long it is; "none" when it has none. */
static const char *terms_find(const char *terms, const char *word, int *length)
{
    size_t word_length = strlen(word);
    for (const char *line = terms; *line;) {
        size_t line_length = strcspn(line, "\n");
        if (!strncmp(line, word, word_length) && line[word_length] == '\t') {
            *length = (int)(line_length - word_length - 1);
            return line + word_length + 1;
        }
        line += line_length + (line[line_length] != '\0');
    }
    *length = (int)strlen("none");
    return "none";
}

void alarm_terms_compare(const char *before, const char *after, struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < TERMS_OPTION_COUNT; i++) {
        int old_length, new_length;
        const char *word = TERMS_OPTIONS[i].word;
        const char *old = terms_find(before, word, &old_length), *new = terms_find(after, word, &new_length);
        if (old_length == new_length && !memcmp(old, new, (size_t)old_length))
            continue;
        buf_printf(out, "%s%s %.*s -> %.*s", any ? "; " : "", word, old_length, old, new_length, new);
        any = true;
    }
}
