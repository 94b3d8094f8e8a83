/* The grammar of libconfig checked by our own eyes, so that every error has a line, a reason and a cure. */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include "config/source.h"

#define SYNTAX_DEPTH_MAX 16 /* groups and lists inside each other; the options need 7 */

/* Checks the text and turns [ ] into ( ): to libconfig an array must hold numbers of one kind only, a list
 * need not. Integers that would lose their value are faults of their own and do not stop the check. False
 * when the grammar is broken (with its first fault, for what follows can no longer be trusted). */
bool syntax_check(struct source *source, struct findings *findings);

#endif
