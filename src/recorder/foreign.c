#include "recorder/foreign.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void foreign_free(struct foreign *foreign)
{
    for (size_t i = 0; i < FOREIGN_OWN_MAX; i++) {
        free(foreign->own[i].topic);
        free(foreign->own[i].payload);
    }
    *foreign = (struct foreign){0};
}

void foreign_note_own(struct foreign *foreign, const char *topic, const void *payload, size_t length,
                      int64_t now_us)
{
    struct foreign_own *own = &foreign->own[foreign->next++ % FOREIGN_OWN_MAX];
    free(own->topic);
    free(own->payload);
    *own = (struct foreign_own){.topic = mem_copy_text(topic),
                                .payload = mem_copy_bytes(payload, length),
                                .length = length,
                                .until_us = now_us + FOREIGN_OWN_US};
}

bool foreign_is_own(const struct foreign *foreign, const char *topic, const void *payload, size_t length,
                    int64_t now_us)
{
    for (size_t i = 0; i < FOREIGN_OWN_MAX; i++) {
        const struct foreign_own *own = &foreign->own[i];
        if (own->topic && now_us < own->until_us && own->length == length && !strcmp(own->topic, topic) &&
            (!length || !memcmp(own->payload, payload, length)))
            return true;
    }
    return false;
}

bool foreign_count(struct foreign *foreign, int64_t now_us, uint64_t *left_out)
{
    foreign->count++;
    if (now_us < foreign->notice_us) {
        foreign->left_out++;
        return false;
    }
    *left_out = foreign->left_out;
    foreign->left_out = 0;
    foreign->notice_us = now_us + FOREIGN_NOTICE_US;
    return true;
}
