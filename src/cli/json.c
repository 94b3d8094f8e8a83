#include "cli/json.h"

#include "base/num.h"
#include "base/timefmt.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void json_add_number(struct cJSON *object, const char *name, double value)
{
    char text[NUM_TEXT_MAX];
    num_format_exact(text, sizeof text, value);
    if (isfinite(value))
        cJSON_AddRawToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

void json_add_signed(struct cJSON *object, const char *name, int64_t value)
{
    char text[NUM_TEXT_MAX];
    snprintf(text, sizeof text, "%" PRId64, value);
    cJSON_AddRawToObject(object, name, text);
}

void json_add_unsigned(struct cJSON *object, const char *name, uint64_t value)
{
    char text[NUM_TEXT_MAX];
    snprintf(text, sizeof text, "%" PRIu64, value);
    cJSON_AddRawToObject(object, name, text);
}

void json_add_time(struct cJSON *object, const char *name, int64_t ts_us)
{
    char text[TIMEFMT_MAX];
    timefmt_utc(text, sizeof text, ts_us);
    if (ts_us)
        cJSON_AddStringToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

void json_print_lines(size_t count, cJSON *(*object_of)(const void *context, size_t i), const void *context)
{
    puts("[");
    for (size_t i = 0; i < count; i++) {
        cJSON *object = object_of(context, i);
        char *text = cJSON_PrintUnformatted(object);
        printf("%s%s\n", text, i + 1 < count ? "," : "");
        free(text);
        cJSON_Delete(object);
    }
    puts("]");
}
