/* settings_same.c: does an option have the same value in two structs? What a change of settings
 * means is decided by this. */
#include "core/settings_int.h"

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool same_texts(const void *one, const void *other)
{
    const char *const *a, *const *b;
    memcpy(&a, one, sizeof a);
    memcpy(&b, other, sizeof b);
    for (; a && b && *a && *b && !strcmp(*a, *b); a++, b++)
        ;
    return (!a || !*a) && (!b || !*b);
}

static bool same_table(const struct option *t, const char *one, const char *other)
{
    for (; t->name; t++) {
        if (!settings_same(t, one, other))
            return false;
    }
    return true;
}

static bool same_items(const struct option *o, const struct opt_list *a, const struct opt_list *b)
{
    if (a->n != b->n)
        return false;
    if (o->type == OPT_INTS)
        return a->n == 0 || !memcmp(a->items, b->items, a->n * sizeof(int64_t));
    for (size_t i = 0; i < a->n; i++) {
        if (!same_table(o->options, (const char *)a->items + i * o->item_size,
                        (const char *)b->items + i * o->item_size))
            return false;
    }
    return true;
}

bool settings_same(const struct option *o, const void *one, const void *other)
{
    const char *a = (const char *)one + o->offset, *b = (const char *)other + o->offset;
    switch (o->type) {
    case OPT_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case OPT_ENUM:
        return !memcmp(a, b, sizeof(int));
    case OPT_CSTR:
        return same_text(*(const char *const *)(const void *)a,
                         *(const char *const *)(const void *)b);
    case OPT_TEXT:
    case OPT_RAW:
        return bw_str_eq(*(const bw_str *)(const void *)a, *(const bw_str *)(const void *)b);
    case OPT_TEXTS:
    case OPT_PAIRS:
        return same_texts(a, b);
    case OPT_LIST:
    case OPT_MAP:
    case OPT_INTS:
        return same_items(o, (const void *)a, (const void *)b);
    case OPT_SECTION:
        return same_table(o->options, a, b);
    default:
        return !memcmp(a, b, sizeof(int64_t)); /* REAL too: what was written the same is the same */
    }
}
