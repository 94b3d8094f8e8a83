/* hmi status: the health of the running recorder. The figures come from the table of the STATUS message, so
 * that a new one appears here by itself. */
#include "base/clock.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/table.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status_exit { STATUS_GOOD, STATUS_WARNING, STATUS_CRITICAL };

static const char *const STATUS_WORDS[] = {"good", "warning", "critical"};
static const char *const STATUS_LINK_WORDS[] = {"connecting", "backlog", "up", "down", "stopped"};
static const char *const STATUS_RECORDING_WORDS[] = {"good", "spooling", "failed"};

/* The figures in groups: where each begins in the order of the message's fields. */
static const struct {
    const char *first, *title;
} STATUS_GROUPS[] = {
    {"link", "Broker"},
    {"recording", "Recording"},
    {"messages", "Traffic"},
    {"refused_payloads", "Left out"},
    {"tags", "Tags"},
    {"commits", "Disk"},
    {"memory_bytes", "Recorder"},
    {"notify_runs", "Notify"},
};

static const struct cli_option STATUS_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {'j', "json", NULL, "a JSON object, times in UTC"},
    {0},
};

static enum status_exit status_judge(const struct mirror *mirror)
{
    const struct wire_status *status = &mirror->status;
    bool link_good = status->link == WIRE_LINK_UP || status->link == WIRE_LINK_BACKLOG;
    if (!mirror->has_status || !link_good || status->recording == WIRE_RECORDING_FAILED || status->errors)
        return STATUS_CRITICAL;
    return status->recording != WIRE_RECORDING_GOOD || status->warnings || mirror->fault_count
               ? STATUS_WARNING
               : STATUS_GOOD;
}

static bool status_ends_in(const char *name, const char *ending)
{
    size_t length = strlen(name), end = strlen(ending);
    return length > end && !strcmp(name + length - end, ending);
}

/* The word of a field that is a choice, or NULL. */
static const char *status_word(const struct wire_field *field, uint32_t value)
{
    if (!strcmp(field->name, "link") && value < sizeof STATUS_LINK_WORDS / sizeof *STATUS_LINK_WORDS)
        return STATUS_LINK_WORDS[value];
    if (!strcmp(field->name, "recording") &&
        value < sizeof STATUS_RECORDING_WORDS / sizeof *STATUS_RECORDING_WORDS)
        return STATUS_RECORDING_WORDS[value];
    if (!strcmp(field->name, "role") && value <= ROLE_ENGINEER)
        return ROLE_WORDS[value];
    return NULL;
}

/* A field's value, whatever its kind. */
struct status_value {
    uint32_t u32;
    uint64_t u64;
    int64_t i64;
    double f64;
    const char *text;
};

static struct status_value status_read(const struct wire_field *field, const void *record)
{
    const char *at = (const char *)record + field->offset;
    struct status_value value = {0};
    switch (field->kind) {
    case WIRE_KIND_U32:
        memcpy(&value.u32, at, sizeof value.u32);
        value.u64 = value.u32;
        break;
    case WIRE_KIND_U64:
        memcpy(&value.u64, at, sizeof value.u64);
        break;
    case WIRE_KIND_I64:
        memcpy(&value.i64, at, sizeof value.i64);
        break;
    case WIRE_KIND_F64:
        memcpy(&value.f64, at, sizeof value.f64);
        break;
    case WIRE_KIND_TEXT:
        memcpy(&value.text, at, sizeof value.text);
        break;
    }
    return value;
}

/* ---- JSON ---- */

/* Whether a field of microseconds is a span; the others are times. */
static bool status_is_span(const char *name)
{
    return !strcmp(name, "lock_after_us") || !strcmp(name, "shelve_max_us");
}

/* With "_s" for the "_us" of a span's name, and without the "_us" of a time's. */
static void status_add_us(cJSON *object, const char *name, int64_t us)
{
    char key[64];
    bool span = status_is_span(name);
    snprintf(key, sizeof key, "%.*s%s", (int)(strlen(name) - 3), name, span ? "_s" : "");
    if (span)
        json_add_number(object, key, (double)us / 1e6);
    else
        json_add_time(object, key, us);
}

