/* Samples are gathered to a batch, sorted by tag and time, compared with what the history holds around them
 * (import_known.c), and appended as the recorder appends its own: late ones find their place when they are merged. */
#include "cli/import_store.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "cli/import_store_internal.h"
#include "cli/import_value.h"
#include "recorder/lock.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMPORT_BATCH_ROWS  65536
#define IMPORT_BATCH_BYTES (8u << 20) /* of texts */
#define IMPORT_TIDY_US     50000

/* ---- opening ---- */

static bool import_check_owner(const char *path, struct err *err)
{
    struct stat status;
    if (stat(path, &status) != 0 || status.st_uid == geteuid())
        return true;
    const struct passwd *owner = getpwuid(status.st_uid);
    return err_set(err, EX_NOPERM,
                   "%s belongs to %s, who could not write to it any more: import as that user (sudo -u %s)",
                   path, owner ? owner->pw_name : "another user", owner ? owner->pw_name : "USER");
}

static bool import_lock(struct import_store *store, const char *path, struct err *err)
{
    pid_t holder = lock_holder(path);
    if (holder)
        return err_set(
            err, EX_TEMPFAIL,
            "a recorder (process %ld) is writing to %s: hmi stop, import, and start it again; the broker "
            "keeps what comes meanwhile as far as its queue goes",
            (long)holder, path);
    store->lock_fd = lock_take(path, err);
    return store->lock_fd >= 0;
}

/* A tag's identity as one text: no topic holds a line end that the plant could have sent here. */
static char *import_address(const char *topic, const char *path)
{
    return mem_format("%s\n%s", topic, path);
}

static struct import_tag *import_add_tag(struct import_store *store, const struct import_tag *given)
{
    struct import_tag *tag = mem_new(1, sizeof *tag);
    *tag = *given;
    tag->name = mem_copy_text(given->name);
    map_put_text(&store->tags, tag->name, tag);
    size_t had = store->id_capacity;
    store->by_id = mem_grow(store->by_id, &store->id_capacity, tag->id + 1ul, sizeof(struct import_tag *));
    memset(store->by_id + had, 0,
           (store->id_capacity - had) * sizeof *store->by_id); /* ids may leave holes */
    store->by_id[tag->id] = tag;
    store->last_id = tag->id > store->last_id ? tag->id : store->last_id;
    return tag;
}

/* Where the configuration leaves the kind open the values tell it, as they do for the recorder. */
static bool import_has_open_kind(const struct tag_def *def)
{
    return !def->kind_fixed && !def->has_range; /* states fix it, too */
}

static void import_configure(struct import_tag *tag, const struct tag_def *def)
{
    tag->def = def;
    if (def && !import_has_open_kind(def))
        tag->kind = def->kind;
}

static void import_know_tag(void *context, const struct history_tag *tag)
{
    struct import_store *store = context;
    struct import_tag *known = import_add_tag(store, &(struct import_tag){.name = (char *)tag->name,
                                                                          .id = tag->id,
                                                                          .kind = tag->kind,
                                                                          .record = tag->record,
                                                                          .deviation = tag->deviation});
    import_configure(known, map_get_text(&store->configured, tag->name));
    known->address = import_address(tag->topic, tag->path);
    map_put_text(&store->addresses, known->address, known);
}

static void import_know_configured(struct import_store *store, const struct config *config)
{
    for (size_t i = 0; i < config->tag_count; i++)
        map_put_text(&store->configured, config->tags[i].name, &config->tags[i]);
}

static bool import_know_gap(void *context, int64_t start_us, int64_t end_us, const char *reason)
{
    (void)reason;
    gaps_add(context, start_us, end_us);
    return true;
}

struct import_store *import_store_open(const struct config *config, bool create_tags, bool dry,
                                       int64_t now_us, struct err *err)
{
    const char *history_path = config->history.file;
    struct import_store *store = mem_new(1, sizeof *store);
    const struct history_options options = {.path = history_path, .durability_full = true};
    *store = (struct import_store){.lock_fd = -1, .create = create_tags, .dry = dry};
    store->keep_from_us =
        config->history.keep_days ? now_us - config->history.keep_days * CLOCK_US_PER_DAY : INT64_MIN;
    map_init(&store->tags);
    map_init(&store->addresses);
    map_init(&store->configured);
    import_know_configured(store, config);
    store->batch = batch_new();
    store->wanted = batch_new();
    if (import_check_owner(history_path, err) && import_lock(store, history_path, err) &&
        (store->history = history_open(&options, err)) &&
        history_each_tag(store->history, import_know_tag, store, err) &&
        (store->query = query_open(history_path, err)) &&
        query_gaps(store->query, 0, IMPORT_END_US, import_know_gap, &store->gaps, err))
        return store;
    import_store_close(store);
    return NULL;
}

