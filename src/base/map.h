/* A hash map from byte strings to pointers. The keys are not copied: they must outlive their entries
 * (a key usually lies inside the thing it points to). */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_entry {
    const char *key; /* NULL: free */
    size_t key_length;
    uint64_t hash;
    void *value;
};

struct map {
    struct map_entry *entries; /* owned; a power of two of them */
    size_t capacity;
    size_t count;
};

/* An empty map. Release with map_free(). */
void map_init(struct map *map);

/* Releases the map, not the keys and values. */
void map_free(struct map *map);

/* The value stored under the key, or NULL. */
void *map_get(const struct map *map, const void *key, size_t key_length);
void *map_get_text(const struct map *map, const char *key);

/* Stores `value` (not NULL) under the key; returns the value that it replaced, or NULL. */
void *map_put(struct map *map, const void *key, size_t key_length, void *value);
void *map_put_text(struct map *map, const char *key, void *value);

/* Removes the entry; returns its value, or NULL. */
void *map_remove(struct map *map, const void *key, size_t key_length);

/* Walks all values in no particular order: start with *position = 0; NULL at the end. */
void *map_next(const struct map *map, size_t *position);

#endif
