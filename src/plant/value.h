/* A value as the plant sends it: nothing, a number or a text. */
#ifndef PLANT_VALUE_H
#define PLANT_VALUE_H

#include <stddef.h>
#include <stdint.h>

enum value_type { VALUE_NONE, VALUE_NUMBER, VALUE_TEXT };

struct value {
    enum value_type type;
    double number;      /* VALUE_NUMBER; never NaN or infinite */
    const char *text;   /* VALUE_TEXT: borrowed, not NUL-terminated, not safe for a terminal */
    size_t text_length; /* bytes */
};

#endif
