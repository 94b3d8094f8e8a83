#include "ui/alarm_withheld.h"

#include "plant/alarm_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Of one out of service the detail tells who and why: "alice: the transmitter is away". */
static const char *withheld_service_reason(const struct wire_alarm *alarm)
{
    const char *colon = strstr(alarm->detail, ": ");
    return colon ? colon + strlen(": ") : alarm->detail;
}

void alarm_withheld_by(const struct wire_alarm *alarm, char *out, size_t size)
{
    const char *who = alarm->withheld & ALARM_BY_DESIGN    ? "design"
                      : alarm->withheld & ALARM_BY_SERVICE ? "hmi.cfg"
                                                           : "";
    if (alarm->shelf_until_us)
        who = alarm->shelved_by;
    else if (alarm->withheld & ALARM_BY_OPERATOR)
        who = alarm->detail;
    bool named = who == alarm->detail;
    snprintf(out, size, "%.*s", named ? (int)strcspn(who, ":") : (int)strlen(who), who);
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
        withheld_add(out, size, "", withheld_service_reason(alarm));
    if (alarm->withheld & ALARM_BY_DESIGN)
        withheld_add(out, size, "while ", alarm->suppressed_by);
    if (alarm->withheld & ALARM_BY_SERVICE)
        withheld_add(out, size, "out_of_service, line ", line);
}
