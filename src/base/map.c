/* Open addressing with linear probing and backward-shift deletion; at most three quarters full. */
#include "base/map.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define MAP_FIRST_CAPACITY 64

/* FNV-1a over 8 bytes at a time, with a final mix so that the low bits depend on every input bit. The keys
 * come from configuration and topics whose number is capped, so a keyed hash is not needed. */
static uint64_t map_hash(const void *key, size_t length)
{
    const unsigned char *bytes = key;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ length;
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
        bytes += 8;
        length -= 8;
    }
    while (length--)
        hash = (hash ^ *bytes++) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

void map_init(struct map *map)
{
    memset(map, 0, sizeof *map);
}

void map_free(struct map *map)
{
    free(map->entries);
    map_init(map);
}

/* The entry that holds the key, or the free one where it would go. */
static struct map_entry *map_find(const struct map *map, const void *key, size_t length, uint64_t hash)
{
    size_t mask = map->capacity - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct map_entry *entry = &map->entries[i];
        if (!entry->key ||
            (entry->hash == hash && entry->key_length == length && !memcmp(entry->key, key, length)))
            return entry;
    }
}

void *map_get(const struct map *map, const void *key, size_t key_length)
{
    if (!map->count)
        return NULL;
    struct map_entry *entry = map_find(map, key, key_length, map_hash(key, key_length));
    return entry->key ? entry->value : NULL;
}

void *map_get_text(const struct map *map, const char *key)
{
    return map_get(map, key, strlen(key));
}

static void map_grow(struct map *map)
{
    struct map old = *map;
    map->capacity = old.capacity ? old.capacity * 2 : MAP_FIRST_CAPACITY;
    map->entries = mem_new(map->capacity, sizeof *map->entries);
    for (size_t i = 0; i < old.capacity; i++) {
        const struct map_entry *entry = &old.entries[i];
        if (entry->key)
            *map_find(map, entry->key, entry->key_length, entry->hash) = *entry;
    }
    free(old.entries);
}

void *map_put(struct map *map, const void *key, size_t key_length, void *value)
{
    if ((map->count + 1) * 4 > map->capacity * 3)
        map_grow(map);
    uint64_t hash = map_hash(key, key_length);
    struct map_entry *entry = map_find(map, key, key_length, hash);
    void *before = entry->key ? entry->value : NULL;
    if (!entry->key)
        map->count++;
    *entry = (struct map_entry){.key = key, .key_length = key_length, .hash = hash, .value = value};
    return before;
}

void *map_put_text(struct map *map, const char *key, void *value)
{
    return map_put(map, key, strlen(key), value);
}

void *map_remove(struct map *map, const void *key, size_t key_length)
{
    if (!map->count)
        return NULL;
    struct map_entry *entry = map_find(map, key, key_length, map_hash(key, key_length));
    if (!entry->key)
        return NULL;
    void *value = entry->value;
    size_t mask = map->capacity - 1;
    size_t hole = (size_t)(entry - map->entries);
    for (size_t i = (hole + 1) & mask; map->entries[i].key; i = (i + 1) & mask) {
        size_t home = map->entries[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) { /* it may move back into the hole */
            map->entries[hole] = map->entries[i];
            hole = i;
        }
    }
    map->entries[hole].key = NULL;
    map->count--;
    return value;
}

void *map_next(const struct map *map, size_t *position)
{
    while (*position < map->capacity) {
        const struct map_entry *entry = &map->entries[(*position)++];
        if (entry->key)
            return entry->value;
    }
    return NULL;
}
