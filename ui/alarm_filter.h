/* Which alarms an operator wants to see: words that must all match. "area:WORD", "priority:WORD" (or 1 to 4) and
 * "state:WORD" look at one thing; any other word is looked for in the address, the message, the area and the group. Pure. */
#ifndef UI_ALARM_FILTER_H
#define UI_ALARM_FILTER_H

#include "ui/mirror.h"

#include <stdbool.h>

/* Whether all words of the filter match the alarm; "" matches all, a priority or state that there is not matches none.
 * Words are separated by blanks; upper and lower case are the same. */
bool alarm_filter_matches(const struct wire_alarm *alarm, const char *filter);

/* What is wrong with the filter, for a person: it asks for a priority or a state that there is not; "" when nothing
 * is. */
const char *alarm_filter_fault(const char *filter);

#endif
