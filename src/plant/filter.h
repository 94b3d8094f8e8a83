/* MQTT topic filters (MQTT 5.0, section 4.7). */
#ifndef PLANT_FILTER_H
#define PLANT_FILTER_H

#include <stdbool.h>

/* NULL when the filter may be subscribed to, else what is wrong with it:
 * a phrase such as "'#' must be the last level". */
const char *filter_fault(const char *filter);

/* The same for a topic to publish to: no wildcards. */
const char *filter_topic_fault(const char *topic);

/* Whether a valid filter matches the topic. Topics that begin with '$' do not match a leading wildcard. */
bool filter_matches(const char *filter, const char *topic);

#endif
