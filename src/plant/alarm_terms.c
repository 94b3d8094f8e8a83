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

/* In the order in which they are told: what decides when the alarm comes, and then what is said of it. The words stand in
 * the histories of users: whoever changes one makes the next start tell of all alarms that have it, and so does a new option
 * that has a value where hmi.cfg gives none. */
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
        terms_put_text(out, *(const bool *)at ? "yes" : NULL);
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

void alarm_terms_tell(const char *terms, struct buf *out)
{
    for (; *terms; terms++)
        if (*terms == '\t')
            buf_append(out, " ", 1);
        else if (*terms != '\n')
            buf_append(out, terms, 1);
        else if (terms[1])
            buf_append(out, "; ", 2);
}

/* The value of an option inside the terms, and how long it is; "none" or "no" when it has none. */
static const char *terms_find(const char *terms, const struct terms_option *option, int *length)
{
    const char *word = option->word, *none = option->kind == TERMS_FLAG ? "no" : "none";
    size_t word_length = strlen(word);
    for (const char *line = terms; *line;) {
        size_t line_length = strcspn(line, "\n");
        if (!strncmp(line, word, word_length) && line[word_length] == '\t') {
            *length = (int)(line_length - word_length - 1);
            return line + word_length + 1;
        }
        line += line_length + (line[line_length] != '\0');
    }
    *length = (int)strlen(none);
    return none;
}

static int terms_find_word(const char *terms, const char *option, const char *const *words, int otherwise)
{
    int length, found = otherwise;
    const char *value =
        terms_find(terms, &(struct terms_option){.word = option, .kind = TERMS_TEXT}, &length);
    for (int i = 0; words[i]; i++)
        if (strlen(words[i]) == (size_t)length && !memcmp(words[i], value, (size_t)length))
            found = i;
    return found;
}

void alarm_terms_read(const char *terms, struct alarm_def *def)
{
    def->type = (enum alarm_type)terms_find_word(terms, "type", ALARM_TYPE_WORDS, (int)def->type);
    def->priority =
        (enum alarm_priority)terms_find_word(terms, "priority", ALARM_PRIORITY_WORDS, (int)def->priority);
}

void alarm_terms_compare(const char *before, const char *after, struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < TERMS_OPTION_COUNT; i++) {
        int old_length, new_length;
        const struct terms_option *option = &TERMS_OPTIONS[i];
        const char *old = terms_find(before, option, &old_length),
                   *new = terms_find(after, option, &new_length);
        if (old_length == new_length && !memcmp(old, new, (size_t)old_length))
            continue;
        buf_printf(out, "%s%s %.*s -> %.*s", any ? "; " : "", option->word, old_length, old, new_length, new);
        any = true;
    }
}
