/* UTF-8 from outside, made safe before a terminal sees it. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xFFFDu

/* Decodes one code point of `length` > 0 bytes. Returns the bytes used (1 for an invalid byte, with
 * *code_point = UTF8_REPLACEMENT). Overlong forms, surrogates and values over U+10FFFF are invalid. */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *code_point);

/* Writes a code point; returns 1 to 4 bytes. */
size_t utf8_encode(char out[4], uint32_t code_point);

/* True for what must never reach a terminal as it is: C0, DEL, C1, bidirectional controls, line and paragraph
 * separators, invisible format characters, tags, private use and non-characters. */
bool utf8_is_unsafe(uint32_t code_point);

/* Copies text for display: an unsafe or invalid part becomes U+FFFD (a run of them one each),
 * the result is NUL-terminated valid UTF-8 cut at a character.
 * `size` ≥ 1. Returns false when something had to be cut off. */
bool utf8_make_safe(char *out, size_t size, const char *bytes, size_t length);

/* Columns that a safe text takes on a terminal (wide characters 2, combining 0).
 * Does not depend on the locale. */
int utf8_columns(const char *text);

/* Columns of one code point: 0, 1 or 2. */
int utf8_code_point_columns(uint32_t code_point);

/* Copies as much of a safe text as fits `columns`; ends in `mark` (such as "…" or "~") when it was cut and
 * the mark fits. Returns the columns used. */
int utf8_fit(char *out, size_t size, const char *text, int columns, const char *mark);

#endif
