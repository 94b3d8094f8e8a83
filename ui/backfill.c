#include "ui/backfill.h"

#include "base/utf8.h"

#include <string.h>

#define BACKFILL_PAUSE_US                                                                                    \
    INT64_C(1000000) /* between two requests for small trends: a new one would end the old */

void backfill_visible(struct history_reader *reader, struct mirror *mirror, struct mirror_tag *const *tags,
                      size_t count, int64_t now_us)
{
    int64_t since_us = now_us - mirror->backfill_asked_us;
    if (!reader || (since_us >= 0 && since_us < BACKFILL_PAUSE_US))
        return;
    struct history_request request = {.purpose = HISTORY_SERIES,
                                      .from_us = now_us - MIRROR_SERIES_BINS * MIRROR_SERIES_BIN_US,
                                      .to_us = now_us,
                                      .bin_us = MIRROR_SERIES_BIN_US};
    for (size_t i = 0; i < count && request.tag_count < HISTORY_READER_TAGS_MAX; i++)
        if (!tags[i]->backfilled && tags[i]->type == VALUE_NUMBER)
            request.tags[request.tag_count++] = tags[i]->id;
    if (!request.tag_count)
        return;
    mirror->backfill_asked_us = now_us;
    history_reader_ask(reader, &request);
}

void backfill_watched(struct history_reader *reader, struct mirror *mirror, int64_t now_us)
{
    if (!reader || !mirror->watched)
        return;
    struct history_request request = {.purpose = HISTORY_TREND,
                                      .ticket = mirror->watched->id,
                                      .from_us = now_us - BACKFILL_TREND_US,
                                      .to_us = now_us,
                                      .tags = {mirror->watched->id},
                                      .tag_count = 1};
    history_reader_ask(reader, &request);
}

static void backfill_take_series(struct mirror *mirror, const struct history_result *result)
{
    for (size_t i = 0; i < result->tag_count; i++) {
        struct mirror_tag *tag = mirror_find(mirror, result->tags[i]);
        if (!tag)
            continue;
        /* Also after a failure: what cannot be read now is not asked for again and again. */
        tag->backfilled = true;
        if (result->good)
            mirror_tag_backfill(tag, result->spans + i * result->bins,
                                result->first_bin + (int64_t)result->bins - 1, result->bins);
        tag->changes++;
    }
}

bool backfill_take(struct history_reader *reader, struct mirror *mirror)
{
    bool changed = false;
    struct history_result *result;
    while ((result = history_reader_take(reader))) {
        utf8_make_safe(mirror->history_error, sizeof mirror->history_error, result->error,
                       strlen(result->error));
        if (result->purpose == HISTORY_SERIES)
            backfill_take_series(mirror, result);
        else if (result->good && mirror->watched && mirror->watched->id == result->ticket)
            recent_replace(&mirror->recent, result->samples, result->sample_count);
        mirror->changes++;
        changed = true;
        history_result_free(result);
    }
    return changed;
}
