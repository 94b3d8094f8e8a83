/* The codes by which the broker and libmosquitto tell why there is no connection, in words and as causes with cures. */
#ifndef RECORDER_MQTT_REASONS_H
#define RECORDER_MQTT_REASONS_H

#include "recorder/cause.h"

struct mqtt_reason {
    int code;
    enum cause cause;
    const char *text;
};

/* Of a CONNACK that says no (MQTT 3.1.1 and 5), and of the end of a connection (a reason code of MQTT 5, or
 * libmosquitto's own). Texts are static; a code that is in no table gets the library's text. */
struct mqtt_reason mqtt_reasons_of_refusal(int code);
struct mqtt_reason mqtt_reasons_of_end(int code);

#endif
