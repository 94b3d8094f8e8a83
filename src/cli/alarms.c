/* hmi alarms: the alarms that are not normal, as a table for people or as JSON for programs. */
#include "base/mem.h"
#include "base/timefmt.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/table.h"
#include "plant/alarm.h"
#include "plant/alarm_state.h"
#include "ui/alarm_withheld.h"

#include <cjson/cJSON.h>
#include <fnmatch.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option ALARMS_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    CLI_OPTION_JSON,
    {'a', "all", NULL, "with those that are shelved, suppressed or out of service: until when, by whom, why"},
    {0},
};

/* The gravest first, of equals the newest first: as the screen has them. */
static int alarms_compare(const void *a, const void *b)
{
    const struct wire_alarm *one = &(*(struct mirror_alarm *const *)a)->record;
    const struct wire_alarm *two = &(*(struct mirror_alarm *const *)b)->record;
    if (one->priority != two->priority)
        return one->priority > two->priority ? -1 : 1;
    if (one->activated_us != two->activated_us)
        return one->activated_us > two->activated_us ? -1 : 1;
    return strcmp(one->address, two->address);
}

/* ---- which of them ---- */

/* Whether the pattern means the alarm by its address, or all alarms of its tag, whose name stands before the last
 * slash of the address. */
static bool alarms_matches(const char *pattern, const char *address)
{
    const char *slash = strrchr(address, '/');
    char *tag = mem_copy_bytes(address, slash ? (size_t)(slash - address) : strlen(address));
    bool matches = !fnmatch(pattern, address, 0) || !fnmatch(pattern, tag, 0);
    free(tag);
    return matches;
}

static bool alarms_is_wanted(const struct wire_alarm *alarm, char *const *patterns, bool all)
{
    if (!all && alarm_state_is_withheld((enum alarm_state)alarm->state))
        return false;
    bool wanted = !*patterns;
    for (; *patterns && !wanted; patterns++)
        wanted = alarms_matches(*patterns, alarm->address);
    return wanted;
}

/* Whether there is a tag, or an alarm that is not normal, that the pattern could mean: what is mistyped must not
 * read like an all-clear. */
static bool alarms_is_known(const char *pattern, const struct mirror *mirror)
{
    const char *slash = strrchr(pattern, '/');
    char *tag = mem_copy_bytes(pattern, slash ? (size_t)(slash - pattern) : strlen(pattern));
    bool known = !fnmatch(tag, ALARM_SYSTEM_TAG, 0);
    for (size_t i = 0; i < mirror->tag_count && !known; i++)
        known = !fnmatch(pattern, mirror->tags[i]->name, 0) || !fnmatch(tag, mirror->tags[i]->name, 0);
    for (size_t i = 0; i < mirror->alarm_count && !known; i++)
        known = alarms_matches(pattern, mirror->alarms[i]->record.address);
    free(tag);
    return known;
}

static bool alarms_check_known(char *const *patterns, const struct mirror *mirror, struct err *err)
{
    for (; *patterns; patterns++)
        if (!alarms_is_known(*patterns, mirror))
            return err_set(err, EX_DATAERR, "no tag and no alarm matches '%s'", *patterns);
    return true;
}

/* ---- JSON ---- */

static void alarms_add_number(cJSON *object, const char *name, double number)
{
    if (isnan(number))
        cJSON_AddNullToObject(object, name);
    else
        json_add_number(object, name, number);
}

struct alarms_found {
    const struct mirror *mirror;
    struct mirror_alarm **alarms;
    size_t count;
};

static const char *alarms_unit(const struct mirror *mirror, const struct wire_alarm *alarm)
{
    const struct mirror_tag *tag = alarm->tag ? mirror_find(mirror, alarm->tag) : NULL;
    return tag ? tag->unit : "";
}

