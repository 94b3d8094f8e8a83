/* The rows of the journal: the newest first, fetched a page at a time as the operator goes on, newer ones added as they
 * are committed. Pure: says what is to be asked of the history reader, and takes what it answers; time is an argument.
 *
 * What must stay true: the cursor stays on its entry while newer ones come above it, unless it is on the first row, which
 * is always the newest. Memory is bounded whatever the journal's length (JOURNAL_LIST_MAX): who wants to see more says
 * until when ("to:"). */
#ifndef UI_JOURNAL_LIST_H
#define UI_JOURNAL_LIST_H

#include "ui/history_reader.h"
#include "ui/journal_entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_LIST_MAX     5000
#define JOURNAL_LIST_NEW_US  INT64_C(1000000)  /* how often newer ones are asked for */
#define JOURNAL_LIST_WAIT_US INT64_C(20000000) /* then an answer is not waited for any longer */

struct journal_list {
    char filter[JOURNAL_WORDS_MAX];
    struct journal_search search;

    struct journal_entry *entries; /* owned; newest first */
    size_t count, capacity;
    size_t cursor, top;

    bool more;                          /* there may be older ones that match */
    struct query_journal_place reached; /* what is older has not been looked at */
    int64_t newest_id;                  /* of what has been looked at; 0: nothing has */
    bool anew; /* the next page is the first one, in the place of all that is there */
    uint64_t ticket;
    bool waiting;     /* for an answer */
    int64_t asked_us; /* the last question, monotonic */
    int64_t new_us;   /* the last one for newer ones */
    char error[256];  /* safe; why the history could not be read; "" */
};

/* Release with journal_list_free(). */
void journal_list_init(struct journal_list *list);
void journal_list_free(struct journal_list *list);

/* Another search; begins anew. `wall_us` is what times such as "-8h" are counted from. */
void journal_list_set_filter(struct journal_list *list, const char *filter, int64_t wall_us);

/* What is to be asked now for a screen of `rows` rows; false: nothing. request->journal.tag stays "": whoever knows that
 * there is a tag of the name that is searched for fills it in, for then an index helps. */
bool journal_list_request(struct journal_list *list, size_t rows, int64_t mono_us,
                          struct history_request *request);

/* Takes an answer; false when it is not this list's. */
bool journal_list_take(struct journal_list *list, const struct history_result *result);

/* The entry under the cursor; NULL when there is none. */
const struct journal_entry *journal_list_current(const struct journal_list *list);

/* Moves the cursor by `step` entries, and no further than to the first or last one that is known. */
void journal_list_move(struct journal_list *list, long step);

/* Makes the cursor visible on a screen of `rows` rows: sets `top`. */
void journal_list_scroll(struct journal_list *list, size_t rows);

#endif
