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
};

/* Takes the recorder's lock and opens the history of the configuration (borrowed). EX_TEMPFAIL while a recorder runs;
 * EX_NOPERM for another user than the history's owner, who could then no longer write to it. Tags of the configuration
 * are known, also those that were never heard; others are made with `create_tags`. With `dry` nothing is written. */
struct import_store *import_store_open(const struct config *config, bool create_tags, bool dry,
                                       struct err *err);

/* Closes it and lets the lock go; samples that were not flushed are dropped. `store` may be NULL. */
void import_store_close(struct import_store *store);

/* Takes a sample. *unknown: there is no tag of that name and none is to be made; the sample is left out. */
bool import_store_add(struct import_store *store, const struct import_sample *sample, bool *unknown,
                      struct err *err);

/* Stores what was taken, durably. */
bool import_store_flush(struct import_store *store, struct err *err);

const struct import_counts *import_store_counts(const struct import_store *store);

#endif
