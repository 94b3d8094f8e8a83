#include "ui/alarm_withheld.h"

#include "plant/alarm_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *alarm_withheld_by(const struct wire_alarm *alarm)
{
    if (alarm->shelf_until_us)
        return alarm->shelved_by;
    if (alarm->withheld & ALARM_BY_OPERATOR)
        return "operator";
    if (alarm->withheld & ALARM_BY_DESIGN)
        return "design";
    return alarm->withheld & ALARM_BY_SERVICE ? "hmi.cfg" : "";
}

static void withheld_add(char *out, size_t size, const char *head, const char *text)
{
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s%s", used ? "; " : "", head, text);
}

void alarm_withheld_reason(const struct wire_alarm *alarm, char *out, size_t size)
{
    char line[16];
    out[0] = '\0';
    snprintf(line, sizeof line, "%" PRIu32, alarm->line);
    if (alarm->shelf_until_us)
        withheld_add(out, size, "", alarm->shelf_reason);
    if (alarm->withheld & ALARM_BY_OPERATOR)
        withheld_add(out, size, "out of service, ", alarm->detail);
    if (alarm->withheld & ALARM_BY_DESIGN)
        withheld_add(out, size, "while ", alarm->suppressed_by);
    if (alarm->withheld & ALARM_BY_SERVICE)
        withheld_add(out, size, "out_of_service, line ", line);
}
