#include "base/num.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NUM_FIXED_MOST 999999999999999.0  /* with decimals: 15 digits before the point */
#define NUM_WHOLE_MOST 9007199254740992.0 /* 2^53: up to here every whole number is a double */

#define NUM_PARSE_MAX 400 /* the greatest double has 309 digits before the point */

static bool num_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Digits with at most one point and an exponent: what strtod may then read without surprises (it takes
 * hexadecimal and "nan(...)" too). */
static bool num_is_decimal(const char *text)
{
    const char *p = text;
    size_t digits = 0;
    if (*p == '+' || *p == '-')
        p++;
    for (; isdigit((unsigned char)*p); p++)
        digits++;
    if (*p == '.')
        for (p++; isdigit((unsigned char)*p); p++)
            digits++;
    if (!digits)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-')
            p++;
        if (!isdigit((unsigned char)*p))
            return false;
        while (isdigit((unsigned char)*p))
            p++;
    }
    return *p == '\0';
}

static bool num_is_special(const char *text, double *out)
{
    bool negative = *text == '-';
    if (*text == '+' || *text == '-')
        text++;
    if (!strcasecmp(text, "nan"))
        *out = NAN;
    else if (!strcasecmp(text, "inf") || !strcasecmp(text, "infinity"))
        *out = negative ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}

/* The common payload: a sign, up to 15 digits and at most 15 of them behind a point. Exact, because both the
 * digits and the power of ten are exact doubles and one division rounds correctly (Clinger's fast path). */
static bool num_parse_fast(const char *text, size_t length, double *out)
{
    static const double POWERS[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    size_t i = 0, digits = 0, fraction = 0;
    long long value = 0;
    bool point = false, negative = length && text[0] == '-';
    for (i = negative; i < length; i++) {
        if (text[i] == '.' && !point) {
            point = true;
        } else if (text[i] >= '0' && text[i] <= '9') {
            value = value * 10 + (text[i] - '0');
            digits++;
            fraction += point;
        } else {
            return false;
        }
        if (digits > 15)
            return false;
    }
    if (!digits)
        return false;
    double magnitude = (double)value / POWERS[fraction];
    *out = negative ? -magnitude : magnitude;
    return true;
}

bool num_parse(const char *text, size_t length, double *out)
{
    char copy[NUM_PARSE_MAX];
    if (num_parse_fast(text, length, out))
        return true;
    while (length && num_is_blank(text[0])) {
        text++;
        length--;
    }
    while (length && num_is_blank(text[length - 1]))
        length--;
    if (!length || length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (strlen(copy) != length)
        return false;
    if (num_is_special(copy, out))
        return true;
    if (!num_is_decimal(copy))
        return false;
    *out = strtod(copy, NULL);
    return true;
}

/* "-0.0": what is left of -0.04 has no sign. */
static void num_drop_sign_of_zero(char *out)
{
    if (*out == '-' && !strpbrk(out, "123456789i"))
        memmove(out, out + 1, strlen(out));
}

void num_format(char *out, size_t size, double value, int decimals)
{
    double plain_most = decimals > 0 ? NUM_FIXED_MOST : NUM_WHOLE_MOST;
    if (isnan(value))
        snprintf(out, size, "nan");
    else if (fabs(value) > plain_most)
        snprintf(out, size, "%.6g", value);
    else if (decimals >= 0)
        snprintf(out, size, "%.*f", decimals, value);
    else
        snprintf(out, size, fabs(value) >= 1e7 ? "%.0f" : "%.7g", value);
    num_drop_sign_of_zero(out);
}

/* Fewer decimals of a text in fixed notation, as long as something of the value is left. */
static bool num_shorten_decimals(char *out, size_t size, double value, size_t columns)
{
    const char *point = strchr(out, '.');
    bool is_zero = !strpbrk(out, "123456789");
    if (!point || strpbrk(out, "en"))
        return false;
    for (int decimals = (int)strlen(point + 1) - 1; decimals >= 0; decimals--) {
        char text[NUM_TEXT_MAX];
        snprintf(text, sizeof text, "%.*f", decimals, value);
        num_drop_sign_of_zero(text);
        if (!is_zero && !strpbrk(text, "123456789"))
            return false;
        if (strlen(text) <= columns) {
            snprintf(out, size, "%s", text);
            return true;
        }
    }
    return false;
}

void num_format_fit(char *out, size_t size, double value, int decimals, int columns)
{
    size_t most = columns > 0 ? (size_t)columns : 0;
    num_format(out, size, value, decimals);
    if (strlen(out) <= most || num_shorten_decimals(out, size, value, most))
        return;
    for (int digits = 6; digits >= 0 && isfinite(value); digits--) {
        snprintf(out, size, "%.*e", digits, value);
        if (strlen(out) <= most)
            return;
    }
    snprintf(out, size, "%.*s", (int)most, "########################################");
}

void num_format_exact(char *out, size_t size, double value)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            return;
    }
}

void num_format_whole(char *out, size_t size, double value, int decimals)
{
    double shown;
    num_format(out, size, value, decimals);
    if (!num_parse(out, strlen(out), &shown) || shown != value)
        num_format_exact(out, size, value);
}
