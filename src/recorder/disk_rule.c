#include "recorder/disk_rule.h"

void disk_rule_init(struct disk_rule *rule)
{
    *rule = (struct disk_rule){.mode = DISK_GOOD, .calm_us = DISK_RULE_CALM_US};
}

static void disk_rule_fall(struct disk_rule *rule, enum disk_mode mode, int64_t now_us)
{
    if (rule->mode == DISK_GOOD) {
        bool relapse = rule->good_us && now_us - rule->good_us < DISK_RULE_RELAPSE_US;
        rule->calm_us = relapse ? 2 * rule->calm_us : DISK_RULE_CALM_US;
        if (rule->calm_us > DISK_RULE_CALM_MAX_US)
            rule->calm_us = DISK_RULE_CALM_MAX_US;
    }
    rule->mode = mode;
    rule->calm_from_us = 0;
}

void disk_rule_note_wait(struct disk_rule *rule, int64_t waited_us, int64_t patience_us, int64_t now_us)
{
    if (rule->mode == DISK_GOOD && waited_us >= patience_us)
        disk_rule_fall(rule, DISK_SLOW, now_us);
}

void disk_rule_note_commit(struct disk_rule *rule, int64_t took_us, int64_t patience_us, int64_t now_us)
{
    if (!rule->calm_from_us || took_us >= patience_us / 2)
        rule->calm_from_us = now_us;
}

void disk_rule_note_failure(struct disk_rule *rule, int64_t now_us)
{
    disk_rule_fall(rule, DISK_FAILED, now_us);
}

void disk_rule_note_idle(struct disk_rule *rule, int64_t now_us)
{
    if (disk_rule_due_us(rule) > now_us)
        return;
    rule->mode = DISK_GOOD;
    rule->good_us = now_us;
}

int64_t disk_rule_due_us(const struct disk_rule *rule)
{
    return rule->mode != DISK_GOOD && rule->calm_from_us ? rule->calm_from_us + rule->calm_us : INT64_MAX;
}