void import_store_close(struct import_store *store)
{
    if (!store)
        return;
    query_close(store->query);
    history_close(store->history, 0); /* no proof of life: nothing was recorded meanwhile */
    for (size_t id = 0; id < store->id_capacity; id++) {
        if (!store->by_id[id])
            continue;
        free(store->by_id[id]->name);
        free(store->by_id[id]->address);
        if (store->by_id[id]->found.name)
            query_tag_free(&store->by_id[id]->found);
        free(store->by_id[id]);
    }
    map_free(&store->tags);
    map_free(&store->addresses);
    map_free(&store->configured);
    free(store->by_id);
    gaps_free(&store->gaps);
    batch_free(store->batch);
    batch_free(store->wanted);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store);
}

const struct import_counts *import_store_counts(const struct import_store *store)
{
    return &store->counts;
}

/* ---- storing ---- */

static bool import_append(struct import_store *store, struct err *err)
{
    int64_t alive_us =
        history_alive_us(store->history); /* stays as it is: a gap ends with the next recorder */
    if (!batch_is_empty(store->wanted) && !history_append(store->history, store->wanted, alive_us, err))
        return false;
    for (bool more = true; more;)
        if (!history_tidy(store->history, IMPORT_TIDY_US, &more, err))
            return false;
    return true;
}

bool import_store_flush(struct import_store *store, struct err *err)
{
    struct batch *batch = store->batch;
    size_t *order = mem_new(batch->count + 1, sizeof *order);
    bool *known = mem_new(batch->count + 1, sizeof *known);
    bool good = import_known_mark(store, order, known, err);
    for (size_t i = 0; good && i < batch->count; i++) {
        const struct batch_sample *sample = &batch->samples[order[i]];
        struct value value = batch_sample_value(batch, sample);
        store->counts.known += known[i];
        store->counts.stored += !known[i];
        store->counts.old += !known[i] && sample->ts_us < store->keep_from_us;
        if (!known[i])
            batch_add_sample(store->wanted, sample->tag_id, sample->ts_us, &value, sample->quality);
    }
    free(order);
    free(known);
    good = good && (store->dry || import_append(store, err));
    batch_clear(batch);
    batch_clear(store->wanted);
    return good;
}

/* ---- taking samples ---- */

static struct import_tag *import_put_tag(struct import_store *store, const struct tag_def *def)
{
    struct import_tag *tag = import_add_tag(store, &(struct import_tag){.name = def->name,
                                                                        .id = store->last_id + 1,
                                                                        .kind = def->kind,
                                                                        .looked_up = true,
                                                                        .record = def->record,
                                                                        .deviation = def->deviation});
    batch_add_tag(store->wanted, tag->id, def);
    store->counts.created++;
    return tag;
}

/* A tag that the configuration names: the history may know it by the name it had before, or not at all yet. */
static struct import_tag *import_configured_tag(struct import_store *store, const struct tag_def *def)
{
    char *address = import_address(def->topic, def->path ? def->path : "");
    struct import_tag *tag = map_get_text(&store->addresses, address);
    free(address);
    if (tag) {
        map_put_text(&store->tags, def->name, tag);
    } else {
        tag = import_put_tag(store, def);
        tag->kind_open = import_has_open_kind(def);
    }
    import_configure(tag, def);
    return tag;
}

/* What a tag is that nobody configured; its topic is its name, so that a recorder that hears that topic goes on
 * with it. Release it with tag_def_free(). */
static void import_define(struct tag_def *def, const char *name)
{
    tag_def_init(def);
    def->name = mem_copy_text(name);
    def->topic = mem_copy_text(name);
    def->path = mem_copy_text("");
    def->area = tag_def_area_of_topic(name);
    def->kind = TAG_ANALOG;
    def->record = RECORD_ALL; /* until a recorder that knows it says otherwise */
}

