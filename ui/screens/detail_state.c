#include "ui/screens/detail_state.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "plant/alarm_state.h"
#include "ui/alarm_banner.h"
#include "ui/screens/detail_trend.h"

#include <math.h>
#include <stdio.h>

/* ---- alarms ---- */

/* "<2> lo returned 07:34:34", in the colour of what nobody has acknowledged. Returns the columns taken. */
static int detail_draw_alarm(const struct pane *pane, const struct mirror *mirror,
                             const struct wire_alarm *alarm, int x, int y)
{
    char when[TIMEFMT_MAX];
    enum alarm_priority priority = (enum alarm_priority)alarm->priority;
    enum alarm_state state = (enum alarm_state)alarm->state;
    enum meaning mark = alarm_banner_meaning(priority, alarm_state_waits(state));
    timefmt_local(when, sizeof when, alarm->activated_us, 0);
    int used = pane_text(pane, x, y, -1, mark, alarm_banner_mark(priority));
    bool stale = mirror_alarm_is_stale(mirror, alarm);
    return used + pane_printf(pane, x + used, y, -1, stale ? MEANING_VALUE_UNCERTAIN : MEANING_TEXT,
                              " %s%s %s%s%s", stale ? "? " : "",
                              alarm_type_word((enum alarm_type)alarm->type), alarm_state_word(state),
                              alarm->activated_us ? " " : "", alarm->activated_us ? when : "");
}

static int detail_draw_alarms(const struct pane *pane, const struct mirror *mirror,
                              const struct mirror_tag *tag, int y)
{
    int first = 2 + DETAIL_LABEL, x = first;
    for (size_t i = 0; i < mirror->alarm_count; i++)
        if (mirror->alarms[i]->record.tag == tag->id)
            x += detail_draw_alarm(pane, mirror, &mirror->alarms[i]->record, x, y) + 2;
    if (x == first && !tag->limit_count)
        return y;
    pane_text(pane, 2, y, DETAIL_LABEL - 1, MEANING_DIM, "alarms");
    if (x == first)
        pane_text(pane, x, y, -1, mirror->attached ? MEANING_TEXT : MEANING_VALUE_UNCERTAIN,
                  mirror->attached ? "none stands" : "? not known");
    return y + 1;
}

/* ---- setpoint ---- */

double detail_setpoint(const struct mirror *mirror, const struct mirror_tag *tag)
{
    const struct mirror_tag *present = tag->setpoint ? mirror_tag_present(mirror, tag) : tag;
    bool known =
        present != tag && present->type == VALUE_NUMBER && mirror_tag_trust(present) >= MIRROR_RETAINED;
    return known ? present->number : NAN;
}

/* "60.0 % (raw.level_sp), 20 to 90". */
static void detail_describe_setpoint(const struct mirror *mirror, const struct mirror_tag *tag, char *out,
                                     size_t size)
{
    char value[256], low[NUM_TEXT_MAX], high[NUM_TEXT_MAX];
    const struct mirror_tag *present = mirror_tag_present(mirror, tag);
    size_t used = 0;
    out[0] = '\0';
    mirror_tag_value(present, value, sizeof value);
    if (present != tag)
        used = (size_t)snprintf(
            out, size, "%.100s%s%.20s %s(%.100s)", *value ? value : "no value", *tag->unit ? " " : "",
            tag->unit, mirror_tag_trust(present) < MIRROR_RETAINED ? "not live " : "", present->name);
    if (!isfinite(tag->setpoint->low) || tag->kind == TAG_DISCRETE)
        return;
    num_format(low, sizeof low, tag->setpoint->low, -1);
    num_format(high, sizeof high, tag->setpoint->high, -1);
    snprintf(out + used, size - used, "%s%s to %s %.20s", used ? ", " : "", low, high, tag->unit);
}

int detail_draw_state(const struct pane *pane, const struct mirror *mirror, const struct mirror_tag *tag,
                      int y)
{
    const struct mirror_tag *giver = mirror_tag_giver(mirror, tag);
    char text[512];
    y = detail_draw_alarms(pane, mirror, tag, y);
    if (!giver)
        return y;
    if (giver == tag)
        detail_describe_setpoint(mirror, tag, text, sizeof text);
    else
        snprintf(text, sizeof text, "reads back %.255s", giver->name);
    pane_text(pane, 2, y, DETAIL_LABEL - 1, MEANING_DIM, "setpoint");
    pane_text(pane, 2 + DETAIL_LABEL, y, -1, MEANING_TEXT, *text ? text : "e gives it");
    return y + 1;
}
