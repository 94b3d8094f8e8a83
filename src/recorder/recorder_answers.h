/* Devices' answers to commands in the recorder's loop (MQTT 5): noted, shown and journaled beside the command, and never
 * more than words: what became of a command is told by the broker and by its readback alone. */
#ifndef RECORDER_RECORDER_ANSWERS_H
#define RECORDER_RECORDER_ANSWERS_H

#include "recorder/recorder_internal.h"

/* Takes a message that came on the response topic; false: it came on another one. What carries no correlation data of
 * a command that is still remembered, is retained, says the same again, or comes when the device has said enough, is
 * counted and dropped. */
bool recorder_answers_take(struct recorder *recorder, const struct mqtt_message *message);

#endif
