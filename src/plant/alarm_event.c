#include "plant/alarm_event.h"

const char *journal_kind_word(enum journal_kind kind)
{
    static const char *const WORDS[JOURNAL_KINDS] = {
        [JOURNAL_ALARM] = "alarm",
        [JOURNAL_OPERATOR] = "operator",
        [JOURNAL_REFUSAL] = "refusal",
        [JOURNAL_CONFIG] = "config",
    };
    return WORDS[kind];
}
