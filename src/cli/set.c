/* hmi set: gives a command (a setpoint) and waits for what becomes of it. */
#include "base/num.h"
#include "base/utf8.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "plant/command.h"

#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct cli_option SET_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {'y', "yes", NULL, "do it; without this nothing is sent, only what would be is printed"},
    {'r', "reason", "TEXT", "why; it stands in the journal"},
    {0},
};

/* What a script learns from the exit status. */
static const int SET_STATUS[COMMAND_STATES] = {
    [COMMAND_DONE] = EX_OK,
    [COMMAND_UNVERIFIED] = EX_OK,
    [COMMAND_MISMATCH] = EX_PROTOCOL,
    [COMMAND_TIMED_OUT] = EX_TEMPFAIL,
    [COMMAND_UNREACHED] = EX_UNAVAILABLE,
    [COMMAND_REJECTED] = EX_NOPERM,
    [COMMAND_CANCELLED] = EX_TEMPFAIL,
    [COMMAND_UNKNOWN] = EX_TEMPFAIL,
    [COMMAND_REFUSED] = EX_NOPERM,
    [COMMAND_FOREIGN] = EX_SOFTWARE,
};

struct set_wish {
    const struct mirror_tag *tag, *present; /* `present` tells the setpoint's present value */
    struct wire_ask ask;
};

static const struct mirror_tag *set_find(const struct mirror *mirror, const char *name)
{
    for (size_t i = 0; i < mirror->tag_count; i++)
        if (!strcmp(mirror->tags[i]->name, name))
            return mirror->tags[i];
    return NULL;
}

static bool set_state_value(const struct mirror_tag *tag, const char *text, double *value)
{
    for (size_t i = 0; i < tag->state_count; i++)
        if (!strcasecmp(tag->states[i].text, text)) {
            *value = tag->states[i].value;
            return true;
        }
    return false;
}

/* A number, the name of a state of the tag or of its readback, or the text for a text tag. */
static bool set_read_value(struct set_wish *wish, const char *text, struct err *err)
{
    if (wish->tag->kind == TAG_TEXT) {
        wish->ask.value_type = VALUE_TEXT;
        wish->ask.text = text;
        return true;
    }
    wish->ask.value_type = VALUE_NUMBER;
    return set_state_value(wish->present, text, &wish->ask.number) ||
           set_state_value(wish->tag, text, &wish->ask.number) ||
           (num_parse(text, strlen(text), &wish->ask.number) && isfinite(wish->ask.number)) ||
           err_set(err, EX_USAGE, "'%s' is neither a number nor a state of %s%s", text, wish->tag->name,
                   strchr(text, ',') ? ": numbers have a point, not a comma" : "");
}

static bool set_find_tag(struct set_wish *wish, const struct mirror *mirror, const char *name,
                         struct err *err)
{
    wish->tag = wish->present = set_find(mirror, name);
    if (!wish->tag)
        return err_set(err, EX_DATAERR, "there is no tag \"%s\"; hmi tags lists them", name);
    const struct wire_setpoint *setpoint = wish->tag->setpoint;
    if (setpoint && *setpoint->readback && set_find(mirror, setpoint->readback))
        wish->present = set_find(mirror, setpoint->readback);
    wish->ask.action = WIRE_ACTION_SET;
    wish->ask.argument = name;
    return true;
}

/* Nobody is told to say --yes to what would be refused now: the recorder's gate is asked. */
static bool set_look_ahead(struct client *client, const struct set_wish *wish, struct err *err)
{
    struct wire_ask ask = wish->ask;
    ask.action = WIRE_ACTION_TRY_SET;
    if (!client_request(client, &ask, err))
        return false;
    const struct wire_answer *answer = &client->mirror.answer;
    return answer->good || err_set(err, answer->code ? (int)answer->code : EX_NOPERM,
                                   "it would be refused now: %s", answer->text);
}

/* "lamp  STOPPED -> RUNNING", "boiler.setpoint  40.0 -> 42.5 °C, limits 20 to 110 °C": before it is done. */
static void set_print_summary(const struct set_wish *wish)
{
    char old[MIRROR_TEXT_MAX], new[MIRROR_TEXT_MAX], low[NUM_TEXT_MAX], high[NUM_TEXT_MAX];
    const struct mirror_tag *tag = wish->tag, *shown = wish->present;
    const struct wire_setpoint *setpoint = tag->setpoint;
    mirror_tag_value(shown, old, sizeof old);
    if (wish->ask.value_type == VALUE_TEXT)
        utf8_make_safe(new, sizeof new, wish->ask.text, strlen(wish->ask.text));
    else
        mirror_tag_number_whole(tag->state_count && !shown->state_count ? tag : shown, wish->ask.number, new,
                                sizeof new);
    printf("%s  %s -> %s%s%s", tag->name, *old ? old : "(nothing)", new, *tag->unit ? " " : "", tag->unit);
    if (setpoint && tag->kind != TAG_DISCRETE && isfinite(setpoint->low) && isfinite(setpoint->high)) {
        num_format(low, sizeof low, setpoint->low, -1);
        num_format(high, sizeof high, setpoint->high, -1);
        printf(", limits %s to %s%s%s", low, high, *tag->unit ? " " : "", tag->unit);
    }
    printf("\n");
}

