/* The members of a JSON payload (by cJSON, which only this file knows). */
#ifndef PLANT_JSON_H
#define PLANT_JSON_H

#include "plant/decode.h"

/* True when the payload begins like a JSON object, array or string. */
bool json_looks_like(const uint8_t *payload, size_t length);

/* As decode_payload() for a JSON payload. */
bool json_decode(const uint8_t *payload, size_t length, bool local_times, decode_function *function,
                 void *context, size_t *left_out, char *reason);

#endif
