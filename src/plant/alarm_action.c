/* What operators do to alarms. */
#include "plant/alarm_internal.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void action_put_text(char *out, size_t size, const char *text)
{
    utf8_make_safe(out, size, text ? text : "", text ? strlen(text) : 0);
}

static bool action_is_blank(const char *text)
{
    return !text || !text[strspn(text, " \t")];
}

bool alarm_acknowledge(const struct alarm_pass *pass, struct alarm *alarm, const struct alarm_operator *who,
                       struct err *err)
{
    bool reset = alarm->status.state == ALARM_LATCHED_ACKNOWLEDGED;
    enum alarm_trigger trigger = reset ? ALARM_IS_RESET : ALARM_IS_ACKNOWLEDGED;
    const struct alarm_status *status = &alarm->status;
    bool by_somebody = status->acknowledged_us >= status->activated_us && alarm->texts;
    if (status->state == ALARM_ACKNOWLEDGED && by_somebody && *alarm->texts->acknowledged_by)
        return err_set(err, EX_DATAERR, "%s is acknowledged already, by %s", alarm->address,
                       alarm->texts->acknowledged_by);
    if (alarm_state_after(alarm->status.state, trigger) == ALARM_SAME)
        return err_set(err, EX_DATAERR, "%s is %s: there is nothing to acknowledge", alarm->address,
                       alarm_state_word(alarm->status.state));
    if (!reset) {
        alarm->status.acknowledged_us = pass->time.wall_us;
        action_put_text(alarm_own_texts(alarm)->acknowledged_by, ALARM_USER_MAX, who->user);
    }
    alarm_apply(pass, alarm, trigger,
                &(struct alarm_cause){.event = reset ? "reset" : "acknowledged", .who = who});
    return true;
}

bool alarm_shelve(const struct alarm_pass *pass, struct alarm *alarm, int64_t span_us, bool once,
                  const char *reason, const struct alarm_operator *who, struct err *err)
{
    struct alarms *alarms = pass->alarms;
    struct alarm_status *status = &alarm->status;
    struct alarm_texts *texts = alarm_own_texts(alarm);
    if (action_is_blank(reason))
        return err_set(err, EX_USAGE, "shelving %s needs a reason", alarm->address);
    if (span_us < 0 || (span_us == 0 && !once))
        return err_set(err, EX_USAGE, "shelving %s needs a time, or one-shot", alarm->address);
    if (!span_us || span_us > alarms->shelf_max_us)
        span_us = alarms->shelf_max_us;
    status->shelf_once = once;
    status->shelf_until_us = pass->time.wall_us + span_us;
    action_put_text(texts->shelved_by, ALARM_USER_MAX, who->user);
    action_put_text(texts->shelf_reason, ALARM_REASON_MAX, reason);
    alarm_set_deadline(alarms, alarm, ALARM_DEADLINE_SHELF, pass->time.mono_us + span_us);
    struct alarm_cause cause = {.event = "shelved", .who = who, .detail = texts->shelf_reason};
    if (status->withheld & ALARM_BY_SHELF)
        alarm_apply(pass, alarm, alarm_withheld_trigger(alarm), &cause);
    else
        alarm_withhold(pass, alarm, ALARM_BY_SHELF, true, &cause);
    return true;
}

bool alarm_unshelve(const struct alarm_pass *pass, struct alarm *alarm, const struct alarm_operator *who,
                    struct err *err)
{
    if (!(alarm->status.withheld & ALARM_BY_SHELF))
        return err_set(err, EX_DATAERR, "%s is not shelved", alarm->address);
    alarm_set_deadline(pass->alarms, alarm, ALARM_DEADLINE_SHELF, ALARM_NEVER);
    alarm_withhold(pass, alarm, ALARM_BY_SHELF, false,
                   &(struct alarm_cause){.event = "unshelved", .who = who});
    return true;
}

bool alarm_take_out_of_service(const struct alarm_pass *pass, struct alarm *alarm, const char *reason,
                               const struct alarm_operator *who, struct err *err)
{
    char safe[ALARM_REASON_MAX];
    if (action_is_blank(reason))
        return err_set(err, EX_USAGE, "taking %s out of service needs a reason", alarm->address);
    if (alarm->status.withheld & ALARM_BY_OPERATOR)
        return err_set(err, EX_DATAERR, "%s is out of service already", alarm->address);
    action_put_text(safe, sizeof safe, reason);
    if (alarm->tag) /* one of hmi's own says there what is wrong */
        snprintf(alarm_own_texts(alarm)->detail, ALARM_DETAIL_MAX, "%.60s: %.190s", who->user, safe);
    alarm_withhold(pass, alarm, ALARM_BY_OPERATOR, true,
                   &(struct alarm_cause){.event = "out of service", .who = who, .detail = safe});
    return true;
}

bool alarm_put_in_service(const struct alarm_pass *pass, struct alarm *alarm,
                          const struct alarm_operator *who, struct err *err)
{
    uint8_t withheld = alarm->status.withheld;
    if (!(withheld & ALARM_BY_OPERATOR) && withheld & ALARM_BY_SERVICE)
        return err_set(err, EX_DATAERR, "%s is out of service by line %d of the configuration",
                       alarm->address, alarm->def->line);
    if (!(withheld & ALARM_BY_OPERATOR))
        return err_set(err, EX_DATAERR, "%s is in service already", alarm->address);
    if (alarm->tag)
        alarm_own_texts(alarm)->detail[0] = '\0';
    alarm_withhold(pass, alarm, ALARM_BY_OPERATOR, false,
                   &(struct alarm_cause){.event = "in service", .who = who});
    return true;
}

void alarms_note(const struct alarm_pass *pass, enum journal_kind kind, const char *event,
                 const struct alarm *alarm, const struct alarm_operator *who, const char *detail)
{
    struct alarm_event entry = {
        .ts_us = pass->time.wall_us,
        .kind = kind,
        .event = event,
        .value = NAN,
        .limit = NAN,
        .operator= who ? who->user : NULL,
        .station = who ? who->station : NULL,
        .detail = detail,
    };
    if (alarm) {
        entry.tag = alarm_tag_name(alarm);
        entry.alarm = alarm->address;
        entry.has_alarm = true;
        entry.type = alarm->def->type;
        entry.priority = alarm->status.priority;
        entry.before = entry.after = alarm->status.state;
    }
    batch_add_event(pass->batch, &entry);
}
