/* Errors as values: a code for the exit status and a message for a person. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <sysexits.h>

#define ERR_TEXT_MAX 1024

struct err {
    int code;                /* a sysexits.h code; 0 while no error has been set */
    char text[ERR_TEXT_MAX]; /* what is wrong and what to do; never empty once set; safe on a terminal */
};

/* Records an error, replacing an earlier one. `err` may be NULL when the caller does not care. What is not fit for a
 * terminal, of a file's or a tag's name for instance, is replaced (utf8_make_safe()).
 * Always returns false, so that a function can `return err_set(err, EX_..., "...")`. */
bool err_set(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the message that is already there. Always returns false. */
bool err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
