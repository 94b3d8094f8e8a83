#include "cli/import_value.h"

#include "base/num.h"
#include "plant/decode.h"

#include <string.h>
#include <sysexits.h>

#define IMPORT_SHOWN 40 /* bytes of a value in a message */

enum tag_kind import_value_kind(const struct value *value, bool quoted)
{
    struct decode_item item = {0};
    if (value->type != VALUE_TEXT)
        return TAG_ANALOG;
    decode_scalar(value->text, value->text_length, &item);
    return item.kind == DECODE_BOOLEAN && !quoted ? TAG_DISCRETE : TAG_TEXT;
}

static void import_set_number(struct value *value, double number)
{
    value->type = VALUE_NUMBER;
    value->number = number;
}

bool import_value_fit(struct value *value, bool quoted, enum tag_kind kind, const struct tag_state *states,
                      size_t state_count)
{
    if (kind == TAG_TEXT) {
        if (value->type == VALUE_NUMBER && quoted)
            value->type = VALUE_TEXT; /* "007" of a text */
        return true;
    }
    if (value->type != VALUE_TEXT)
        return true;
    const struct tag_def def = {.states = (struct tag_state *)states, .state_count = state_count};
    struct decode_item item = {0};
    double number;
    decode_scalar(value->text, value->text_length, &item);
    if (tag_def_state_value(&def, item.text, item.text_length, &number))
        import_set_number(value, number);
    else if (kind == TAG_DISCRETE && item.kind == DECODE_BOOLEAN)
        import_set_number(value, item.number);
    else if (!value->text_length)
        value->type = VALUE_NONE;
    else
        return false;
    return true;
}

/* Would it be a number with a point instead of its comma? */
static bool import_has_decimal_comma(const struct value *value)
{
    char text[NUM_TEXT_MAX];
    double number;
    if (value->text_length >= sizeof text)
        return false;
    memcpy(text, value->text, value->text_length);
    char *comma = memchr(text, ',', value->text_length);
    if (!comma)
        return false;
    *comma = '.';
    return num_parse(text, value->text_length, &number);
}

bool import_value_refuse(const struct value *value, enum tag_kind kind, const char *tag, struct err *err)
{
    int shown = value->text_length < IMPORT_SHOWN ? (int)value->text_length : IMPORT_SHOWN;
    const char *needs = import_has_decimal_comma(value) ? "a number with a point, not a comma"
                        : kind == TAG_DISCRETE          ? "a number or the text of one of its states"
                                                        : "a number";
    return err_set(err, EX_DATAERR, "'%.*s' is no value of '%s': a tag of kind %s takes %s", shown,
                   value->text, tag, TAG_KIND_WORDS[kind], needs);
}
