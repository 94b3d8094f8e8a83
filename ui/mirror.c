#include "ui/mirror_internal.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* Room for a record of any kind. */
union mirror_any {
#define MIRROR_ROOM(upper, lower, fields) struct wire_##lower lower;
    WIRE_MESSAGES(MIRROR_ROOM)
#undef MIRROR_ROOM
};

/* ---- texts ---- */

char *mirror_safe_text(const char *text)
{
    char safe[MIRROR_TEXT_MAX + 4];
    if (!utf8_make_safe(safe, MIRROR_TEXT_MAX + 1, text, strlen(text)))
        strcat(safe, "…");
    return mem_copy_text(safe);
}

void mirror_drop(enum wire_type type, void *record)
{
    const struct wire_message *message = wire_message(type);
    for (size_t i = 0; i < message->field_count; i++) {
        if (message->fields[i].kind != WIRE_KIND_TEXT)
            continue;
        char *text;
        memcpy(&text, (char *)record + message->fields[i].offset, sizeof text);
        free(text);
    }
    memset(record, 0, message->size);
}

void mirror_keep(enum wire_type type, void *to, const void *from)
{
    const struct wire_message *message = wire_message(type);
    mirror_drop(type, to);
    memcpy(to, from, message->size);
    for (size_t i = 0; i < message->field_count; i++) {
        if (message->fields[i].kind != WIRE_KIND_TEXT)
            continue;
        char *text;
        memcpy(&text, (const char *)from + message->fields[i].offset, sizeof text);
        text = mirror_safe_text(text ? text : "");
        memcpy((char *)to + message->fields[i].offset, &text, sizeof text);
    }
}

/* ---- the recorder ---- */

static void mirror_drop_list(enum wire_type type, void **list, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        mirror_drop(type, (char *)*list + i * wire_message(type)->size);
    free(*list);
    *list = NULL;
    *count = 0;
}

static void mirror_drop_reservations(struct mirror *mirror)
{
    void *list = mirror->reservations;
    mirror_mark_reservations(mirror, false);
    mirror_drop_list(WIRE_RESERVATION, &list, &mirror->reservation_count);
    mirror->reservations = NULL;
}

/* Puts an empty record in, whose texts are "". */
static void mirror_keep_empty(enum wire_type type, void *to)
{
    union mirror_any record;
    memset(&record, 0, sizeof record);
    mirror_keep(type, to, &record);
}

static void mirror_take_welcome(struct mirror *mirror, const void *data)
{
    mirror_keep(WIRE_WELCOME, &mirror->welcome, data);
    mirror_keep_empty(WIRE_REFUSED, &mirror->refused);
    mirror_free_commands(mirror); /* the snapshot names the last ones */
    mirror->attached = true;
    mirror->complete = false;
    mirror->lost_us = 0;
    mirror->snapshot++;
}

/* A reload has changed what WELCOME said. */
static void mirror_take_rules(struct mirror *mirror, const struct wire_rules *rules)
{
    mirror->welcome.role = rules->role;
    mirror->welcome.lock_after_us = rules->lock_after_us;
    mirror->welcome.shelve_max_us = rules->shelve_max_us;
}

static void mirror_take_snapshot_end(struct mirror *mirror)
{
    for (size_t i = mirror->tag_count; i-- > 0;)
        if (mirror->tags[i]->snapshot != mirror->snapshot)
            mirror_remove_tag(mirror, mirror->tags[i]);
    mirror_end_alarm_snapshot(mirror);
    mirror->complete = true;
}

void mirror_recorder_lost(struct mirror *mirror, int64_t now_us)
{
    if (!mirror->attached)
        return;
    mirror->attached = mirror->complete = false;
    mirror->lost_us = now_us;
    mirror_drop_reservations(mirror);
    for (size_t i = 0; i < mirror->tag_count; i++) {
        struct mirror_tag *tag = mirror->tags[i];
        tag->live = false;
        mirror_tag_draw(mirror, tag, now_us);
        mirror_tag_changed(mirror, tag);
    }
    mirror->changes++;
}

/* ---- frames ---- */

/* A frame that is a whole list. What was understood before a break is kept. */
static bool mirror_take_list(struct mirror *mirror, const struct wire_frame *frame, void *list_pointer,
                             size_t *count)
{
    enum wire_type type = (enum wire_type)frame->type;
    size_t size = wire_message(type)->size;
    struct wire_frame rest = *frame;
    void *list;
    union mirror_any record;
    enum wire_result result;
    memcpy(&list, list_pointer, sizeof list);
    mirror_drop_list(type, &list, count);
    while ((result = wire_next_record(&rest, &record)) == WIRE_OK) {
        if (*count >= MIRROR_LIST_MAX) {
            mirror->left_out++;
            continue;
        }
        list = mem_resize(list, *count + 1, size);
        memset((char *)list + *count * size, 0, size);
        mirror_keep(type, (char *)list + *count * size, &record);
        ++*count;
    }
    memcpy(list_pointer, &list, sizeof list);
    mirror->changes++;
    return result == WIRE_MORE;
}

static int mirror_compare_faults(const void *a, const void *b)
{
    const struct wire_fault *one = a, *two = b;
    if (one->severity != two->severity)
        return one->severity > two->severity ? -1 : 1;
    return one->since_us < two->since_us ? -1 : one->since_us > two->since_us;
}

