/* map.c: linear probing in a power of two of entries, at most three quarters full. An entry keeps
 * its hash, so a probe compares keys only when they are almost surely equal, and growing hashes
 * nothing. Removing shifts the entries behind back: there are no tombstones. */
#include "core/map.h"

#include <pthread.h>

#define FIRST_CAP 8

struct map_entry {
    bw_str key;
    void *value; /* NULL: free */
    uint64_t hash;
};

static uint64_t seed[2];

static void draw_seed(void)
{
    bw_must(getentropy(seed, sizeof seed) == 0);
}

static inline uint64_t rotl(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

/* Eight bytes with 'A'-'Z' made lower case: bit 7 of (byte + k) tells byte >= 'A' and byte > 'Z'.
 */
static inline uint64_t fold_word(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = w & (ones * 0x7f);
    uint64_t upper = (low + ones * (0x80 - 'A')) ^ (low + ones * (0x7f - 'Z'));
    return w | (upper & ~w & (ones * 0x80)) >> 2;
}

/* SipHash-1-3. Words are read in the machine's order: the value never leaves the process. */
static uint64_t sip(bw_str s, bool fold)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, draw_seed);
    uint64_t v[4] = {seed[0] ^ UINT64_C(0x736f6d6570736575), seed[1] ^ UINT64_C(0x646f72616e646f6d),
                     seed[0] ^ UINT64_C(0x6c7967656e657261),
                     seed[1] ^ UINT64_C(0x7465646279746573)};
    for (size_t i = 0, words = s.n / 8; i <= words; i++) {
        uint64_t w = 0;
        bool last = i == words;
        if (!last)
            memcpy(&w, s.p + i * 8, 8);
        else if (s.n % 8)
            memcpy(&w, s.p + i * 8, s.n % 8);
        w = fold ? fold_word(w) : w;
        w |= last ? (uint64_t)s.n << 56 : 0;
        v[3] ^= w;
        sip_round(v);
        v[0] ^= w;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t map_hash(bw_str key)
{
    return sip(key, false);
}

void map_init(struct map *m, bool fold)
{
    *m = (struct map){.fold = fold};
}

void map_release(struct map *m)
{
    free(m->entries);
    map_init(m, m->fold);
}

/* The entry of the key, or the free one where it belongs. */
static struct map_entry *locate(const struct map *m, bw_str key, uint64_t hash)
{
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct map_entry *e = &m->entries[i];
        if (!e->value ||
            (e->hash == hash && (m->fold ? bw_str_ieq(e->key, key) : bw_str_eq(e->key, key))))
            return e;
    }
}

static void grow(struct map *m)
{
    struct map old = *m;
    m->cap = old.cap ? old.cap * 2 : FIRST_CAP;
    m->entries = calloc(m->cap, sizeof *m->entries);
    bw_must(m->entries != NULL);
    for (size_t i = 0; i < old.cap; i++)
        if (old.entries[i].value)
            *locate(m, old.entries[i].key, old.entries[i].hash) = old.entries[i];
    free(old.entries);
}

void *map_get(const struct map *m, bw_str key)
{
    return m->n ? locate(m, key, sip(key, m->fold))->value : NULL;
}

void *map_put(struct map *m, bw_str key, void *value)
{
    bw_must(value != NULL);
    if ((m->n + 1) * 4 > m->cap * 3)
        grow(m);
    uint64_t hash = sip(key, m->fold);
    struct map_entry *e = locate(m, key, hash);
    void *before = e->value;
    m->n += before == NULL;
    *e = (struct map_entry){.key = key, .value = value, .hash = hash};
    return before;
}

void *map_remove(struct map *m, bw_str key)
{
    struct map_entry *e = m->n ? locate(m, key, sip(key, m->fold)) : NULL;
    if (!e || !e->value)
        return NULL;
    void *before = e->value;
    size_t mask = m->cap - 1, hole = (size_t)(e - m->entries);
    for (size_t i = (hole + 1) & mask; m->entries[i].value; i = (i + 1) & mask) {
        size_t home = m->entries[i].hash & mask;
        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* it would land before its home */
        m->entries[hole] = m->entries[i];
        hole = i;
    }
    m->entries[hole] = (struct map_entry){0};
    m->n--;
    return before;
}

bool map_each(const struct map *m, size_t *i, bw_str *key, void **value)
{
    while (*i < m->cap) {
        const struct map_entry *e = &m->entries[(*i)++];
        if (!e->value)
            continue;
        *key = e->key;
        *value = e->value;
        return true;
    }
    return false;
}
