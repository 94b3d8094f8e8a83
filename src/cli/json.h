/* Numbers in the JSON that hmi prints: cJSON writes 15 digits of a number, which is not every number. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stddef.h>
#include <stdint.h>

struct cJSON;

/* Adds a number that reads back as exactly the same value; null for what JSON has no number for. */
void json_add_number(struct cJSON *object, const char *name, double value);

/* Adds a whole number, all digits of it. */
void json_add_signed(struct cJSON *object, const char *name, int64_t value);
void json_add_unsigned(struct cJSON *object, const char *name, uint64_t value);

/* Adds a time (µs since 1970) as ISO 8601 in UTC; null for 0, never. */
void json_add_time(struct cJSON *object, const char *name, int64_t ts_us);

/* Prints a list in which each object stands on a line of its own: readable, and fit for line tools. The objects are
 * made by `object_of`, called with 0 to count - 1, and freed. */
void json_print_lines(size_t count, struct cJSON *(*object_of)(const void *context, size_t i),
                      const void *context);

#endif
