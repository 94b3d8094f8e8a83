/* A span of time cut into intervals one after the other. */
#ifndef DB_QUERY_BOUNDS_H
#define DB_QUERY_BOUNDS_H

#include <stddef.h>
#include <stdint.h>

struct query_bounds {
    int64_t from_us, to_us;
    size_t count;
    int64_t every_us;    /* the last one may be shorter; 0: by the list, or all of one width */
    const int64_t *list; /* count + 1 bounds, borrowed, or NULL */
};

/* Where the interval `index` begins; the end of all for index = count. */
int64_t query_bounds_at(const struct query_bounds *bounds, size_t index);

/* The interval that holds a moment between from_us and to_us. */
size_t query_bounds_find(const struct query_bounds *bounds, int64_t ts_us);

#endif
