/* An entry of the journal as screens show it, and which entries a search wants. Pure. */
#ifndef UI_JOURNAL_ENTRY_H
#define UI_JOURNAL_ENTRY_H

#include "db/query_journal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum journal_text {
    JOURNAL_TEXT_KIND,
    JOURNAL_TEXT_EVENT,
    JOURNAL_TEXT_TAG,
    JOURNAL_TEXT_ALARM, /* its address */
    JOURNAL_TEXT_PRIORITY,
    JOURNAL_TEXT_OPERATOR,
    JOURNAL_TEXT_STATION,
    JOURNAL_TEXT_DETAIL,
    JOURNAL_TEXTS
};

struct journal_entry {
    struct query_journal_place place;
    double value, limit;        /* NaN: none */
    char *texts[JOURNAL_TEXTS]; /* safe for a terminal, never NULL; owned */
    uint32_t tag;               /* for whoever draws it: the mirror's tag of that name, 0: none ... */
    uint64_t tag_seen;          /* ... as mirror.tags_changes was then, plus 1; 0: not looked up */
};

/* A copy with safe texts. A command's values stand before its detail: "40 -> 42.5". Release with
 * journal_entry_free(). */
struct journal_entry journal_entry_of(const struct query_journal_entry *from);
struct journal_entry journal_entry_copy(const struct journal_entry *from);
void journal_entry_free(struct journal_entry *entry);

/* What it is about: the alarm, else the tag; "" when neither. */
const char *journal_entry_subject(const struct journal_entry *entry);

/* ---- searching ---- */

#define JOURNAL_WORDS_MAX 256 /* bytes */

/* Words as ui/filter_words.h has them: "from:TIME" and "to:TIME" (base/when.h, without blanks), "tag:", "operator:",
 * "kind:" and "priority:" look at one thing each; any other word is looked for in all of an entry's texts. */
struct journal_search {
    int64_t from_us, to_us; /* INT64_MIN, INT64_MAX: no bound */
    char words[JOURNAL_WORDS_MAX];
    const char *fault; /* what is wrong with it, for a person; "" when nothing is */
};

/* `now_us` is the wall clock. Times that cannot be read bound nothing, and are a fault. */
void journal_search_parse(struct journal_search *search, const char *text, int64_t now_us);

/* Whether an entry is one that the words ask for, within its times. */
bool journal_search_matches(const struct journal_search *search, const struct query_journal_entry *entry);

/* Whether only entries that name an operator can match. */
bool journal_search_is_of_people(const struct journal_search *search);

/* The tag that the words ask for: what stands behind the first "tag:"; false when there is none. */
bool journal_search_tag(const struct journal_search *search, char *out, size_t size);

#endif
