/* capture_hand.c: what of a unit's output is in this process alone, noted in a mapped file
 * (<state>/in-hand): so that the brain after one that was killed can tell in the log how much went
 * with it. A slot is taken at a unit's first byte. Each note is a store before the call it is about
 * and one behind it: killed in between, it says too much and never too little. */
#include "angel/capture_int.h"

#include "core/log.h"

#define SLOTS 16384
#define STEP  64
#define MAGIC UINT64_C(0x31444e4148574242) /* and format */

struct capture_hands {
    pthread_mutex_t lock; /* of which slot is whose */
    struct mapfile file;
    struct capture_hand *at; /* the first one's `unit` is MAGIC */
    size_t n;
    unsigned char ours[SLOTS]; /* taken by a unit of this process: not to be inherited */
};

static uint64_t id_of(const char *name)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return h ? h : 1;
}

static bool owes(const struct capture_hand *s)
{
    return s->reading || s->held || s->lost || s->removed;
}

static bool begin(struct capture_hands *h, struct bw_err *e)
{
    h->at = (void *)h->file.p;
    h->n = h->file.size / sizeof *h->at;
    if (h->n && h->at[0].unit == MAGIC)
        return true;
    memset(h->file.p, 0, h->file.size);
    if (!mapfile_grow(&h->file, STEP * sizeof *h->at, e))
        return false;
    h->n = h->file.size / sizeof *h->at;
    h->at[0].unit = MAGIC;
    return true;
}

struct capture_hands *capture_hands_open(const char *path)
{
    struct bw_err e;
    struct capture_hands *h = calloc(1, sizeof *h);
    bw_must(h);
    pthread_mutex_init(&h->lock, NULL);
    if (!mapfile_open(&h->file, path, SLOTS * sizeof *h->at, &e)) {
        log_warn("angel", "what output is in hand is not noted", log_err(&e));
        h->file.fd = -1;
        capture_hands_close(h);
        return NULL;
    }
    if (!begin(h, &e)) {
        log_warn("angel", "what output is in hand is not noted", log_err(&e));
        capture_hands_close(h);
        return NULL;
    }
    for (size_t i = 1; i < h->n; i++)
        if (!owes(&h->at[i]))
            h->at[i].unit = 0;
    return h;
}

void capture_hands_close(struct capture_hands *h)
{
    if (!h)
        return;
    mapfile_close(&h->file);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static struct capture_hand *find(const struct capture_hands *h, uint64_t id)
{
    for (size_t i = 1; i < h->n; i++)
        if (h->at[i].unit == id && !h->ours[i])
            return &h->at[i];
    return NULL;
}

/* NULL: there is no room on the disk, so nothing is noted of it. */
static struct capture_hand *make(struct capture_hands *h, uint64_t id)
{
    pthread_mutex_lock(&h->lock);
    struct capture_hand *s = find(h, 0);
    if (!s && mapfile_grow(&h->file, (h->n + STEP) * sizeof *s, NULL)) {
        s = &h->at[h->n];
        h->n += STEP;
    }
    if (s)
        *s = (struct capture_hand){.unit = id};
    if (s)
        h->ours[s - h->at] = 1;
    pthread_mutex_unlock(&h->lock);
    return s;
}

/* What the brain before owes the file becomes a hole in it, not told yet. */
void capture_hand_inherit(struct capture_unit *u)
{
    struct capture_hands *h = u->c->hands;
    struct capture_hand *s = NULL;
    if (!h || !u->path)
        return;
    pthread_mutex_lock(&h->lock);
    s = find(h, id_of(u->name));
    bool owing = s && owes(s);
    if (owing)
        h->ours[s - h->at] = 1;
    pthread_mutex_unlock(&h->lock);
    if (!owing)
        return;
    u->hand = s;
    u->gap = (struct capture_gap){.lost = s->lost + s->held + s->reading,
                                  .removed = s->removed,
                                  .since = s->since ? s->since : bw_now(),
                                  .sys = (int)s->sys,
                                  .inherited = true,
                                  .unsure = s->reading || s->held};
    s->lost = u->gap.lost; /* for the brain after this one */
    s->held = s->reading = 0;
    atomic_fetch_add(&u->losses, 1);
    atomic_fetch_add(&u->lost_bytes, u->gap.lost + u->gap.removed);
}

void capture_hand_take(struct capture_unit *u)
{
    if (!u->hand && u->path && u->c->hands)
        u->hand = make(u->c->hands, id_of(u->name));
}

void capture_hand_reads(struct capture_unit *u, size_t n)
{
    if (n)
        capture_hand_take(u);
    if (u->hand)
        u->hand->reading = (int64_t)n;
}

void capture_hand_holds(struct capture_unit *u, int64_t n)
{
    if (u->hand)
        u->hand->held += n;
}

void capture_hand_loses(struct capture_unit *u, int64_t n, bw_time since, int sys)
{
    if (!u->hand)
        return;
    u->hand->since = since;
    u->hand->sys = sys;
    u->hand->lost += n;
}

void capture_hand_removed(struct capture_unit *u, int64_t n)
{
    if (!u->hand)
        return;
    u->hand->since = u->gap.since;
    u->hand->sys = u->gap.sys;
    u->hand->removed += n;
}

void capture_hand_told(struct capture_unit *u, const struct capture_gap *g)
{
    if (!u->hand)
        return;
    u->hand->lost -= g->lost;
    u->hand->removed -= g->removed;
}

void capture_hand_leave(struct capture_unit *u)
{
    if (!u->hand)
        return;
    pthread_mutex_lock(&u->c->hands->lock);
    if (!owes(u->hand))
        u->hand->unit = 0;
    u->c->hands->ours[u->hand - u->c->hands->at] = 0;
    pthread_mutex_unlock(&u->c->hands->lock);
    u->hand = NULL;
}
