/* What is another in one configuration than in the other: for the journal, when a recorder takes it. By the option table,
 * so that no option is forgotten. */
#ifndef CONFIG_COMPARE_H
#define CONFIG_COMPARE_H

#include "config/config.h"

#include <stddef.h>

/* Writes the names of the options that differ, of the tags how many are new, gone and changed, with the names of the
 * first: "lock_after; tags: 1 new (a.b), 2 changed (c, d)"; "nothing" where nothing does. Cut where there is no room. */
void config_describe_changes(const struct config *old, const struct config *new, char *out, size_t size);

#endif
