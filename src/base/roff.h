/* Text for manual pages, in the language of man(7). */
#ifndef BASE_ROFF_H
#define BASE_ROFF_H

#include <stdbool.h>

/* Prints text on standard output so that no character of it is taken for a request or an escape. `line_start`:
 * it begins a line of the page. */
void roff_print(const char *text, bool line_start);

/* The same for sentences: they begin a line, and what stands between back quotes becomes bold, without them. */
void roff_print_prose(const char *text);

#endif
