#include "plant/quality.h"

#include <stddef.h>

struct quality_row {
    uint32_t code;
    const char *word;
    const char *text;
};

static const struct quality_row QUALITIES[] = {
    {QUALITY_GOOD, "good", "good"},
    {QUALITY_UNCERTAIN, "uncert", "uncertain: the time of this value is not known well"},
    {QUALITY_UNCERTAIN_NO_COMM, "nocomm", "uncertain: link to the broker down, last usable value"},
    {QUALITY_UNCERTAIN_LAST_USABLE, "stale", "uncertain: stale, last usable value"},
    {QUALITY_UNCERTAIN_INITIAL, "init", "uncertain: from history, not heard since the start"},
    {QUALITY_BAD, "bad", "bad"},
    {QUALITY_BAD_DECODING, "decode", "bad: the payload could not be decoded"},
    {QUALITY_BAD_OUT_OF_RANGE, "range", "bad: not a number, or infinite"},
    {QUALITY_BAD_OUT_OF_SERVICE, "oos", "bad: out of service"},
    {QUALITY_BAD_NO_DATA, "nodata", "bad: the source says it has no value"},
};

/* The exact code's row, else the row of its top two bits. */
static const struct quality_row *quality_find(uint32_t code)
{
    for (size_t i = 0; i < sizeof QUALITIES / sizeof *QUALITIES; i++)
        if (QUALITIES[i].code == code)
            return &QUALITIES[i];
    return quality_find(quality_is_good(code)        ? QUALITY_GOOD
                        : quality_is_uncertain(code) ? QUALITY_UNCERTAIN
                                                     : QUALITY_BAD);
}

const char *quality_word(uint32_t quality)
{
    return quality_find(quality)->word;
}

const char *quality_word_at(size_t index)
{
    return index < sizeof QUALITIES / sizeof *QUALITIES ? QUALITIES[index].word : NULL;
}

const char *quality_text(uint32_t quality)
{
    return quality_find(quality)->text;
}
