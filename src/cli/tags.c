/* hmi tags: the current values, as a table for people or as JSON for programs. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/timefmt.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/table.h"
#include "plant/quality.h"

#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option TAGS_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    CLI_OPTION_JSON,
    {0},
};

static int tags_compare(const void *a, const void *b)
{
    const struct mirror_tag *const *one = a, *const *two = b;
    return strcmp((*one)->name, (*two)->name);
}

/* ---- JSON ---- */

static void tags_add_value(cJSON *object, const struct mirror_tag *tag)
{
    char text[MIRROR_TEXT_MAX];
    if (tag->type == VALUE_NUMBER)
        json_add_number(object, "value", tag->number);
    else if (tag->type == VALUE_TEXT)
        cJSON_AddStringToObject(object, "value", tag->text);
    else
        cJSON_AddNullToObject(object, "value");
    mirror_tag_value(tag, text, sizeof text);
    cJSON_AddStringToObject(object, "text", text);
}

static cJSON *tags_json_of(const void *context, size_t i)
{
    const struct mirror_tag *tag = ((struct mirror_tag *const *)context)[i];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "tag", tag->name);
    tags_add_value(object, tag);
    cJSON_AddStringToObject(object, "unit", tag->unit);
    cJSON_AddStringToObject(object, "quality", quality_word(tag->quality));
    json_add_unsigned(object, "quality_code", tag->quality);
    json_add_time(object, "time", tag->ts_us);
    json_add_time(object, "arrival", tag->arrival_us);
    cJSON_AddBoolToObject(object, "retained", tag->flags & WIRE_FLAG_RETAINED);
    cJSON_AddBoolToObject(object, "source_time", tag->flags & WIRE_FLAG_SOURCE_TIME);
    cJSON_AddStringToObject(object, "description", tag->description);
    cJSON_AddStringToObject(object, "topic", tag->topic);
    cJSON_AddStringToObject(object, "path", tag->path);
    cJSON_AddStringToObject(object, "area", tag->area);
    cJSON_AddStringToObject(object, "kind", TAG_KIND_WORDS[tag->kind]);
    cJSON_AddBoolToObject(object, "configured", tag->configured);
    return object;
}

/* ---- table ---- */

static void tags_print_table(struct mirror_tag *const *tags, size_t count, int64_t now_us)
{
    static const struct table_column COLUMNS[] = {
        {"TAG", TABLE_LEFT},     {"VALUE", TABLE_POINT}, {"UNIT", TABLE_LEFT},
        {"QUALITY", TABLE_LEFT}, {"AGE", TABLE_RIGHT},   {"DESCRIPTION", TABLE_LEFT},
    };
    struct table *table = table_new(COLUMNS, sizeof COLUMNS / sizeof *COLUMNS);
    for (size_t i = 0; i < count; i++) {
        const struct mirror_tag *tag = tags[i];
        char value[64], age[TIMEFMT_MAX] = "";
        mirror_tag_value(tag, value, sizeof value);
        if (tag->ts_us && mirror_tag_age_is_known(tag))
            timefmt_age(age, sizeof age, now_us > tag->ts_us ? now_us - tag->ts_us : 0);
        else if (tag->ts_us)
            snprintf(age, sizeof age, "?"); /* retained: nobody knows since when */
        const char *const cells[] = {tag->name, value,           tag->unit, mirror_tag_word(tag),
                                     age,       tag->description};
        table_add(table, cells);
    }
    table_print(table, stdout, 0);
    table_free(table);
}

static int tags_run(const struct cli_command *command, int argc, char **argv)
{
    struct cli_given given;
    struct client client;
    struct err err = {0};
    if (!cli_read_given(command, argc, argv, &given))
        return EX_USAGE;
    if (client_open(&client, given.config, &err) && client_snapshot(&client, &err)) {
        struct mirror *mirror = &client.mirror;
        struct mirror_tag **tags = mem_new(mirror->tag_count + 1, sizeof(struct mirror_tag *));
        size_t count = 0;
        for (size_t i = 0; i < mirror->tag_count; i++)
            if (cli_is_wanted(mirror->tags[i]->name, argv + optind))
                tags[count++] = mirror->tags[i];
        qsort(tags, count, sizeof(struct mirror_tag *), tags_compare);
        if (!count && optind < argc)
            err_set(&err, EX_DATAERR, "no tag matches '%s'", argv[optind]);
        if (given.json)
            json_print_lines(count, tags_json_of, tags);
        else if (!err.code)
            tags_print_table(tags, count, clock_wall_us());
        free(tags);
    }
    if (err.code)
        fprintf(stderr, "hmi tags: %s\n", err.text);
    client_close(&client);
    return err.code;
}

const struct cli_command CLI_TAGS = {
    .name = "tags",
    .arguments = "[TAG]...",
    .summary = "print the current values; a TAG may be a pattern, such as 'boiler.*'",
    .options = TAGS_OPTIONS,
    .run = tags_run,
};
