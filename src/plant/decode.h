/* From a payload to values: plain numbers, booleans and texts, and the members of a JSON payload. Pure. */
#ifndef PLANT_DECODE_H
#define PLANT_DECODE_H

#include "plant/tagdef.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECODE_PATH_MAX    256  /* bytes of a member path; longer ones are left out and counted */
#define DECODE_DEPTH_MAX   32   /* nesting of a JSON payload */
#define DECODE_MEMBERS_MAX 2000 /* values of one payload; further ones are left out and counted */
#define DECODE_REASON_MAX  96

enum decode_kind {
    DECODE_NUMBER,
    DECODE_BOOLEAN,
    DECODE_TEXT,
    DECODE_NULL,      /* the source says: no value */
    DECODE_NOT_FINITE /* NaN or infinite */
};

/* One value of a payload. Pointers are valid during the callback only. */
struct decode_item {
    const char *path; /* "" for the payload itself, else such as "motor.temp[0]" */
    enum decode_kind kind;
    double number;    /* DECODE_NUMBER; DECODE_BOOLEAN: 0 or 1 */
    const char *text; /* as it was sent; NULL for a JSON number */
    size_t text_length;
    const char *const *spelling; /* DECODE_BOOLEAN: the words for 0 and 1, such as {"off", "on"} */
    bool is_time;                /* the member that holds the time stamp */
    int64_t source_us;           /* the time stamp of the object it stands in; 0: none */
};

typedef void decode_function(void *context, const struct decode_item *item);

/* Decodes a payload and calls back for each value. Returns false, with a phrase in `reason`
 * (DECODE_REASON_MAX bytes) and no call, when it cannot be decoded. *left_out counts values beyond the limits
 * above. An empty payload is one DECODE_NULL. */
bool decode_payload(struct payload_rule rule, const uint8_t *payload, size_t length,
                    decode_function *function, void *context, size_t *left_out, char *reason);

/* Fills in kind, number, text and spelling of an item from one scalar written as text. */
void decode_scalar(const char *text, size_t length, struct decode_item *item);

/* A time stamp by its size: seconds, ms or µs since 1970 UTC;
 * false when the number is none of them (before 1973). */
bool decode_time_number(double number, int64_t *ts_us);

/* The beginning of a payload as printable text: other bytes as \n, \t, \xNN. */
void decode_escape(char *out, size_t size, const uint8_t *payload, size_t length);

#endif
