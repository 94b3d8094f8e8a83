#include "base/err.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool err_set(struct err *err, int code, const char *format, ...)
{
    if (!err)
        return false;
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    utf8_make_safe(err->text, sizeof err->text, text, strlen(text));
    err->code = code;
    return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
    if (!err)
        return false;
    char prefix[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    char *whole = mem_format("%s: %s", prefix, err->text);
    utf8_make_safe(err->text, sizeof err->text, whole,
                   strlen(whole)); /* one that is too long is cut at its end */
    free(whole);
    return false;
}
