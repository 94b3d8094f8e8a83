/* hmi's own alarms: the recorder says what stands; all else is as with the plant's. */
#include "plant/alarm_internal.h"

#include "base/utf8.h"

#include <math.h>
#include <string.h>

/* Definitions own their texts elsewhere, so they are not const there; nobody writes to these. */
#define TEXT(text) ((char[]){text})

/* clang-format off */
static const struct alarm_def SYSTEM_ALARMS[ALARM_SYSTEMS] = {
    [ALARM_SYSTEM_BROKER] = {
        .type = ALARM_SYSTEM, .name = TEXT("broker"), .priority = PRIORITY_CRITICAL, .message = TEXT("broker lost: no plant data"),
        .guidance = TEXT("Look at the broker and at the network; hmi connects again by itself.")},
    [ALARM_SYSTEM_HISTORIAN] = {
        .type = ALARM_SYSTEM, .name = TEXT("historian"), .priority = PRIORITY_HIGH, .message = TEXT("historian fault"),
        .guidance = TEXT("Samples wait in memory meanwhile. See the System screen, or hmi status.")},
    [ALARM_SYSTEM_DISK] = {
        .type = ALARM_SYSTEM, .name = TEXT("disk"), .priority = PRIORITY_MEDIUM, .message = TEXT("little space on the history's disk"),
        .guidance = TEXT("Free space, or set history.keep_days or keep_mb.")},
    [ALARM_SYSTEM_SPOOL] = {
        .type = ALARM_SYSTEM, .name = TEXT("spool"), .priority = PRIORITY_HIGH, .message = TEXT("samples or entries of the journal were lost"),
        .guidance = TEXT("The view gap says when. It clears when the recorder is started again.")},
    [ALARM_SYSTEM_CLOCK] = {
        .type = ALARM_SYSTEM, .name = TEXT("clock"), .priority = PRIORITY_LOW, .message = TEXT("the clock was set"),
        .guidance = TEXT("Let a time service keep the clock: times in the history jump there.")},
    [ALARM_SYSTEM_RESTARTED] = {
        .type = ALARM_SYSTEM, .name = TEXT("restarted"), .priority = PRIORITY_LOW, .message = TEXT("the recorder was started"),
        .guidance = TEXT("The view gap says how long nothing was recorded.")},
    [ALARM_SYSTEM_PAYLOADS] = {
        .type = ALARM_SYSTEM, .name = TEXT("payloads"), .priority = PRIORITY_LOW, .message = TEXT("values are missing"),
        .guidance = TEXT("The System screen lists them by topic, with the reason.")},
    [ALARM_SYSTEM_TAG_CAP] = {
        .type = ALARM_SYSTEM, .name = TEXT("tags"), .priority = PRIORITY_MEDIUM, .message = TEXT("the cap of tags is reached"),
        .guidance = TEXT("Narrow the filters in subscribe, or raise max_tags.")},
    [ALARM_SYSTEM_BUTTONS] = {
        .type = ALARM_SYSTEM, .name = TEXT("buttons"), .priority = PRIORITY_HIGH, .message = TEXT("button not let go"),
        .guidance = TEXT("Look at the plant. It clears when the next press has ended, or the recorder is started again.")},
};
/* clang-format on */

const struct alarm_def *alarm_system_def(enum alarm_system which)
{
    return &SYSTEM_ALARMS[which];
}

void alarms_set_system(const struct alarm_pass *pass, enum alarm_system which, bool stands,
                       const char *detail)
{
    struct alarm *alarm = pass->alarms->system[which];
    const struct alarm_reading reading = {.value = NAN, .limit = NAN};
    if (stands == alarm->condition)
        return;
    if (stands && detail)
        utf8_make_safe(alarm_own_texts(alarm)->detail, ALARM_DETAIL_MAX, detail, strlen(detail));
    alarm_set_condition(pass, alarm, stands, &reading);
}
