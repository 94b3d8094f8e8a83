/* The terms of an alarm: all that the configuration says of it, as a text that outlives the configuration and is kept in the
 * history, so that what has changed can be told in words: by a reload, or while the recorder was stopped. */
#ifndef PLANT_ALARM_TERMS_H
#define PLANT_ALARM_TERMS_H

#include "base/buf.h"
#include "plant/tagdef.h"

/* Appends the terms to `out`: a line "option<tab>value" for each option that has a value; "no" is none. */
void alarm_terms_write(const struct alarm_def *def, struct buf *out);

/* Appends such a text as "type hi; limit 90; priority medium". */
void alarm_terms_tell(const char *terms, struct buf *out);

/* Type and priority out of such a text; what it does not tell stays as it is. */
void alarm_terms_read(const char *terms, struct alarm_def *def);

/* Appends what differs between two such texts, as "limit 90 -> 80; priority medium -> high"; an option without a value is
 * "none", or "no". Nothing when they mean the same: also where an older version has written one of them in another way. */
void alarm_terms_compare(const char *before, const char *after, struct buf *out);

#endif