static struct import_tag *import_create_tag(struct import_store *store, const char *name)
{
    struct tag_def def;
    import_define(&def, name);
    struct import_tag *tag = import_put_tag(store, &def);
    tag->kind_open = true;
    tag_def_free(&def);
    return tag;
}

/* The first value of a new tag tells its kind. */
static void import_settle_kind(struct import_store *store, struct import_tag *tag,
                               const struct import_sample *sample)
{
    if (!tag->kind_open || sample->value.type == VALUE_NONE)
        return;
    tag->kind_open = false;
    enum tag_kind kind = import_value_kind(&sample->value, sample->quoted);
    if (kind == tag->kind)
        return;
    struct tag_def made, changed;
    import_define(&made, tag->name);
    changed = tag->def ? *tag->def : made; /* strings stay where they are */
    changed.kind = tag->kind = kind;
    batch_add_tag(store->wanted, tag->id, &changed);
    tag_def_free(&made);
}

bool import_store_knows(const struct import_store *store, const char *tag)
{
    return map_get_text(&store->tags, tag) || map_get_text(&store->configured, tag);
}

/* The tag of a sample, made where it must be; NULL: unknown. */
static struct import_tag *import_tag_of(struct import_store *store, const struct import_sample *sample)
{
    struct import_tag *tag = map_get_text(&store->tags, sample->tag);
    if (tag)
        return tag;
    const struct tag_def *def = map_get_text(&store->configured, sample->tag);
    if (def)
        return import_configured_tag(store, def);
    return store->create ? import_create_tag(store, sample->tag) : NULL;
}

static bool import_note_text(void *context, const struct query_sample *sample)
{
    bool *holds_texts = context;
    *holds_texts = sample->value.type == VALUE_TEXT;
    return !*holds_texts;
}

/* Asks the history once for what only texts need: reading all of a tag's samples may take seconds. */
static bool import_look_up(struct import_store *store, struct import_tag *tag, struct err *err)
{
    if (tag->looked_up)
        return true;
    tag->looked_up = true;
    if (!query_find_tag(store->query, tag->name, &tag->found, err)) {
        tag->found.name = NULL;
        return false;
    }
    return query_range(store->query, tag->id, 0, IMPORT_END_US, 0, import_note_text, &tag->holds_texts, err);
}

/* The value that the tag stores for that of the sample. */
static enum import_taken import_fit(struct import_store *store, struct import_tag *tag,
                                    const struct import_sample *sample, struct value *value, struct err *err)
{
    bool asks = value->type == VALUE_TEXT && tag->kind != TAG_TEXT;
    if (asks && !import_look_up(store, tag, err))
        return IMPORT_BROKEN;
    bool configured = tag->def && tag->def->state_count;
    const struct tag_state *states = configured ? tag->def->states : tag->found.states;
    size_t count = configured ? tag->def->state_count : tag->found.state_count;
    struct value given = *value;
    bool fits = import_value_fit(value, sample->quoted, tag->kind, states, count);
    if (asks && tag->holds_texts && value->type != VALUE_NUMBER) {
        *value = given;
        return IMPORT_TAKEN;
    }
    if (fits)
        return IMPORT_TAKEN;
    import_value_refuse(value, tag->kind, sample->tag, err);
    return IMPORT_REFUSED;
}

enum import_taken import_store_add(struct import_store *store, const struct import_sample *sample,
                                   struct err *err)
{
    struct import_tag *tag = import_tag_of(store, sample);
    if (!tag)
        return IMPORT_UNKNOWN;
    import_settle_kind(store, tag, sample);
    struct value value = sample->value;
    enum import_taken taken = import_fit(store, tag, sample, &value, err);
    if (taken != IMPORT_TAKEN)
        return taken;
    batch_add_sample(store->batch, tag->id, sample->ts_us, &value, sample->quality);
    bool full = store->batch->count >= IMPORT_BATCH_ROWS || store->batch->texts.length >= IMPORT_BATCH_BYTES;
    return !full || import_store_flush(store, err) ? IMPORT_TAKEN : IMPORT_BROKEN;
}
