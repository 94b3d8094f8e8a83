#include "ui/history_texts.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "plant/quality.h"

#include <string.h>

/* A picture has room for no more: neither to be shown nor to be read. */
#define HISTORY_TEXTS_MAX        100   /* changes of one tag */
#define HISTORY_TEXT_SAMPLES_MAX 20000 /* of one tag */

struct history_texts_walk {
    struct history_result *result;
    size_t first; /* of this tag */
    size_t samples;
    uint32_t tag;
    bool too_many;
};

/* Of equal ones that follow each other the first; what is not a good text is "". */
static bool history_take_text(void *context, const struct query_sample *sample)
{
    struct history_texts_walk *walk = context;
    struct history_result *result = walk->result;
    struct history_text text = {.tag = walk->tag, .ts_us = sample->ts_us};
    const struct value *value = &sample->value;
    if (value->type == VALUE_TEXT && quality_is_good(sample->quality))
        utf8_make_safe(text.text, sizeof text.text, value->text, value->text_length);
    bool same = result->text_count > walk->first &&
                strcmp(result->texts[result->text_count - 1].text, text.text) == 0;
    walk->too_many = ++walk->samples > HISTORY_TEXT_SAMPLES_MAX ||
                     (!same && result->text_count - walk->first == HISTORY_TEXTS_MAX);
    if (!same && !walk->too_many)
        result->texts[result->text_count++] = text;
    return !walk->too_many;
}

bool history_read_texts(struct query *query, const struct history_request *request,
                        struct history_result *result, struct err *err)
{
    result->texts = mem_new(result->tag_count * HISTORY_TEXTS_MAX + 1, sizeof *result->texts);
    for (size_t i = 0; i < result->tag_count && i < HISTORY_TEXT_TAGS_MAX; i++) {
        struct history_texts_walk walk = {
            .result = result, .first = result->text_count, .tag = result->tags[i]};
        if (!(request->text_tags & 1u << i))
            continue;
        if (!query_range(query, walk.tag, request->grid.start_us, request->to_us, 0, history_take_text, &walk,
                         err))
            return false;
        if (walk.too_many)
            result->text_count = walk.first;
    }
    return true;
}
