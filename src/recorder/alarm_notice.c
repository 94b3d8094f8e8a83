#include "recorder/alarm_notice.h"

#include "base/json_text.h"
#include "base/num.h"
#include "base/timefmt.h"

#include <math.h>
#include <string.h>

const char *alarm_notice_event(const struct alarm_status *before, const struct alarm_status *after)
{
    if (!alarm_state_waits(after->state))
        return NULL;
    if (alarm_state_is_withheld(before->state))
        return after->state == ALARM_UNACKNOWLEDGED ? "released" : NULL;
    if (after->activated_us != before->activated_us)
        return before->chattering && after->chattering ? NULL : "activated";
    if (after->priority > before->priority)
        return "escalated";
    return before->state == ALARM_ACKNOWLEDGED ? "realarmed" : NULL;
}

/* ---- one member each; the object's brace has been opened ---- */

static void notice_put_name(struct buf *out, const char *name)
{
    if (out->data[out->length - 1] != '{')
        buf_append(out, ",", 1);
    json_text_append(out, name, strlen(name));
    buf_append(out, ":", 1);
}

static void notice_put_text(struct buf *out, const char *name, const char *text)
{
    notice_put_name(out, name);
    json_text_append(out, text ? text : "", text ? strlen(text) : 0);
}

static void notice_put_number(struct buf *out, const char *name, double number)
{
    char text[NUM_TEXT_MAX] = "null";
    if (isfinite(number))
        num_format_exact(text, sizeof text, number);
    notice_put_name(out, name);
    buf_append_text(out, text);
}

static void notice_put_time(struct buf *out, const char *name, int64_t ts_us)
{
    char text[TIMEFMT_MAX];
    timefmt_utc(text, sizeof text, ts_us);
    notice_put_text(out, name, text);
}

void alarm_notice_write(struct buf *out, const struct alarm *alarm, const struct alarm_status *status,
                        const char *event, const char *plant)
{
    const struct alarm_def *def = alarm->def;
    const struct tag_def *tag = alarm->tag ? &alarm->tag->def : NULL;
    buf_append(out, "{", 1);
    notice_put_text(out, "event", event);
    notice_put_text(out, "plant", plant);
    notice_put_text(out, "alarm", alarm->address);
    notice_put_text(out, "tag", alarm_tag_name(alarm));
    notice_put_text(out, "type", alarm_type_word(def->type));
    notice_put_text(out, "priority", ALARM_PRIORITY_WORDS[status->priority]);
    notice_put_text(out, "state", alarm_state_word(status->state));
    notice_put_name(out, "active");
    buf_append_text(out, status->active ? "true" : "false");
    notice_put_time(out, "activated", status->activated_us);
    notice_put_number(out, "value", status->value);
    notice_put_number(out, "limit", status->limit);
    /* What the tag's states call them: "TRIPPED" says more to whom it rings than 3. */
    notice_put_text(out, "text", tag ? tag_def_state_text(tag, status->value) : NULL);
    notice_put_text(out, "limit_text", tag ? tag_def_state_text(tag, status->limit) : NULL);
    notice_put_text(out, "unit", tag ? tag->unit : NULL);
    notice_put_text(out, "description", tag ? tag->description : NULL);
    notice_put_text(out, "area", tag ? tag->area : NULL);
    notice_put_text(out, "message", def->message);
    notice_put_text(out, "guidance", def->guidance);
    notice_put_text(out, "detail", alarm_texts(alarm)->detail);
    buf_append(out, "}", 1);
}
