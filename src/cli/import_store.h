/* Imported samples on their way into the history: those that it has already are left out, so that importing a
 * file twice adds nothing. */
#ifndef CLI_IMPORT_STORE_H
#define CLI_IMPORT_STORE_H

#include "base/err.h"
#include "cli/import_rows.h"
#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>

struct import_store;

struct import_counts {
    uint64_t stored, known, created; /* samples stored, samples there already, tags made */
    uint64_t old;                    /* of those stored: older than history.keep_days */
};

/* Takes the recorder's lock and opens the history of the configuration (borrowed). EX_TEMPFAIL while a recorder runs;
 * EX_NOPERM for another user than the history's owner, who could then no longer write to it. Tags of the configuration
 * are known, also those that were never heard; others are made with `create_tags`. With `dry` nothing is written. `now_us` tells which samples are
 * older than the history keeps them. */
struct import_store *import_store_open(const struct config *config, bool create_tags, bool dry,
                                       int64_t now_us, struct err *err);

/* Closes it and lets the lock go; samples that were not flushed are dropped. `store` may be NULL. */
void import_store_close(struct import_store *store);

/* Is there a tag of that name, in the history or in the configuration? */
bool import_store_knows(const struct import_store *store, const char *tag);

enum import_taken {
    IMPORT_TAKEN,
    IMPORT_UNKNOWN, /* left out: there is no tag of that name and none is to be made */
    IMPORT_REFUSED, /* left out: the value does not suit the tag; `err` says why */
    IMPORT_BROKEN   /* the history cannot be read or written; `err` says why */
};

/* Takes a sample. A text in a tag of another kind is refused unless it is a state or a boolean (import_value.h), or the
 * history holds texts of that tag already: a discovered tag may have changed its kind. */
enum import_taken import_store_add(struct import_store *store, const struct import_sample *sample,
                                   struct err *err);

/* Stores what was taken, durably. */
bool import_store_flush(struct import_store *store, struct err *err);

/* What has become of the samples so far; kept up to date, until the store is closed. */
const struct import_counts *import_store_counts(const struct import_store *store);

#endif
