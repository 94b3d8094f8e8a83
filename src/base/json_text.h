/* Texts inside JSON that is written by hand. */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "base/buf.h"

#include <stddef.h>

/* Appends a text with its quotation marks. What a terminal could take for a command, and what is no UTF-8, is escaped:
 * the reader gets the same text, but for the latter, which becomes U+FFFD. */
void json_text_append(struct buf *out, const char *text, size_t length);

#endif
