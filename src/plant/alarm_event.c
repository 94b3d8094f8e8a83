#include "plant/alarm_event.h"

const char *journal_kind_word(enum journal_kind kind)
{
    static const char *const WORDS[JOURNAL_KINDS] = {
        [JOURNAL_ALARM] = "alarm",     [JOURNAL_OPERATOR] = "operator", [JOURNAL_REFUSAL] = "refusal",
        [JOURNAL_CONFIG] = "config",   [JOURNAL_COMMAND] = "command",   [JOURNAL_OUTCOME] = "outcome",
        [JOURNAL_RELEASE] = "release", [JOURNAL_FOREIGN] = "foreign",   [JOURNAL_SESSION] = "session",
    };
    return WORDS[kind];
}
