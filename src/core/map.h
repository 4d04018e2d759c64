/* map.h: text → pointer, open addressing, SipHash-1-3 with a key drawn once per process, so that
 * peers cannot build collisions. Keys are borrowed: they must live as long as the entry. */
#ifndef CORE_MAP_H
#define CORE_MAP_H

#include <burrow/str.h>

struct map {
    struct map_entry *entries;
    size_t n, cap;
    bool fold; /* keys compare ASCII case-insensitively */
};

void map_init(struct map *m, bool fold);
void map_release(struct map *m);
void *map_get(const struct map *m, bw_str key); /* NULL when absent */
void *map_put(struct map *m, bw_str key,
              void *value); /* the value that was there before, or NULL; value is not NULL */
void *map_remove(struct map *m, bw_str key);
/* Every entry, in no order: for (size_t i = 0; map_each(m, &i, &k, &v);) */
bool map_each(const struct map *m, size_t *i, bw_str *key, void **value);
uint64_t map_hash(bw_str key); /* the keyed hash itself */

#endif
