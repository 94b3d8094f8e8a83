/* What a value of a file becomes in a tag of a certain kind: by the same rules as payloads of the plant. Pure. */
#ifndef CLI_IMPORT_VALUE_H
#define CLI_IMPORT_VALUE_H

#include "base/err.h"
#include "plant/tagdef.h"
#include "plant/value.h"

#include <stdbool.h>

/* The kind of a tag that is made for this first value: a boolean that does not stand in quotes is discrete. */
enum tag_kind import_value_kind(const struct value *value, bool quoted);

/* Turns a value into what a tag of the kind stores. In a text tag a number in quotes is a text. In others a text must
 * be a state's (case does not matter) or, of a discrete tag, a boolean, which become numbers; an empty one is no value.
 * False for any other text: *value stays as it is. `states` may be NULL. */
bool import_value_fit(struct value *value, bool quoted, enum tag_kind kind, const struct tag_state *states,
                      size_t state_count);

/* Says why a text does not fit; returns false. */
bool import_value_refuse(const struct value *value, enum tag_kind kind, const char *tag, struct err *err);

#endif
