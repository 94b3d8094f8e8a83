/* Shorthand for the rows of the option table, for the files that hold them. */
#ifndef CONFIG_OPTIONS_ROWS_H
#define CONFIG_OPTIONS_ROWS_H

#include "config/options.h"

#define COUNT(rows)        (sizeof(rows) / sizeof *(rows))
#define AT(type, member)   .offset = offsetof(struct type, member)
#define MORE(type, member) .offset_more = offsetof(struct type, member)
#define MARK(type, member) .offset_given = offsetof(struct type, member)

#define TEXT_SHORT  255   /* bytes: names and other texts of one line */
#define TEXT_LONG   2000  /* guidance, payload templates */
#define TEXT_TOPIC  65535 /* MQTT 1.5.4 */
#define SECONDS_MAX (10 * 366 * 86400.0)

extern const struct option_group OPTIONS_TAGS, OPTIONS_ALARMS, OPTIONS_ALARM_GROUPS, OPTIONS_SETPOINT;

#endif