/* Times become texts in UTC, null for never; spans seconds. */
static cJSON *status_json_of(enum wire_type type, const void *record)
{
    const struct wire_message *message = wire_message(type);
    cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < message->field_count; i++) {
        const struct wire_field *field = &message->fields[i];
        struct status_value value = status_read(field, record);
        const char *word = field->kind == WIRE_KIND_U32 ? status_word(field, value.u32) : NULL;
        if (field->kind == WIRE_KIND_TEXT)
            cJSON_AddStringToObject(object, field->name, value.text);
        else if (word)
            cJSON_AddStringToObject(object, field->name, word);
        else if (field->kind == WIRE_KIND_I64 && status_ends_in(field->name, "_us"))
            status_add_us(object, field->name, value.i64);
        else if (field->kind == WIRE_KIND_F64)
            json_add_number(object, field->name, value.f64);
        else if (field->kind == WIRE_KIND_I64)
            json_add_signed(object, field->name, value.i64);
        else
            json_add_unsigned(object, field->name, value.u64);
    }
    return object;
}

static void status_add_list(cJSON *object, const char *name, enum wire_type type, const void *records,
                            size_t count)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(list,
                             status_json_of(type, (const char *)records + i * wire_message(type)->size));
}

static void status_print_json(const struct mirror *mirror, enum status_exit judgement, const char *error)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "state", STATUS_WORDS[judgement]);
    if (error) {
        cJSON_AddStringToObject(object, "error", error);
    } else {
        cJSON_AddItemToObject(object, "recorder", status_json_of(WIRE_WELCOME, &mirror->welcome));
        cJSON_AddItemToObject(object, "status", status_json_of(WIRE_STATUS, &mirror->status));
        status_add_list(object, "faults", WIRE_FAULT, mirror->faults, mirror->fault_count);
        status_add_list(object, "refusals", WIRE_REFUSAL, mirror->refusals, mirror->refusal_count);
        status_add_list(object, "consoles", WIRE_CONSOLE, mirror->consoles, mirror->console_count);
    }
    char *text = cJSON_Print(object);
    puts(text);
    free(text);
    cJSON_Delete(object);
}

/* ---- for people ---- */

static void status_format(const struct wire_field *field, const void *record, char *out, size_t size)
{
    struct status_value value = status_read(field, record);
    const char *word = field->kind == WIRE_KIND_U32 ? status_word(field, value.u32) : NULL;
    if (word)
        snprintf(out, size, "%s", word);
    else if (field->kind == WIRE_KIND_TEXT)
        snprintf(out, size, "%s", value.text);
    else if (field->kind == WIRE_KIND_F64)
        snprintf(out, size, "%.2f", value.f64);
    else if (field->kind != WIRE_KIND_I64)
        snprintf(out, size, "%llu", (unsigned long long)value.u64);
    else if (value.i64)
        timefmt_local(out, size, value.i64, TIMEFMT_DATE | TIMEFMT_OFFSET);
    else
        snprintf(out, size, "-");
}

static const char *status_group_at(const char *field)
{
    for (size_t i = 0; i < sizeof STATUS_GROUPS / sizeof *STATUS_GROUPS; i++)
        if (!strcmp(STATUS_GROUPS[i].first, field))
            return STATUS_GROUPS[i].title;
    return NULL;
}

