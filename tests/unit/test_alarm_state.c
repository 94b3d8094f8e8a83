/* Every cell of the alarm table, written down a second time and in another way: as the sentences of the standard. */
#include "unit.h"

#include "plant/alarm_state.h"

/* One letter a state: Normal, Unacknowledged, Acknowledged, Returned, Latched, latched acKnowledged, sHelved,
 * suPpressed, Out of service. */
static const char LETTERS[] = " NUARLKHPO";

static const struct sentence {
    enum alarm_trigger trigger;
    const char *from; /* each of these */
    char to;
} SENTENCES[] = {
    {ALARM_ACTIVATES, "NRLK", 'U'},
    {ALARM_IS_NOTED, "NK", 'A'},
    {ALARM_IS_NOTED, "RL", 'U'},
    {ALARM_CLEARS, "U", 'R'},
    {ALARM_CLEARS, "A", 'N'},
    {ALARM_CLEARS_LATCHING, "U", 'L'},
    {ALARM_CLEARS_LATCHING, "A", 'K'},
    {ALARM_IS_SUPERSEDED, "UA", 'N'},
    {ALARM_IS_ACKNOWLEDGED, "U", 'A'},
    {ALARM_IS_ACKNOWLEDGED, "R", 'N'},
    {ALARM_IS_ACKNOWLEDGED, "L", 'K'},
    {ALARM_IS_RESET, "K", 'N'},
    {ALARM_RISES_AGAIN, "A", 'U'},
    {ALARM_IS_SHELVED, "NUARLKHPO", 'H'},
    {ALARM_IS_SUPPRESSED, "NUARLKHPO", 'P'},
    {ALARM_IS_REMOVED, "NUARLKHPO", 'O'},
    {ALARM_RELEASED_CLEAR, "HPO", 'N'},
    {ALARM_RELEASED_ACTIVE, "HPO", 'U'},
    {ALARM_RELEASED_NOTED, "HPO", 'A'},
};

static char expected_after(char from, enum alarm_trigger trigger)
{
    for (size_t i = 0; i < COUNT(SENTENCES); i++)
        if (SENTENCES[i].trigger == trigger && strchr(SENTENCES[i].from, from))
            return SENTENCES[i].to;
    return ' ';
}

static void test_every_cell(void **state)
{
    (void)state;
    for (int from = ALARM_NORMAL; from < ALARM_STATES; from++)
        for (int trigger = 0; trigger < ALARM_TRIGGERS; trigger++) {
            char to = LETTERS[alarm_state_after((enum alarm_state)from, (enum alarm_trigger)trigger)];
            char wanted = expected_after(LETTERS[from], (enum alarm_trigger)trigger);
            if (to != wanted)
                fail_msg("%s, %s: goes to '%c', should go to '%c'", alarm_state_word((enum alarm_state)from),
                         alarm_trigger_text((enum alarm_trigger)trigger), to, wanted);
        }
}

/* Acknowledging never hides what stands, and what was never announced cannot be acknowledged. */
static void test_words(void **state)
{
    (void)state;
    for (int i = ALARM_NORMAL; i < ALARM_STATES; i++) {
        enum alarm_state each = (enum alarm_state)i;
        assert_int_equal(alarm_state_of_word(alarm_state_word(each)), each);
        bool can = alarm_state_after(each, ALARM_IS_ACKNOWLEDGED) != ALARM_SAME;
        assert_int_equal(can, alarm_state_waits(each));
        bool released = alarm_state_after(each, ALARM_RELEASED_CLEAR) != ALARM_SAME;
        assert_int_equal(released, alarm_state_is_withheld(each));
    }
    assert_int_equal(alarm_state_of_word("standing"), ALARM_SAME);
    for (int i = 0; i < ALARM_TRIGGERS; i++)
        assert_true(strlen(alarm_trigger_text((enum alarm_trigger)i)) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cell),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
