/* What the option table cannot say row by row: values that must agree with each other. */
#ifndef CONFIG_VALIDATE_H
#define CONFIG_VALIDATE_H

#include "config/findings.h"

/* Fills in what depends on other options: areas, ports, subscriptions, the ranges of setpoints, the defaults
 * of a signal's alarms. Runs before the checks; bears members that are missing. */
void derive_config(struct config *config, struct findings *findings);

/* The part about what suppresses alarms by design: groups, states by their text. (config/suppression.c) */
void derive_suppressions(struct config *config);
void validate_suppressions(const struct config *config, struct findings *findings);

/* Checks the whole; every fault is recorded. */
void validate_config(struct config *config, struct findings *findings);

/* The part about one tag's own alarms and setpoint. `tags` holds all tags by name. */
struct map;
void validate_tag_alarms(const struct tag_def *tag, const struct map *tags, struct findings *findings);

/* The name of a tag that was probably meant; NULL: none is near, or there are too many faults to look for all. */
const char *validate_near_tag(const struct map *tags, const char *name, const struct findings *findings);
void validate_tag_setpoint(const struct tag_def *tag, const struct map *tags, struct findings *findings);

/* Looks at what the file refers to:
 * password, certificates, pictures, users and groups, topics that no subscription covers. */
void validate_surroundings(const struct config *config, struct findings *findings);

#endif
