/* brain_spent.c: when the last restarts were, in a mapped file (<state>/restarts), so that a brain
 * that dies gives no budget a fresh start. A ring: what is overwritten was long ago, or so much was
 * restarted that the budget of all is used up anyway. Times are of the monotonic clock, so they say
 * nothing after a boot. */
#include "angel/brain_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "angel/identity.h"
#include "core/log.h"

#define RECORDS 16384
#define STEP    128
#define MAGIC   "BWSPENT"

struct spent_record {
    uint64_t unit; /* 0: none */
    int64_t at;
    int64_t open; /* its process is being made: it is later than `at` says */
};

struct spent_head {
    char magic[8];
    char boot[IDENTITY_BOOT];
    uint32_t next; /* where the next one goes */
};

#define HEAD 128 /* bytes */

static uint64_t id_of(const char *name)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return h ? h : 1;
}

static struct spent_head *head_of(const struct brain *b)
{
    return (void *)b->spent.p;
}

static struct spent_record *records(const struct brain *b)
{
    return (void *)(b->spent.p + HEAD);
}

static size_t room(const struct brain *b)
{
    return b->spent.size > HEAD ? (b->spent.size - HEAD) / sizeof(struct spent_record) : 0;
}

void brain_spent_open(struct brain *b, const char *state)
{
    _Static_assert(sizeof(struct spent_head) <= HEAD, "it has room for it");
    char path[512], boot[IDENTITY_BOOT] = "";
    struct bw_err e;
    snprintf(path, sizeof path, "%s/restarts", state);
    identity_boot(boot);
    if (!mapfile_open(&b->spent, path, HEAD + RECORDS * sizeof(struct spent_record), &e) ||
        !mapfile_grow(&b->spent, HEAD + STEP * sizeof(struct spent_record), &e)) {
        log_warn("angel", "the next brain will not know of restarts", log_err(&e));
        mapfile_close(&b->spent);
        return;
    }
    struct spent_head *h = head_of(b);
    if (memcmp(h->magic, MAGIC, sizeof h->magic) == 0 && h->next < RECORDS &&
        strncmp(h->boot, boot, sizeof boot) == 0) {
        h->next = h->next <= room(b) ? h->next : 0; /* the file was cut */
        return;
    }
    memset(b->spent.p, 0, b->spent.size);
    memcpy(h->boot, boot, sizeof boot);
    memcpy(h->magic, MAGIC, sizeof h->magic);
}

static int earlier(const void *a, const void *b)
{
    const struct spent_record *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

static void spend(struct crew *c, struct crew_unit *u, int64_t at)
{
    pace_begin(&c->spent);
    pace_end(&c->budget, &c->spent, at);
    if (!u)
        return;
    pace_begin(&u->spent);
    pace_end(&c->sets.p[u->set].budget, &u->spent, at);
}

void brain_spent_recall(struct brain *b)
{
    int64_t now = clock_mono();
    size_t n = 0;
    if (b->spent.fd < 0)
        return;
    struct spent_record *all = calloc(room(b) + 1, sizeof *all);
    bw_must(all);
    for (size_t i = 0; i < room(b); i++) {
        struct spent_record *r = &records(b)[i];
        if (!r->unit)
            continue;
        r->at = r->open || r->at > now ? now : r->at;
        r->open = 0;
        all[n++] = *r;
    }
    qsort(all, n, sizeof *all, earlier);
    uint64_t *ids = calloc(b->in_order.n + 1, sizeof *ids);
    bw_must(ids);
    for (size_t k = 0; k < b->in_order.n; k++)
        ids[k] = id_of(b->in_order.p[k]->name);
    for (size_t i = 0; i < n; i++) {
        struct crew_unit *u = NULL;
        for (size_t k = 0; k < b->in_order.n && !u; k++)
            if (ids[k] == all[i].unit)
                u = &b->crew.units.p[b->in_order.p[k]->slot];
        spend(&b->crew, u, all[i].at);
    }
    free(ids);
    free(all);
}

static void begin(struct replica *r)
{
    struct brain *b = r->brain;
    struct spent_head *h = head_of(b);
    if (h->next >= room(b) &&
        !mapfile_grow(&b->spent, HEAD + (room(b) + STEP) * sizeof(struct spent_record), NULL))
        h->next = 0; /* as far as the disk lets it */
    struct spent_record *at = &records(b)[h->next];
    *at = (struct spent_record){.at = clock_mono(), .open = 1};
    at->unit = id_of(r->name);
    r->spent = h->next + 1;
    h->next = (h->next + 1) % RECORDS;
}

void brain_spent_note(struct replica *r)
{
    struct brain *b = r->brain;
    bool spending = b->crew.units.p[r->slot].spending;
    if (b->spent.fd < 0 || spending == (r->spent != 0))
        return;
    if (spending) {
        begin(r);
        return;
    }
    struct spent_record *at = &records(b)[r->spent - 1];
    at->at = clock_mono();
    at->open = 0;
    r->spent = 0;
}
