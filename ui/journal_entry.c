#include "ui/journal_entry.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "base/when.h"
#include "ui/filter_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_TEXT_MAX 1024 /* bytes of a text, safe */

static char *entry_safe(const char *text)
{
    char safe[ENTRY_TEXT_MAX];
    utf8_make_safe(safe, sizeof safe, text ? text : "", text ? strlen(text) : 0);
    return mem_copy_text(safe);
}

/* What a command changed, before what else is said of it. */
static char *entry_detail(const struct query_journal_entry *from)
{
    char text[2 * ENTRY_TEXT_MAX];
    if (!from->new)
        return entry_safe(from->detail);
    snprintf(text, sizeof text, "%.200s -> %.200s%s%s%s%s", from->old ? from->old : "?", from->new,
             from->readback ? ", read back " : "", from->readback ? from->readback : "",
             from->detail ? "; " : "", from->detail ? from->detail : "");
    return entry_safe(text);
}

struct journal_entry journal_entry_of(const struct query_journal_entry *from)
{
    return (struct journal_entry){
        .place = from->place,
        .value = from->value,
        .limit = from->limit,
        .texts =
            {
                [JOURNAL_TEXT_KIND] = entry_safe(from->kind),
                [JOURNAL_TEXT_EVENT] = entry_safe(from->event),
                [JOURNAL_TEXT_TAG] = entry_safe(from->tag),
                [JOURNAL_TEXT_ALARM] = entry_safe(from->alarm),
                [JOURNAL_TEXT_PRIORITY] = entry_safe(from->priority),
                [JOURNAL_TEXT_OPERATOR] = entry_safe(from->operator),
                [JOURNAL_TEXT_STATION] = entry_safe(from->station),
                [JOURNAL_TEXT_DETAIL] = entry_detail(from),
            },
    };
}

struct journal_entry journal_entry_copy(const struct journal_entry *from)
{
    struct journal_entry copy = *from;
    for (int i = 0; i < JOURNAL_TEXTS; i++)
        copy.texts[i] = mem_copy_text(from->texts[i]);
    return copy;
}

void journal_entry_free(struct journal_entry *entry)
{
    for (int i = 0; i < JOURNAL_TEXTS; i++)
        free(entry->texts[i]);
}

const char *journal_entry_subject(const struct journal_entry *entry)
{
    return *entry->texts[JOURNAL_TEXT_ALARM] ? entry->texts[JOURNAL_TEXT_ALARM]
                                             : entry->texts[JOURNAL_TEXT_TAG];
}

/* ---- searching ---- */

static const char FROM[] = "from:", TO[] = "to:", TAG[] = "tag:", OPERATOR[] = "operator:";

static void search_time(struct journal_search *search, const char *word, size_t length, int64_t now_us,
                        int64_t *bound_us)
{
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)length, word);
    if (!when_parse(text, now_us, bound_us))
        search->fault = "unknown time";
}

void journal_search_parse(struct journal_search *search, const char *text, int64_t now_us)
{
    *search = (struct journal_search){.from_us = INT64_MIN, .to_us = INT64_MAX, .fault = ""};
    size_t used = 0;
    const char *word;
    for (size_t length, prefix; (length = filter_words_next(&text, &word));) {
        if ((prefix = filter_words_prefix(word, length, FROM)))
            search_time(search, word + prefix, length - prefix, now_us, &search->from_us);
        else if ((prefix = filter_words_prefix(word, length, TO)))
            search_time(search, word + prefix, length - prefix, now_us, &search->to_us);
        else if (used + length + 2 < sizeof search->words)
            used += (size_t)sprintf(search->words + used, "%s%.*s", used ? " " : "", (int)length, word);
    }
}

static bool search_in(const char *text, const char *word, size_t length)
{
    return text && filter_words_contains(text, word, length);
}

static bool search_matches_word(const struct query_journal_entry *entry, const char *word, size_t length)
{
    const struct {
        const char *name, *text;
    } FIELDS[] = {{TAG, entry->tag},
                  {OPERATOR, entry->operator}, {"kind:", entry->kind}, {"priority:", entry->priority}};
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        size_t prefix = filter_words_prefix(word, length, FIELDS[i].name);
        if (prefix)
            return search_in(FIELDS[i].text, word + prefix, length - prefix);
    }
    const char *const TEXTS[] = {
        entry->alarm, entry->tag, entry->event, entry->detail, entry->operator, entry->station, entry->kind};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        if (search_in(TEXTS[i], word, length))
            return true;
    return false;
}

bool journal_search_matches(const struct journal_search *search, const struct query_journal_entry *entry)
{
    if (entry->place.ts_us < search->from_us || entry->place.ts_us > search->to_us)
        return false;
    const char *words = search->words, *word;
    for (size_t length; (length = filter_words_next(&words, &word));)
        if (!search_matches_word(entry, word, length))
            return false;
    return true;
}

/* What stands behind the first word with that prefix; 0: there is none. */
static size_t search_find(const struct journal_search *search, const char *name, const char **value)
{
    const char *words = search->words, *word;
    for (size_t length; (length = filter_words_next(&words, &word));) {
        size_t prefix = filter_words_prefix(word, length, name);
        *value = word + prefix;
        if (prefix && length > prefix)
            return length - prefix;
    }
    return 0;
}

bool journal_search_is_of_people(const struct journal_search *search)
{
    const char *operator;
    return search_find(search, OPERATOR, &operator) > 0;
}

bool journal_search_tag(const struct journal_search *search, char *out, size_t size)
{
    const char *tag;
    size_t length = search_find(search, TAG, &tag);
    if (length)
        snprintf(out, size, "%.*s", (int)length, tag);
    return length > 0;
}
