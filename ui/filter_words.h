/* The words of a filter that an operator types: "pump area:boiler" is two, both of which have to match. Pure. */
#ifndef UI_FILTER_WORDS_H
#define UI_FILTER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* The next word of *filter, which moves behind it; its length in bytes, 0 at the end. */
size_t filter_words_next(const char **filter, const char **word);

/* The length of `name`, such as "area:", when the word begins with it (case does not matter); else 0. */
size_t filter_words_prefix(const char *word, size_t length, const char *name);

/* Whether the word is somewhere in the text; case does not matter. An empty one is in every text. */
bool filter_words_contains(const char *text, const char *word, size_t length);

/* Whether the text begins with the word; case does not matter. */
bool filter_words_begins(const char *text, const char *word, size_t length);

#endif
