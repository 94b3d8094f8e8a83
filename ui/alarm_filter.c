#include "ui/alarm_filter.h"

#include "plant/alarm_state.h"
#include "ui/filter_words.h"

#include <string.h>

static const char AREA[] = "area:", PRIORITY[] = "priority:", STATE[] = "state:";

/* "high", "h", or the number that the screens show. */
static bool filter_is_priority(enum alarm_priority priority, const char *word, size_t length)
{
    static const char NUMBERS[] = {
        [PRIORITY_JOURNAL] = '-', [PRIORITY_LOW] = '4',      [PRIORITY_MEDIUM] = '3',
        [PRIORITY_HIGH] = '2',    [PRIORITY_CRITICAL] = '1',
    };
    return filter_words_begins(ALARM_PRIORITY_WORDS[priority], word, length) ||
           (length == 1 && *word == NUMBERS[priority]);
}

static bool filter_is_state(enum alarm_state state, const char *word, size_t length)
{
    return filter_words_begins(alarm_state_word(state), word, length);
}

static bool filter_matches_word(const struct wire_alarm *alarm, const char *word, size_t length)
{
    size_t prefix;
    if ((prefix = filter_words_prefix(word, length, AREA)))
        return filter_words_contains(alarm->area, word + prefix, length - prefix);
    if ((prefix = filter_words_prefix(word, length, PRIORITY)))
        return filter_is_priority((enum alarm_priority)alarm->priority, word + prefix, length - prefix);
    if ((prefix = filter_words_prefix(word, length, STATE)))
        return filter_is_state((enum alarm_state)alarm->state, word + prefix, length - prefix);
    return filter_words_contains(alarm->address, word, length) ||
           filter_words_contains(alarm->message, word, length) ||
           filter_words_contains(alarm->area, word, length) ||
           filter_words_contains(alarm->group, word, length);
}

bool alarm_filter_matches(const struct wire_alarm *alarm, const char *filter)
{
    const char *word;
    for (size_t length; (length = filter_words_next(&filter, &word));)
        if (!filter_matches_word(alarm, word, length))
            return false;
    return true;
}

const char *alarm_filter_fault(const char *filter)
{
    const char *word;
    for (size_t length, prefix; (length = filter_words_next(&filter, &word));) {
        bool known = true;
        if ((prefix = filter_words_prefix(word, length, PRIORITY))) {
            known = false;
            for (int i = PRIORITY_JOURNAL; i <= PRIORITY_CRITICAL; i++)
                known |= filter_is_priority((enum alarm_priority)i, word + prefix, length - prefix);
            if (!known)
                return "unknown priority";
        } else if ((prefix = filter_words_prefix(word, length, STATE))) {
            known = false;
            for (int i = ALARM_UNACKNOWLEDGED; i < ALARM_STATES; i++)
                known |= filter_is_state((enum alarm_state)i, word + prefix, length - prefix);
            if (!known)
                return "unknown state";
        }
    }
    return "";
}
