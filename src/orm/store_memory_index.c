/* store_memory_index.c: finds the rows that have given values in some columns. A treap, because a
 * popular value (the articles of one author) puts thousands of rows under one hash and each of
 * them must go as fast as it came. Equal hashes are only candidates: who asks compares the values.
 */
#include "core/map.h"
#include "orm/store_memory_int.h"

struct mem_node {
    uint64_t hash, priority;
    int64_t id;
    unsigned times;
    struct mem_node *left, *right;
};

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}

static uint64_t hash_value(struct bw_value v)
{
    if (v.kind >= BW_KIND_TEXT)
        return map_hash(v.s);
    if (v.kind == BW_KIND_REAL && v.r == 0)
        v.r = 0; /* -0.0 equals 0.0 */
    int64_t bits = 0;
    if (v.kind == BW_KIND_REAL)
        memcpy(&bits, &v.r, sizeof bits);
    else
        bits = v.i;
    return map_hash(bw_str_of((const char *)&bits, sizeof bits));
}

bool mem_index_hash(const struct mem_index *x, const struct bw_value *v, uint64_t *hash)
{
    *hash = 0;
    for (unsigned i = 0; i < x->n; i++) {
        struct bw_value one = v[x->columns[i]->index];
        if (one.kind == BW_NULL)
            return false;
        *hash = mix(*hash + i) ^ hash_value(one);
    }
    return true;
}

static int compare(const struct mem_node *n, uint64_t hash, int64_t id)
{
    if (n->hash != hash)
        return hash < n->hash ? -1 : 1;
    return (id > n->id) - (id < n->id);
}

static struct mem_node *turn_right(struct mem_node *n)
{
    struct mem_node *l = n->left;
    n->left = l->right;
    l->right = n;
    return l;
}

static struct mem_node *turn_left(struct mem_node *n)
{
    struct mem_node *r = n->right;
    n->right = r->left;
    r->left = n;
    return r;
}

/* Depth is logarithmic: priorities are mixed from hashes whose key peers do not know. */
static struct mem_node *add(struct mem_node *n, uint64_t hash, int64_t id)
{
    if (!n) {
        n = calloc(1, sizeof *n);
        bw_must(n);
        *n = (struct mem_node){
            .hash = hash, .id = id, .times = 1, .priority = mix(hash ^ mix((uint64_t)id))};
        return n;
    }
    int c = compare(n, hash, id);
    if (c == 0) {
        n->times++;
    } else if (c < 0) {
        n->left = add(n->left, hash, id);
        if (n->left->priority > n->priority)
            n = turn_right(n);
    } else {
        n->right = add(n->right, hash, id);
        if (n->right->priority > n->priority)
            n = turn_left(n);
    }
    return n;
}

void mem_index_add(struct mem_index *x, uint64_t hash, int64_t id)
{
    x->root = add(x->root, hash, id);
    x->entries++;
}

static struct mem_node *join(struct mem_node *l, struct mem_node *r)
{
    if (!l || !r)
        return l ? l : r;
    if (l->priority > r->priority) {
        l->right = join(l->right, r);
        return l;
    }
    r->left = join(l, r->left);
    return r;
}

void mem_index_remove(struct mem_index *x, uint64_t hash, int64_t id)
{
    struct mem_node **at = &x->root;
    while (*at) {
        struct mem_node *n = *at;
        int c = compare(n, hash, id);
        if (c == 0) {
            x->entries--;
            if (--n->times == 0) {
                *at = join(n->left, n->right);
                free(n);
            }
            return;
        }
        at = c < 0 ? &n->left : &n->right;
    }
}

bool mem_index_from(const struct mem_index *x, uint64_t hash, int64_t from, int64_t *id)
{
    const struct mem_node *best = NULL;
    for (const struct mem_node *n = x->root; n;) {
        if (compare(n, hash, from) <= 0) {
            best = n;
            n = n->left;
        } else {
            n = n->right;
        }
    }
    if (!best || best->hash != hash)
        return false;
    *id = best->id;
    return true;
}

static void free_nodes(struct mem_node *n)
{
    if (!n)
        return;
    free_nodes(n->left);
    free_nodes(n->right);
    free(n);
}

void mem_index_release(struct mem_index *x)
{
    free_nodes(x->root);
    x->root = NULL;
}