static void mirror_take_one(struct mirror *mirror, enum wire_type type, const void *record, int64_t now_us)
{
    switch (type) {
    case WIRE_WELCOME:
        mirror_take_welcome(mirror, record);
        break;
    case WIRE_RULES:
        mirror_take_rules(mirror, record);
        break;
    case WIRE_REFUSED:
        mirror_keep(type, &mirror->refused, record);
        break;
    case WIRE_TAG:
        mirror_take_tag(mirror, record);
        break;
    case WIRE_STATE:
        mirror_take_state(mirror, record);
        break;
    case WIRE_LIMIT:
        mirror_take_limit(mirror, record);
        break;
    case WIRE_SAMPLE:
        mirror_take_sample(mirror, record, now_us);
        break;
    case WIRE_ALARM:
        mirror_take_alarm(mirror, record);
        break;
    case WIRE_SETPOINT:
        mirror_take_setpoint(mirror, record);
        break;
    case WIRE_COMMAND:
        mirror_take_command(mirror, record);
        break;
    case WIRE_SNAPSHOT_END:
        mirror_take_snapshot_end(mirror);
        break;
    case WIRE_STATUS:
        mirror_keep(type, &mirror->status, record);
        mirror->has_status = true;
        mirror->status_at_us = now_us;
        break;
    case WIRE_DETAIL:
        mirror_keep(type, &mirror->detail, record);
        break;
    case WIRE_ANSWER:
        mirror_keep(type, &mirror->answer, record);
        break;
    default: /* what only a console sends, and the lists */
        return;
    }
    mirror->changes++;
}

bool mirror_apply(struct mirror *mirror, const struct wire_frame *frame, int64_t now_us)
{
    switch ((enum wire_type)frame->type) {
    case WIRE_FAULT: {
        bool good = mirror_take_list(mirror, frame, &mirror->faults, &mirror->fault_count);
        if (mirror->fault_count)
            qsort(mirror->faults, mirror->fault_count, sizeof *mirror->faults, mirror_compare_faults);
        return good;
    }
    case WIRE_REFUSAL:
        return mirror_take_list(mirror, frame, &mirror->refusals, &mirror->refusal_count);
    case WIRE_CONSOLE:
        return mirror_take_list(mirror, frame, &mirror->consoles, &mirror->console_count);
    case WIRE_RESERVATION: {
        mirror_mark_reservations(mirror, false);
        bool good = mirror_take_list(mirror, frame, &mirror->reservations, &mirror->reservation_count);
        mirror_mark_reservations(mirror, true);
        return good;
    }
    default:
        break;
    }
    if (!wire_message((enum wire_type)frame->type))
        return true; /* from a newer recorder */
    union mirror_any record;
    struct wire_frame rest = *frame;
    enum wire_result result;
    while ((result = wire_next_record(&rest, &record)) == WIRE_OK)
        mirror_take_one(mirror, (enum wire_type)frame->type, &record, now_us);
    return result == WIRE_MORE;
}

void mirror_init(struct mirror *mirror)
{
    memset(mirror, 0, sizeof *mirror);
    map_init(&mirror->by_id);
    map_init(&mirror->alarms_by_id);
    recent_init(&mirror->recent);
    for (size_t i = 0; i < MIRROR_PENS_MAX; i++)
        recent_init(&mirror->pens[i].recent);
    mirror_keep_empty(WIRE_WELCOME, &mirror->welcome);
    mirror_keep_empty(WIRE_REFUSED, &mirror->refused);
    mirror_keep_empty(WIRE_STATUS, &mirror->status);
    mirror_keep_empty(WIRE_DETAIL, &mirror->detail);
    mirror_keep_empty(WIRE_ANSWER, &mirror->answer);
}

void mirror_free(struct mirror *mirror)
{
    mirror_drop_reservations(mirror);
    for (size_t i = 0; i < mirror->tag_count; i++)
        mirror_tag_free(mirror->tags[i]);
    free(mirror->tags);
    map_free(&mirror->by_id);
    mirror_free_alarms(mirror);
    mirror_free_commands(mirror);
    recent_free(&mirror->recent);
    for (size_t i = 0; i < MIRROR_PENS_MAX; i++)
        recent_free(&mirror->pens[i].recent);
    for (size_t i = 0; i < mirror->fault_count; i++)
        mirror_drop(WIRE_FAULT, &mirror->faults[i]);
    for (size_t i = 0; i < mirror->refusal_count; i++)
        mirror_drop(WIRE_REFUSAL, &mirror->refusals[i]);
    for (size_t i = 0; i < mirror->console_count; i++)
        mirror_drop(WIRE_CONSOLE, &mirror->consoles[i]);
    free(mirror->faults);
    free(mirror->refusals);
    free(mirror->consoles);
    mirror_drop(WIRE_WELCOME, &mirror->welcome);
    mirror_drop(WIRE_REFUSED, &mirror->refused);
    mirror_drop(WIRE_STATUS, &mirror->status);
    mirror_drop(WIRE_DETAIL, &mirror->detail);
    mirror_drop(WIRE_ANSWER, &mirror->answer);
    memset(mirror, 0, sizeof *mirror);
}
