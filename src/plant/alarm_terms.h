/* The terms of an alarm: all that the configuration says of it, as a text that outlives the configuration, so that what a
 * reload has changed can be told in words. */
#ifndef PLANT_ALARM_TERMS_H
#define PLANT_ALARM_TERMS_H

#include "base/buf.h"
#include "plant/tagdef.h"

/* Appends the terms to `out`: a line "option<tab>value" for each option that has a value. */
void alarm_terms_write(const struct alarm_def *def, struct buf *out);

/* Appends what differs between two such texts, as "limit 90 -> 80; priority medium -> high"; an option without a value is
 * "none". */
void alarm_terms_compare(const char *before, const char *after, struct buf *out);

#endif
