/* "Did you mean": the known word nearest to a misspelt one. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* Edits (insert, delete, replace a letter, swap two neighbours) that make one text of the other; case does
 * not count. The restricted Damerau-Levenshtein distance. Texts over 63 bytes count as far apart. */
size_t suggest_distance(const char *a, const char *b);

/* True when `candidate` is near enough to `word` to be proposed:
 * one edit, in long words a third of the letters. */
bool suggest_is_near(const char *word, const char *candidate);

/* True when it is also nearer than `best`, the candidate found so far (NULL: none). */
bool suggest_is_nearer(const char *word, const char *candidate, const char *best);

/* The one of the words (a list that ends in NULL) that was probably meant: the nearest, else the longest of those that
 * `word` begins with, as "high" does with "hi"; NULL: none. */
const char *suggest_choice(const char *word, const char *const *choices);

#endif
