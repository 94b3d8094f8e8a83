/* What the broker brings of commands: its acknowledgements, readbacks, and what others publish on setpoints' topics. */
#include "base/clock.h"
#include "base/utf8.h"
#include "recorder/recorder_buttons.h"
#include "recorder/recorder_commands_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void recorder_commands_published(struct recorder *recorder, int message_id, int reason_code,
                                 const char *reason)
{
    struct command *command = commands_by_message(&recorder->commands, message_id);
    if (!recorder_buttons_published(recorder, message_id, reason_code, reason) && command)
        command_acknowledge(command, reason_code, reason, clock_mono_us());
}

/* A reload may have given the readback another scale: a value in other units says nothing of the one that was sent. */
static bool commands_is_same_scale(const struct command *command, const struct tag *readback)
{
    return readback->def.scale_factor == command->readback_factor &&
           readback->def.scale_offset == command->readback_offset;
}

static bool commands_is_live(const struct tag *tag)
{
    return quality_is_good(tag->quality) && !tag->retained && !tag->backlog && !tag->truncated;
}

void recorder_commands_received(struct recorder *recorder)
{
    for (size_t i = 0; i < COMMANDS_MAX && recorder->commands.count; i++) {
        struct command *command = recorder->commands.rows[i];
        if (!command || !command->readback_id || !command->published_us || command_is_ended(command))
            continue;
        const struct tag *tag = recorder->plant.tags[command->readback_index];
        if (recorder_commands_samples(tag) == command->readback_samples)
            continue;
        command->readback_samples = recorder_commands_samples(tag);
        const struct value value = plant_tag_value(tag);
        if (!commands_is_same_scale(command, tag))
            command_step(command, COMMAND_LOST, clock_mono_us(),
                         "the configuration was read again, and its readback has another scale now");
        else if (commands_is_live(tag))
            command_read_back(command, &value, clock_mono_us());
    }
}

/* The echo of a command that was given by this recorder or an earlier one of this file. */
static bool commands_is_correlated(const struct recorder *recorder, const struct mqtt_message *message)
{
    return answers_find_command(&recorder->answers, message->correlation, message->correlation_length) != 0;
}

static const struct tag_def *commands_find_topic(const struct config *config, const char *topic)
{
    for (size_t i = 0; i < config->tag_count; i++)
        if (config->tags[i].setpoint && !strcmp(config->tags[i].setpoint->topic, topic))
            return &config->tags[i];
    return NULL;
}

void recorder_commands_overheard(struct recorder *recorder, const struct mqtt_message *message)
{
    uint64_t left_out;
    int64_t now_us = recorder->time.mono_us;
    /* With 3.1.1 what the broker kept while we were away cannot be told from our own. */
    bool nameless = recorder->plant.backlog && !uplink_version5(recorder->uplink);
    if (message->retained || nameless || commands_is_correlated(recorder, message) ||
        foreign_is_own(&recorder->foreign, message->topic, message->payload, message->length, now_us))
        return;
    recorder->status.wire.foreign_commands++;
    if (!foreign_count(&recorder->foreign, now_us, &left_out))
        return;
    const struct tag_def *def = commands_find_topic(recorder->config, message->topic);
    char excerpt[128] = "", detail[256];
    if (message->length)
        utf8_make_safe(excerpt, sizeof excerpt, (const char *)message->payload, message->length);
    snprintf(detail, sizeof detail, "payload %s%s%.0" PRIu64, excerpt,
             left_out ? "; not entered since the last one: " : "", left_out);
    const struct commands_entry entry = {
        .kind = JOURNAL_FOREIGN, .event = "published", .tag = def ? def->name : NULL, .detail = detail};
    const struct tag *tag = def ? plant_tag_by_name(&recorder->plant, def->name) : NULL;
    struct command shown = {.id = COMMAND_FOREIGN_ID + recorder->status.wire.foreign_commands,
                            .ts_us = recorder->time.wall_us,
                            .tag_id = tag ? tag->id : 0,
                            .tag_index = tag ? tag->index : 0};
    recorder_commands_enter(recorder, &entry);
    recorder_commands_show_other(recorder, &shown, COMMAND_FOREIGN, detail);
}