/* As the screens show them: the word of a state, the tag's decimals, "±0.45" of a deviation. */
static void alarms_add_texts(cJSON *object, const struct mirror *mirror, const struct wire_alarm *alarm)
{
    char value[256], limit[256];
    mirror_alarm_value(mirror, alarm, value, sizeof value);
    mirror_alarm_limit(mirror, alarm, limit, sizeof limit);
    cJSON_AddStringToObject(object, "value_text", value);
    cJSON_AddStringToObject(object, "limit_text", limit);
    mirror_alarm_value_now(mirror, alarm, value, sizeof value);
    cJSON_AddStringToObject(object, "value_now_text", value);
    cJSON_AddStringToObject(object, "unit", alarms_unit(mirror, alarm));
}

/* The last value, whatever its quality: NULL while there is none, and for hmi's own alarms. */
static void alarms_add_value_now(cJSON *object, const struct mirror *mirror, const struct wire_alarm *alarm)
{
    const struct mirror_tag *tag = alarm->tag ? mirror_find(mirror, alarm->tag) : NULL;
    if (tag && tag->type == VALUE_TEXT)
        cJSON_AddStringToObject(object, "value_now", tag->text);
    else
        alarms_add_number(object, "value_now", tag && tag->type == VALUE_NUMBER ? tag->number : NAN);
}

static cJSON *alarms_json_of(const void *context, size_t i)
{
    const struct alarms_found *found = context;
    const struct wire_alarm *alarm = &found->alarms[i]->record;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "alarm", alarm->address);
    cJSON_AddStringToObject(object, "state", alarm_state_word((enum alarm_state)alarm->state));
    cJSON_AddStringToObject(object, "priority", ALARM_PRIORITY_WORDS[alarm->priority]);
    cJSON_AddStringToObject(object, "type", alarm_type_word((enum alarm_type)alarm->type));
    cJSON_AddBoolToObject(object, "active", alarm->active != 0);
    json_add_time(object, "activated", alarm->activated_us);
    json_add_time(object, "changed", alarm->changed_us);
    json_add_time(object, "cleared", alarm->cleared_us);
    json_add_time(object, "acknowledged", alarm->acknowledged_us);
    cJSON_AddStringToObject(object, "acknowledged_by", alarm->acknowledged_by);
    alarms_add_number(object, "value", alarm->value);
    alarms_add_value_now(object, found->mirror, alarm);
    alarms_add_number(object, "limit", alarm->limit);
    cJSON_AddStringToObject(object, "area", alarm->area);
    cJSON_AddStringToObject(object, "message", alarm->message);
    cJSON_AddStringToObject(object, "guidance", alarm->guidance);
    cJSON_AddStringToObject(object, "detail", alarm->detail);
    cJSON_AddBoolToObject(object, "first_out", alarm->first_out != 0);
    cJSON_AddBoolToObject(object, "chattering", alarm->chattering != 0);
    json_add_unsigned(object, "chatter_rate", alarm->chatter_rate);
    json_add_unsigned(object, "activations", alarm->activations);
    json_add_time(object, "shelved_until", alarm->shelf_until_us);
    cJSON_AddStringToObject(object, "shelved_by", alarm->shelved_by);
    cJSON_AddStringToObject(object, "shelf_reason", alarm->shelf_reason);
    cJSON_AddBoolToObject(object, "shelved_once", alarm->shelf_once != 0);
    cJSON_AddStringToObject(object, "suppressed_by", alarm->suppressed_by);
    alarms_add_texts(object, found->mirror, alarm);
    return object;
}

/* ---- table ---- */

/* THEN: with what it came, or went. */
static const struct table_column COLUMNS[] = {
    {"ALARM", TABLE_LEFT},   {"PRIORITY", TABLE_LEFT}, {"STATE", TABLE_LEFT},  {"SINCE", TABLE_LEFT},
    {"THEN", TABLE_POINT},   {"NOW", TABLE_POINT},     {"LIMIT", TABLE_POINT}, {"UNIT", TABLE_LEFT},
    {"MESSAGE", TABLE_LEFT}, {"UNTIL", TABLE_LEFT},    {"BY", TABLE_LEFT},     {"REASON", TABLE_LEFT},
};

