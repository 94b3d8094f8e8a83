#include "recorder/commit_rule.h"

#include <string.h>

void commit_rule_init(struct commit_rule *rule)
{
    memset(rule, 0, sizeof *rule);
}

/* New messages while a window is suspected to be full: it was when they came at once after the
 * acknowledgements, and was not when they came before. */
static void commit_rule_judge(struct commit_rule *rule, int64_t now_us)
{
    bool answered = rule->acknowledged_us && now_us - rule->acknowledged_us <= COMMIT_RULE_ANSWER_US;
    if (!answered)
        rule->confirmed = 0;
    else if (rule->confirmed == rule->suspect)
        rule->window = rule->suspect;
    else
        rule->confirmed = rule->suspect;
    rule->suspect = 0;
    rule->acknowledged_us = 0;
}

void commit_rule_note_read(struct commit_rule *rule, uint64_t rows, uint64_t qos_messages, bool dry,
                           int64_t now_us)
{
    rule->dry = dry;
    if (rows && !rule->first_us)
        rule->first_us = now_us;
    if (!qos_messages)
        return;
    if (rule->suspect)
        commit_rule_judge(rule, now_us);
    rule->message_us = now_us;
    rule->waiting += qos_messages;
    if (rule->window && rule->waiting > rule->window)
        rule->window = rule->confirmed = 0;
}

int64_t commit_rule_due_us(const struct commit_rule *rule)
{
    if (!rule->first_us)
        return INT64_MAX;
    if (rule->window && rule->dry && rule->waiting >= rule->window)
        return rule->message_us;
    return rule->first_us + COMMIT_RULE_DELAY_US;
}

void commit_rule_note_commit(struct commit_rule *rule, int64_t now_us)
{
    bool timed = rule->first_us && now_us >= rule->first_us + COMMIT_RULE_DELAY_US;
    bool silent = rule->dry && now_us - rule->message_us >= COMMIT_RULE_SILENCE_US;
    rule->suspect = timed && silent && !rule->window ? rule->waiting : 0;
    rule->acknowledged_us = 0;
    if (timed && !rule->suspect)
        rule->confirmed = 0;
    rule->first_us = 0;
}

void commit_rule_note_acknowledged(struct commit_rule *rule, int64_t now_us)
{
    rule->waiting = 0;
    if (rule->suspect)
        rule->acknowledged_us = now_us;
}

void commit_rule_note_connection(struct commit_rule *rule)
{
    rule->waiting = 0;
    rule->suspect = rule->confirmed = 0;
    rule->acknowledged_us = 0;
}