static void status_print_figures(const struct mirror *mirror)
{
    static const struct table_column COLUMNS[] = {{"", TABLE_LEFT}, {"", TABLE_POINT}, {"", TABLE_LEFT}};
    const struct wire_message *message = wire_message(WIRE_STATUS);
    struct table *table = NULL;
    for (size_t i = 0; i <= message->field_count; i++) {
        const struct wire_field *field = i < message->field_count ? &message->fields[i] : NULL;
        const char *group = field ? status_group_at(field->name) : NULL;
        if (table && (group || !field)) {
            table_print(table, stdout, 2);
            table_free(table);
            table = NULL;
        }
        if (group) {
            printf("\n%s\n", group);
            table = table_new(COLUMNS, sizeof COLUMNS / sizeof *COLUMNS);
        }
        if (table && field) {
            char value[MIRROR_TEXT_MAX + 8], name[64];
            status_format(field, &mirror->status, value, sizeof value);
            snprintf(name, sizeof name, "%s", field->name);
            if (status_ends_in(name, "_us"))
                name[strlen(name) - 3] = '\0';
            /* Numbers in the second column, with what they say;
             * texts in the third: they explain themselves. */
            bool number = field->kind == WIRE_KIND_F64 || field->kind == WIRE_KIND_U64;
            const char *const cells[] = {name, number ? value : "", number ? field->help : value};
            table_add(table, cells);
        }
    }
}

static void status_print_faults(const struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->fault_count; i++) {
        const struct wire_fault *fault = &mirror->faults[i];
        char since[TIMEFMT_MAX];
        timefmt_local(since, sizeof since, fault->since_us, TIMEFMT_DATE);
        printf("%s since %s: %s\n    cure: %s\n", fault->severity >= 2 ? "ERROR" : "warning", since,
               fault->what, fault->cure);
    }
    if (!mirror->fault_count)
        puts("no faults");
}

static void status_print_refusals(const struct mirror *mirror)
{
    static const struct table_column COLUMNS[] = {
        {"TOPIC", TABLE_LEFT}, {"REFUSED", TABLE_RIGHT}, {"WHY", TABLE_LEFT}, {"PAYLOAD", TABLE_LEFT}};
    if (!mirror->refusal_count)
        return;
    puts("\nRefused payloads");
    struct table *table = table_new(COLUMNS, sizeof COLUMNS / sizeof *COLUMNS);
    for (size_t i = 0; i < mirror->refusal_count; i++) {
        const struct wire_refusal *refusal = &mirror->refusals[i];
        char count[32];
        snprintf(count, sizeof count, "%llu", (unsigned long long)refusal->count);
        const char *const cells[] = {refusal->topic, count, refusal->reason, refusal->excerpt};
        table_add(table, cells);
    }
    table_print(table, stdout, 2);
    table_free(table);
}

static void status_print(const struct mirror *mirror, enum status_exit judgement)
{
    char started[TIMEFMT_MAX];
    timefmt_local(started, sizeof started, mirror->welcome.started_us, TIMEFMT_DATE | TIMEFMT_OFFSET);
    printf("%s: %s\n", *mirror->welcome.plant ? mirror->welcome.plant : "hmi", STATUS_WORDS[judgement]);
    printf("recorder %s, process %u, since %s\nhistory %s\n\n", mirror->welcome.program, mirror->welcome.pid,
           started, mirror->welcome.history_path);
    status_print_faults(mirror);
    status_print_figures(mirror);
    status_print_refusals(mirror);
}

static int status_run(const struct cli_command *command, int argc, char **argv)
{
    struct cli_given given;
    struct client client;
    struct err err = {0};
    if (!cli_read_given(command, argc, argv, &given))
        return EX_USAGE;
    bool there = client_open(&client, given.config, &err) && client_snapshot(&client, &err);
    enum status_exit judgement = there ? status_judge(&client.mirror) : STATUS_CRITICAL;
    if (given.json)
        status_print_json(&client.mirror, judgement, there ? NULL : err.text);
    else if (there)
        status_print(&client.mirror, judgement);
    else
        printf("critical: %s\n", err.text);
    client_close(&client);
    return (int)judgement;
}

const struct cli_command CLI_STATUS = {
    .name = "status",
    .arguments = "",
    .summary = "health of the running recorder; exit status 0 good, 1 warning, 2 critical",
    .options = STATUS_OPTIONS,
    .run = status_run,
};
