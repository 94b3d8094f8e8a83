#include "recorder/alarm_feed.h"

#include "base/num.h"
#include "wire/wire.h"

#include <stdio.h>

#define ALARM_FEED_CHUNK 256
#define ALARM_FEED_TEXT  1024

void alarm_feed_mark_all(struct feed *feed, const struct alarm_board *board)
{
    for (size_t id = 0; id < board->count; id++)
        if (alarm_board_is_standing(board, (uint32_t)id))
            feed_mark(feed, id, FEED_VALUE);
}

/* "pump.run is STOPPED or mode is 2"; "" when nothing suppresses it by design. */
static const char *alarm_feed_suppression(const struct alarm *alarm, char room[ALARM_FEED_TEXT])
{
    size_t used = 0;
    room[0] = '\0';
    for (size_t i = 0; i < 2; i++) {
        const struct tag *tag = alarm->suppressors[i];
        if (!tag)
            continue;
        double value = alarm->def->suppress[i].value;
        const char *state = tag_def_state_text(&tag->def, value);
        char number[NUM_TEXT_MAX];
        num_format(number, sizeof number, value, -1);
        int wrote = snprintf(room + used, ALARM_FEED_TEXT - used, "%s%.250s is %.200s", used ? " or " : "",
                             tag->def.name, state ? state : number);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return room;
}

/* One that is normal again is told as such, and its definition does not matter any more. */
static void alarm_feed_put(struct wire_writer *writer, const struct alarm *alarm,
                           const struct alarm_shown *shown)
{
    const struct alarm_status *status = &shown->status;
    bool over = alarm->gone || status->state == ALARM_NORMAL;
    struct wire_alarm record = {.alarm = alarm->id, .tag = alarm->tag_id, .state = ALARM_NORMAL};
    char suppression[ALARM_FEED_TEXT];
    if (!over)
        record = (struct wire_alarm){
            .alarm = alarm->id,
            .tag = alarm->tag_id,
            .state = status->state,
            .address = alarm->address,
            .type = alarm->def->type,
            .priority = status->priority,
            .active = status->active,
            .activated_us = status->activated_us,
            .changed_us = status->changed_us,
            .cleared_us = status->cleared_us,
            .acknowledged_us = status->acknowledged_us,
            .acknowledged_by = shown->texts.acknowledged_by,
            .value = status->value,
            .limit = status->limit,
            .area = alarm->tag ? alarm->tag->def.area : "",
            .message = alarm->def->message,
            .guidance = alarm->def->guidance,
            .display = alarm->def->display,
            .group = alarm->def->group,
            .line = (uint32_t)alarm->def->line,
            .first_out = status->first_out,
            .chattering = status->chattering,
            .activations = status->activations,
            .shelf_until_us = status->withheld & ALARM_BY_SHELF ? status->shelf_until_us : 0,
            .shelf_once = status->shelf_once,
            .shelved_by = shown->texts.shelved_by,
            .shelf_reason = shown->texts.shelf_reason,
            .detail = shown->texts.detail,
            .chatter_rate = status->chatter_rate,
            .withheld = status->withheld,
            .suppressed_by = alarm_feed_suppression(alarm, suppression),
            .compared_with = alarm->def->limit_tag ? alarm->def->limit_tag : alarm->def->reference,
            .deadband = alarm->def->deadband,
            .on_delay_us = alarm->def->on_delay_us,
            .off_delay_us = alarm->def->off_delay_us,
            .latching = alarm->def->latching,
        };
    wire_add_record(writer, &record);
}

void alarm_feed_encode(struct feed *feed, const struct alarms *alarms, const struct alarm_board *board,
                       size_t max_alarms, struct buf *out)
{
    uint32_t ids[ALARM_FEED_CHUNK];
    if (!feed->count)
        return;
    struct wire_writer writer = wire_begin(out, WIRE_ALARM);
    while (max_alarms && feed->count) {
        size_t count = feed_take(feed, ids, max_alarms < ALARM_FEED_CHUNK ? max_alarms : ALARM_FEED_CHUNK);
        for (size_t i = 0; i < count; i++)
            alarm_feed_put(&writer, alarms->list[ids[i]], alarm_board_find(board, ids[i]));
        max_alarms -= count;
    }
    wire_end(&writer);
}
