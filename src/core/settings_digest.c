/* settings_digest.c: the value of an option as one number: equal numbers, equal values (within this
 * process). What a change of settings means is decided by comparing them, so the settings that were
 * in force need not be kept as they were written. */
#include "core/map.h"
#include "core/settings_int.h"

/* Order counts: a, b differs from b, a. */
static uint64_t join(uint64_t all, uint64_t next)
{
    return (all ^ next) * UINT64_C(0x9e3779b97f4a7c15) + (all >> 29);
}

static uint64_t of_bytes(const void *p, size_t n)
{
    return map_hash(bw_str_of(p, n));
}

static uint64_t of_text(const char *z)
{
    return z ? of_bytes(z, strlen(z)) : 1;
}

static uint64_t of_texts(const void *at)
{
    const char *const *p;
    uint64_t all = 2;
    memcpy(&p, at, sizeof p);
    for (; p && *p; p++)
        all = join(all, of_text(*p));
    return all;
}

static uint64_t of_table(const struct option *t, const char *in)
{
    uint64_t all = 3;
    for (; t->name; t++)
        all = join(all, settings_digest(t, in));
    return all;
}

static uint64_t of_items(const struct option *o, const struct opt_list *list)
{
    uint64_t all = list->n;
    if (o->type == OPT_INTS)
        return list->n ? of_bytes(list->items, list->n * sizeof(int64_t)) : 0;
    for (size_t i = 0; i < list->n; i++)
        all = join(all, of_table(o->options, (const char *)list->items + i * o->item_size));
    return all;
}

uint64_t settings_digest(const struct option *o, const void *in)
{
    const void *at = (const char *)in + o->offset;
    switch (o->type) {
    case OPT_BOOL:
        return *(const bool *)at;
    case OPT_ENUM:
        return of_bytes(at, sizeof(int));
    case OPT_CSTR:
        return of_text(*(const char *const *)at);
    case OPT_TEXT:
    case OPT_RAW:
        return of_bytes(((const bw_str *)at)->p, ((const bw_str *)at)->n);
    case OPT_TEXTS:
    case OPT_PAIRS:
        return of_texts(at);
    case OPT_LIST:
    case OPT_MAP:
    case OPT_INTS:
        return of_items(o, at);
    case OPT_SECTION:
        return of_table(o->options, at);
    default:
        return of_bytes(at, sizeof(int64_t));
    }
}
