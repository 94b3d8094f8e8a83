/* The alarms that one console still has to be told, made into frames; the marks are those of feed.h, by alarm
 * id. */
#ifndef RECORDER_ALARM_FEED_H
#define RECORDER_ALARM_FEED_H

#include "recorder/alarm_board.h"
#include "recorder/feed.h"

/* Marks everything that is not normal: a snapshot is nothing else. */
void alarm_feed_mark_all(struct feed *feed, const struct alarm_board *board);

/* Appends a frame for at most `max_alarms` marked alarms and takes their marks away. */
void alarm_feed_encode(struct feed *feed, const struct alarms *alarms, const struct alarm_board *board,
                       size_t max_alarms, struct buf *out);

#endif
