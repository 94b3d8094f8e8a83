#include "ui/screens/screens.h"

#include <stddef.h>

static const struct screen_class *const CLASSES[SCREEN_ID_COUNT] = {
    [SCREEN_TAGS] = &SCREEN_CLASS_TAGS,         [SCREEN_DETAIL] = &SCREEN_CLASS_DETAIL,
    [SCREEN_SYSTEM] = &SCREEN_CLASS_SYSTEM,     [SCREEN_HELP] = &SCREEN_CLASS_HELP,
    [SCREEN_PALETTE] = &SCREEN_CLASS_PALETTE,   [SCREEN_QUIT] = &SCREEN_CLASS_QUIT,
    [SCREEN_SETPOINT] = &SCREEN_CLASS_SETPOINT, [SCREEN_TRENDS] = &SCREEN_CLASS_TRENDS,
    [SCREEN_PENS] = &SCREEN_CLASS_PENS,         [SCREEN_ALARMS] = &SCREEN_CLASS_ALARMS,
    [SCREEN_ALARM] = &SCREEN_CLASS_ALARM,       [SCREEN_COMMANDS] = &SCREEN_CLASS_COMMANDS,
};

const struct screen_class *screen_class_of(enum screen_id id)
{
    return CLASSES[id];
}
