/* The screens, each in a file of its own. */
#ifndef UI_SCREENS_SCREENS_H
#define UI_SCREENS_SCREENS_H

#include "ui/screen.h"

extern const struct screen_class SCREEN_CLASS_TAGS;
extern const struct screen_class SCREEN_CLASS_DETAIL;
extern const struct screen_class SCREEN_CLASS_ALARMS;
extern const struct screen_class SCREEN_CLASS_ALARM;
extern const struct screen_class SCREEN_CLASS_SYSTEM;
extern const struct screen_class SCREEN_CLASS_HELP;
extern const struct screen_class SCREEN_CLASS_PALETTE;
extern const struct screen_class SCREEN_CLASS_QUIT;
extern const struct screen_class SCREEN_CLASS_TRENDS;
extern const struct screen_class SCREEN_CLASS_PENS;
extern const struct screen_class SCREEN_CLASS_SETPOINT;
extern const struct screen_class SCREEN_CLASS_COMMANDS;

#endif
