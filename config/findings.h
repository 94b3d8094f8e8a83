/* What is found while a configuration is read: faults and warnings with their places, and the places of the
 * values, so that a check that runs later on the loaded structures can still name the line. */
#ifndef CONFIG_FINDINGS_H
#define CONFIG_FINDINGS_H

#include "config/config.h"

#include <stdarg.h>

struct findings_note;
struct findings_place;

struct findings {
    struct findings_note *notes;
    size_t note_count, note_capacity;
    size_t fault_count;
    struct findings_place *places; /* of values, by address; sorted when `places_sorted` */
    size_t place_count, place_capacity;
    bool places_sorted;
};

/* No findings. Release with findings_free(). */
void findings_init(struct findings *findings);
void findings_free(struct findings *findings);

/* Records a fault or a warning at a line. `file` is borrowed until the findings are released. */
void findings_fault_at(struct findings *findings, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void findings_warn_at(struct findings *findings, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Remembers where the value stored at `address` was given. A structure and its first member share an address:
 * `whole` says that the structure is meant. */
void findings_remember(struct findings *findings, const void *address, bool whole, const char *file,
                       int line);

/* Whether the value stored at `address` was given in the file (rightly or wrongly). */
bool findings_is_given(struct findings *findings, const void *address);

/* The same as the ..._at functions, at the place of the value at `address`; where that was not given, at the
 * place of the structure `whole`. */
void findings_fault(struct findings *findings, const void *address, const void *whole, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
void findings_warn(struct findings *findings, const void *address, const void *whole, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define FINDINGS_SHOWN_MAX 1000

/* Moves all into the report, in the order of the lines.
 * At most FINDINGS_SHOWN_MAX of a kind, then their number. */
void findings_report(struct findings *findings, struct config_report *report);

#endif
