/* How far a value can be trusted: OPC UA status codes (Part 4 and Part 8), of which hmi uses these. The top
 * two bits say Good (00), Uncertain (01) or Bad (10). */
#ifndef PLANT_QUALITY_H
#define PLANT_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUALITY_GOOD                  UINT32_C(0x00000000)
#define QUALITY_UNCERTAIN             UINT32_C(0x40000000) /* its time is in doubt: backlog, bad source time */
#define QUALITY_UNCERTAIN_NO_COMM     UINT32_C(0x408F0000) /* link to the broker down: last usable value */
#define QUALITY_UNCERTAIN_LAST_USABLE UINT32_C(0x40900000) /* stale: nothing new for over stale_after */
#define QUALITY_UNCERTAIN_INITIAL     UINT32_C(0x40920000) /* from history, not heard since the start */
#define QUALITY_BAD                   UINT32_C(0x80000000)
#define QUALITY_BAD_DECODING          UINT32_C(0x80070000) /* the payload could not be decoded */
#define QUALITY_BAD_OUT_OF_RANGE      UINT32_C(0x803C0000) /* NaN or infinite: not a number to show */
#define QUALITY_BAD_OUT_OF_SERVICE    UINT32_C(0x808D0000)
#define QUALITY_BAD_NO_DATA           UINT32_C(0x809B0000) /* the source says it has no value (JSON null) */

/* The severity, which the two highest bits hold: of any quality exactly one of these is true. */
static inline bool quality_is_good(uint32_t quality)
{
    return quality >> 30 == 0;
}
static inline bool quality_is_uncertain(uint32_t quality)
{
    return quality >> 30 == 1;
}
static inline bool quality_is_bad(uint32_t quality)
{
    return quality >> 30 >= 2;
}

/* One word of at most 6 columns for tables: "good", "stale", "nocomm", "init", "uncert", "decode", "range",
 * "nodata", "oos", "bad". */
const char *quality_word(uint32_t quality);

/* The words that quality_word() can give, one after the other; NULL behind the last. */
const char *quality_word_at(size_t index);

/* A sentence for people, such as "uncertain: link to the broker down, last usable value". */
const char *quality_text(uint32_t quality);

#endif
