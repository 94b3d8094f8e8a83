/* By whom and why an alarm is withheld, in words: for the screens and for hmi alarms. Pure. */
#ifndef UI_ALARM_WITHHELD_H
#define UI_ALARM_WITHHELD_H

#include "wire/wire.h"

#include <stddef.h>

/* The operator who shelved it, "design", or "hmi.cfg" that takes it out of service; "" when it is not withheld. */
void alarm_withheld_by(const struct wire_alarm *alarm, char *out, size_t size);

/* Why; of several reasons all: "calibration; while pump.run is STOPPED; out_of_service, line 12". */
void alarm_withheld_reason(const struct wire_alarm *alarm, char *out, size_t size);

#endif