#define COLUMNS_ALWAYS 9 /* the others tell of what is withheld */

static void alarms_add_row(struct table *table, const struct mirror *mirror, const struct wire_alarm *alarm)
{
    char since[TIMEFMT_MAX], then[256], now[256], limit[256], until[TIMEFMT_MAX] = "", by[256], reason[1024],
                                                              message[MIRROR_TEXT_MAX];
    timefmt_local(since, sizeof since, alarm->activated_us ? alarm->activated_us : alarm->changed_us,
                  TIMEFMT_DATE | TIMEFMT_MS);
    mirror_alarm_value(mirror, alarm, then, sizeof then);
    mirror_alarm_value_now(mirror, alarm, now, sizeof now);
    mirror_alarm_limit(mirror, alarm, limit, sizeof limit);
    mirror_alarm_message(mirror, alarm, message, sizeof message);
    if (alarm->shelf_until_us)
        timefmt_local(until, sizeof until, alarm->shelf_until_us, TIMEFMT_DATE);
    alarm_withheld_by(alarm, by, sizeof by);
    alarm_withheld_reason(alarm, reason, sizeof reason);
    const char *const cells[] = {
        alarm->address,
        ALARM_PRIORITY_WORDS[alarm->priority],
        alarm_state_word((enum alarm_state)alarm->state),
        since,
        then,
        now,
        limit,
        alarms_unit(mirror, alarm),
        message,
        until,
        by,
        reason,
    };
    table_add(table, cells);
}

static void alarms_print_table(const struct alarms_found *found, bool all)
{
    struct table *table = table_new(COLUMNS, all ? sizeof COLUMNS / sizeof *COLUMNS : COLUMNS_ALWAYS);
    for (size_t i = 0; i < found->count; i++)
        alarms_add_row(table, found->mirror, &found->alarms[i]->record);
    table_print(table, stdout, 0);
    table_free(table);
}

static void alarms_print(const struct mirror *mirror, char *const *patterns, bool json, bool all,
                         struct err *err)
{
    struct alarms_found found = {.mirror = mirror,
                                 .alarms = mem_new(mirror->alarm_count + 1, sizeof(struct mirror_alarm *))};
    for (size_t i = 0; i < mirror->alarm_count; i++)
        if (alarms_is_wanted(&mirror->alarms[i]->record, patterns, all))
            found.alarms[found.count++] = mirror->alarms[i];
    qsort(found.alarms, found.count, sizeof(struct mirror_alarm *), alarms_compare);
    bool known = alarms_check_known(patterns, mirror, err);
    if (json)
        json_print_lines(found.count, alarms_json_of, &found);
    else if (known || found.count)
        alarms_print_table(&found, all);
    free(found.alarms);
}

static int alarms_run(const struct cli_command *command, int argc, char **argv)
{
    const char *config = NULL, *value;
    bool json = false, all = false;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key == 'c')
            config = value;
        else if (key == 'j')
            json = true;
        else if (key == 'a')
            all = true;
        else
            return EX_USAGE;
    }
    struct client client;
    struct err err = {0};
    if (client_open(&client, config, &err) && client_snapshot(&client, &err))
        alarms_print(&client.mirror, argv + optind, json, all, &err);
    if (err.code)
        fprintf(stderr, "hmi alarms: %s\n", err.text);
    client_close(&client);
    return err.code;
}

const struct cli_command CLI_ALARMS = {
    .name = "alarms",
    .arguments = "[ADDRESS]...",
    .summary =
        "print the alarms that are not normal; an ADDRESS is TAG/type, or TAG for all of a tag, and may be a "
        "pattern, such as 'boiler.*/hi'",
    .options = ALARMS_OPTIONS,
    .run = alarms_run,
};
