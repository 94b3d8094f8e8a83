/* Numbers as text, always with a point. The programs set only LC_CTYPE, so the C library's own functions
 * agree; these add strictness: no hexadecimal, no blanks inside, the whole text or nothing. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>

#define NUM_TEXT_MAX 40

/* Reads a decimal number, blanks around it allowed. "nan", "inf", "infinity" (any case, signed) are read as
 * such: the caller decides what they mean. Returns false for anything else, an empty text included. */
bool num_parse(const char *text, size_t length, double *out);

/* With `decimals` ≥ 0 fixed notation; with -1 as few digits (at most 7 significant, but all of those before
 * the point) as show the value well. Exponent notation for magnitudes over 2^53 (9007199254740992), up to
 * which doubles are exact whole numbers; with decimals already from 1e15 on. */
void num_format(char *out, size_t size, double value, int decimals);

/* The same in at most `columns` characters (`size` is greater than that): with fewer decimals, else with an
 * exponent and fewer digits; never without the exponent. "###" where not even one digit has room. */
void num_format_fit(char *out, size_t size, double value, int decimals, int columns);

/* The shortest text that reads back as exactly the same value; for programs. */
void num_format_exact(char *out, size_t size, double value);

/* As num_format() as long as that reads back as exactly the same value, else as num_format_exact(): where a person is
 * to know the very number. */
void num_format_whole(char *out, size_t size, double value, int decimals);

#endif
