#include "plant/alarm_state.h"

#include <string.h>

/* What any state but the withheld ones does alike. */
#define WITHHOLD                                                                                             \
    [ALARM_IS_SHELVED] = ALARM_SHELVED, [ALARM_IS_SUPPRESSED] = ALARM_SUPPRESSED,                            \
    [ALARM_IS_REMOVED] = ALARM_OUT_OF_SERVICE

/* Where a withheld one goes when nothing withholds it any longer. */
#define RELEASE                                                                                              \
    [ALARM_RELEASED_CLEAR] = ALARM_NORMAL, [ALARM_RELEASED_ACTIVE] = ALARM_UNACKNOWLEDGED,                   \
    [ALARM_RELEASED_NOTED] = ALARM_ACKNOWLEDGED

/* A cell that is not there means: nothing changes. */
static const enum alarm_state ALARM_TABLE[ALARM_STATES][ALARM_TRIGGERS] = {
    [ALARM_NORMAL] =
        {
            [ALARM_ACTIVATES] = ALARM_UNACKNOWLEDGED,
            [ALARM_IS_NOTED] = ALARM_ACKNOWLEDGED,
            WITHHOLD,
        },
    [ALARM_UNACKNOWLEDGED] =
        {
            [ALARM_CLEARS] = ALARM_RETURNED,
            [ALARM_CLEARS_LATCHING] = ALARM_LATCHED,
            [ALARM_IS_SUPERSEDED] = ALARM_NORMAL,
            [ALARM_IS_ACKNOWLEDGED] = ALARM_ACKNOWLEDGED,
            WITHHOLD,
        },
    [ALARM_ACKNOWLEDGED] =
        {
            [ALARM_CLEARS] = ALARM_NORMAL,
            [ALARM_CLEARS_LATCHING] = ALARM_LATCHED_ACKNOWLEDGED,
            [ALARM_IS_SUPERSEDED] = ALARM_NORMAL,
            [ALARM_RISES_AGAIN] = ALARM_UNACKNOWLEDGED,
            WITHHOLD,
        },
    [ALARM_RETURNED] =
        {
            [ALARM_ACTIVATES] = ALARM_UNACKNOWLEDGED,
            [ALARM_IS_NOTED] = ALARM_UNACKNOWLEDGED,
            [ALARM_IS_ACKNOWLEDGED] = ALARM_NORMAL,
            WITHHOLD,
        },
    [ALARM_LATCHED] =
        {
            [ALARM_ACTIVATES] = ALARM_UNACKNOWLEDGED,
            [ALARM_IS_NOTED] = ALARM_UNACKNOWLEDGED,
            [ALARM_IS_ACKNOWLEDGED] = ALARM_LATCHED_ACKNOWLEDGED,
            WITHHOLD,
        },
    [ALARM_LATCHED_ACKNOWLEDGED] =
        {
            [ALARM_ACTIVATES] = ALARM_UNACKNOWLEDGED,
            [ALARM_IS_NOTED] = ALARM_ACKNOWLEDGED,
            [ALARM_IS_RESET] = ALARM_NORMAL,
            WITHHOLD,
        },
    [ALARM_SHELVED] = {WITHHOLD, RELEASE},
    [ALARM_SUPPRESSED] = {WITHHOLD, RELEASE},
    [ALARM_OUT_OF_SERVICE] = {WITHHOLD, RELEASE},
};

static const char *const ALARM_STATE_WORDS[ALARM_STATES] = {
    [ALARM_SAME] = "",
    [ALARM_NORMAL] = "normal",
    [ALARM_UNACKNOWLEDGED] = "unacknowledged",
    [ALARM_ACKNOWLEDGED] = "acknowledged",
    [ALARM_RETURNED] = "returned",
    [ALARM_LATCHED] = "latched",
    [ALARM_LATCHED_ACKNOWLEDGED] = "latched acknowledged",
    [ALARM_SHELVED] = "shelved",
    [ALARM_SUPPRESSED] = "suppressed",
    [ALARM_OUT_OF_SERVICE] = "out of service",
};

static const char *const ALARM_TRIGGER_TEXTS[ALARM_TRIGGERS] = {
    [ALARM_ACTIVATES] = "the condition has stood for the on-delay",
    [ALARM_IS_NOTED] = "the same, but nobody has to acknowledge it",
    [ALARM_CLEARS] = "the condition is gone for the off-delay",
    [ALARM_CLEARS_LATCHING] = "the same of a latching alarm",
    [ALARM_IS_SUPERSEDED] = "a more severe limit takes its place",
    [ALARM_IS_ACKNOWLEDGED] = "an operator acknowledges it",
    [ALARM_IS_RESET] = "an operator resets it",
    [ALARM_RISES_AGAIN] = "its priority rises, or the re-alarm time is over",
    [ALARM_IS_SHELVED] = "an operator shelves it",
    [ALARM_IS_SUPPRESSED] = "its design suppresses it",
    [ALARM_IS_REMOVED] = "it is taken out of service",
    [ALARM_RELEASED_CLEAR] = "it is released with the condition gone",
    [ALARM_RELEASED_ACTIVE] = "it is released with the condition standing",
    [ALARM_RELEASED_NOTED] = "the same, but nobody has to acknowledge it",
};

enum alarm_state alarm_state_after(enum alarm_state state, enum alarm_trigger trigger)
{
    return ALARM_TABLE[state][trigger];
}

const char *alarm_state_word(enum alarm_state state)
{
    return (unsigned)state < ALARM_STATES ? ALARM_STATE_WORDS[state] : "";
}

enum alarm_state alarm_state_of_word(const char *word)
{
    for (int state = ALARM_NORMAL; state < ALARM_STATES; state++)
        if (!strcmp(word, ALARM_STATE_WORDS[state]))
            return (enum alarm_state)state;
    return ALARM_SAME;
}

const char *alarm_trigger_text(enum alarm_trigger trigger)
{
    return ALARM_TRIGGER_TEXTS[trigger];
}
