#include "base/roff.h"

#include <stdio.h>
#include <string.h>

static const char *roff_escape(char c)
{
    switch (c) {
    case '\\':
        return "\\e";
    case '-': /* a plain one becomes a hyphen, which cannot be copied into a command */
        return "\\-";
    case '"': /* in the argument of a macro a plain one ends it */
        return "\\(dq";
    default:
        return NULL;
    }
}

static void roff_put(const char *text, bool line_start, bool prose)
{
    bool bold = false;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        line_start = *text == '\n';
        const char *escape = roff_escape(*text);
        if (escape) {
            fputs(escape, stdout);
        } else if (prose && *text == '`' && (bold || strchr(text + 1, '`'))) {
            bold = !bold;
            fputs(bold ? "\\fB" : "\\fR", stdout);
        } else {
            putchar(*text);
        }
    }
}

void roff_print(const char *text, bool line_start)
{
    roff_put(text, line_start, false);
}

void roff_print_prose(const char *text)
{
    roff_put(text, true, true);
}
