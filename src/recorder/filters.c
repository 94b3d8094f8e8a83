#include "recorder/filters.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define FILTERS_TEXT_FIRST 4096 /* bytes */

static void filters_take(struct filters *filters, const struct config *config)
{
    free(filters->entries);
    filters->count = config->subscription_count;
    filters->entries = mem_new(filters->count + 1, sizeof *filters->entries);
    for (size_t i = 0; i < filters->count; i++)
        filters->entries[i].filter = config->subscriptions[i].filter;
}

void filters_init(struct filters *filters, const struct config *config)
{
    memset(filters, 0, sizeof *filters);
    buf_init(&filters->text, FILTERS_TEXT_FIRST);
    filters_take(filters, config);
}

void filters_free(struct filters *filters)
{
    buf_free(&filters->text);
    free(filters->entries);
}

static bool filters_are_in(const struct config *config, const char *filter)
{
    for (size_t i = 0; i < config->subscription_count; i++) {
        if (!strcmp(config->subscriptions[i].filter, filter))
            return true;
    }
    return false;
}

void filters_change(struct filters *filters, const struct config *config, struct mqtt *mqtt)
{
    for (size_t i = 0; mqtt && i < filters->count; i++) {
        if (!filters_are_in(config, filters->entries[i].filter))
            mqtt_unsubscribe(mqtt, filters->entries[i].filter);
    }
    filters_take(filters, config);
}

void filters_subscribe(struct filters *filters, const struct config *config, struct mqtt *mqtt)
{
    struct err err = {0};
    filters->unanswered = 0;
    for (size_t i = 0; i < filters->count; i++) {
        struct filters_entry *entry = &filters->entries[i];
        entry->answer = FILTERS_UNANSWERED;
        entry->asked_qos = config->subscriptions[i].qos;
        if (mqtt_subscribe(mqtt, entry->filter, entry->asked_qos, &err)) {
            filters->unanswered++;
        } else {
            entry->answer = FILTERS_REFUSED;
            log_error("%s", err.text);
        }
    }
}

bool filters_note_answer(struct filters *filters, const char *filter, bool good, int granted_qos)
{
    for (size_t i = 0; i < filters->count; i++) {
        struct filters_entry *entry = &filters->entries[i];
        if (strcmp(entry->filter, filter) != 0 || entry->answer != FILTERS_UNANSWERED)
            continue;
        entry->answer = good ? FILTERS_GRANTED : FILTERS_REFUSED;
        entry->granted_qos = granted_qos;
        return filters->unanswered && !--filters->unanswered;
    }
    return false;
}

const char *filters_refused(const struct filters *filters)
{
    for (size_t i = 0; i < filters->count; i++) {
        if (filters->entries[i].answer == FILTERS_REFUSED)
            return filters->entries[i].filter;
    }
    return NULL;
}

static bool filters_is_lowered(const struct filters_entry *entry)
{
    return entry->answer == FILTERS_GRANTED && entry->granted_qos < entry->asked_qos;
}

const char *filters_lowered(const struct filters *filters, int *asked_qos, int *granted_qos)
{
    for (size_t i = 0; i < filters->count; i++) {
        const struct filters_entry *entry = &filters->entries[i];
        if (!filters_is_lowered(entry))
            continue;
        *asked_qos = entry->asked_qos;
        *granted_qos = entry->granted_qos;
        return entry->filter;
    }
    return NULL;
}

const char *filters_print(struct filters *filters)
{
    buf_clear(&filters->text);
    for (size_t i = 0; i < filters->count; i++) {
        const struct filters_entry *entry = &filters->entries[i];
        buf_printf(&filters->text, "%s%s%s", i ? ", " : "", entry->filter,
                   entry->answer == FILTERS_REFUSED ? " (refused)" : "");
        if (filters_is_lowered(entry))
            buf_printf(&filters->text, " (QoS %d)", entry->granted_qos);
    }
    return buf_text(&filters->text);
}