/* ---- what becomes of it ---- */

struct set_stages {
    bool journaled, published, broker, readback;
};

static void set_print_stage(bool *printed, const char *what, int64_t ms)
{
    if (*printed || ms < 0)
        return;
    *printed = true;
    printf("%-24s %6" PRId64 " ms\n", what, ms);
}

static void set_on_command(void *context, const struct wire_command *command)
{
    struct set_stages *stages = context;
    set_print_stage(&stages->journaled, "on record", command->ms_journaled);
    set_print_stage(&stages->published, "sent", command->ms_published);
    set_print_stage(&stages->broker, "broker answered", command->ms_broker);
    set_print_stage(&stages->readback, "read back", command->ms_readback);
    fflush(stdout);
}

static void set_print_readback(const struct set_wish *wish, const struct wire_command *command)
{
    char number[NUM_TEXT_MAX + MIRROR_TEXT_MAX];
    if (command->readback_type == VALUE_TEXT)
        printf("the readback %s says %s\n", wish->present->name, command->readback_text);
    if (command->readback_type != VALUE_NUMBER)
        return;
    mirror_tag_number_whole(wish->present, command->readback_number, number, sizeof number);
    printf("the readback %s says %s%s%s\n", wish->present->name, number, *wish->present->unit ? " " : "",
           wish->present->unit);
}

static int set_report(const struct set_wish *wish, const struct wire_command *command)
{
    printf("%s %" PRId64 " ms: %s%s%s\n", COMMAND_STATE_WORDS[command->state], command->ms_ended,
           COMMAND_STATE_TEXTS[command->state], *command->detail ? ": " : "", command->detail);
    if (*command->answer)
        printf("the device answers: %s\n", command->answer);
    if (command->state == COMMAND_MISMATCH)
        set_print_readback(wish, command);
    return SET_STATUS[command->state];
}

static int set_do(struct client *client, struct set_wish *wish, struct err *err)
{
    struct set_stages stages = {0};
    /* The recorder ends it: what cannot be recorded, and then what is not read back, within that time. */
    int64_t wait_us = wish->tag->setpoint ? 2 * wish->tag->setpoint->timeout_us : 0;
    if (!client_command(client, &wish->ask, wait_us, set_on_command, &stages, err))
        return err->code;
    const struct wire_answer *answer = &client->mirror.answer;
    if (!answer->good) {
        err_set(err, answer->code ? (int)answer->code : EX_NOPERM, "refused: %s", answer->text);
        return err->code;
    }
    return set_report(wish, mirror_find_command(&client->mirror, answer->command));
}

static int set_run_with(const char *config, char *const *operands, struct set_wish *wish, bool yes,
                        struct err *err)
{
    struct client client;
    int status = EX_OK;
    bool good = client_open(&client, config, err) && client_snapshot(&client, err) &&
                set_find_tag(wish, &client.mirror, operands[0], err) &&
                set_read_value(wish, operands[1], err);
    if (good)
        set_print_summary(wish);
    if (good && yes)
        status = set_do(&client, wish, err);
    else if (good && set_look_ahead(&client, wish, err))
        err_set(err, EX_USAGE, "nothing was sent; with --yes it will be");
    client_close(&client);
    return err->code ? err->code : status;
}

static int set_run(const struct cli_command *command, int argc, char **argv)
{
    const char *config = NULL, *value;
    struct set_wish wish = {0};
    struct err err = {0};
    bool yes = false;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key == 'c')
            config = value;
        else if (key == 'y')
            yes = true;
        else if (key == 'r')
            wish.ask.reason = value;
        else
            return EX_USAGE;
    }
    if (argc - optind != 2) {
        fprintf(stderr, "hmi set: which tag, and to what? hmi set TAG VALUE --yes\n");
        return EX_USAGE;
    }
    int status = set_run_with(config, argv + optind, &wish, yes, &err);
    if (err.code)
        fprintf(stderr, "hmi set: %s\n", err.text);
    return status;
}

const struct cli_command CLI_SET = {
    .name = "set",
    .arguments = "TAG VALUE",
    .summary =
        "give a setpoint and wait for the readback: VALUE is a number (write -- before a negative one), the "
        "name of a state, or a text",
    .options = SET_OPTIONS,
    .run = set_run,
};
