/* What the files of the import's store share. */
#ifndef CLI_IMPORT_STORE_INTERNAL_H
#define CLI_IMPORT_STORE_INTERNAL_H

#include "base/map.h"
#include "cli/import_store.h"
#include "db/gaps.h"
#include "db/history.h"
#include "db/query.h"

#define IMPORT_END_US INT64_C(4102444800000000) /* 2100 */

struct import_tag {
    char *name;
    char *address; /* NULL: new */
    uint32_t id;
    enum tag_kind kind;
    bool kind_open; /* new, and there was no value yet that tells it */
    enum tag_record record;
    double deviation;
    const struct tag_def *def; /* the configuration's; NULL: none */
    bool looked_up;            /* what the history has of it, below; asked for with the first text */
    bool holds_texts;
    struct query_tag found; /* its states; .name NULL: not looked up, or a new tag */
};

struct import_store {
    struct history *history;
    struct query *query; /* reads what is there already */
    int lock_fd;
    bool create, dry;
    struct map tags;           /* struct import_tag by name */
    struct map addresses;      /* the same by topic and path */
    struct map configured;     /* struct tag_def by name, the configuration's */
    struct import_tag **by_id; /* the same, owned */
    size_t id_capacity;
    struct gaps gaps; /* across them nothing is told */
    uint32_t last_id;
    int64_t keep_from_us; /* older samples are deleted soon */
    struct batch *batch;  /* as they came */
    struct batch *wanted; /* sorted, without those that are known */
    struct import_counts counts;
};

/* Sorts the samples of store->batch: `order` becomes their indexes by tag and time, and known[i] whether the history
 * has sample order[i] already, or the file gave it before. Both have room for all of them. */
bool import_known_mark(struct import_store *store, size_t *order, bool *known, struct err *err);

#endif
