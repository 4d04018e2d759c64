/* capture_away.c: units whose disk does not answer. What they print is read, so that none of them
 * waits: the first of it is kept, the rest lost and counted, and both go the way of all output when
 * the disk call that is under way has come back. Those with the policy to wait are not read. One
 * call is enough for all logs of a disk: who shares it is away, too, and waits for that call. */
#include "angel/capture_int.h"

#include <errno.h>

#include "core/log.h"
#include "os/mounts.h"

#define KEPT CAPTURE_TAIL /* bytes */

/* ---- who ---- */

static bool same_folder(const char *a, const char *b)
{
    size_t n = (size_t)(strrchr(a, '/') ? strrchr(a, '/') - a : 0);
    size_t m = (size_t)(strrchr(b, '/') ? strrchr(b, '/') - b : 0);
    return n == m && !strncmp(a, b, n);
}

/* By what is known without asking the disk. */
static bool shares(const struct capture_unit *u, const struct capture_unit *stuck,
                   const struct mounts *m)
{
    const char *at = mounts_find(m, stuck->path);
    return (u->dev && u->dev == stuck->dev) || same_folder(u->path, stuck->path) ||
           (at && at == mounts_find(m, u->path));
}

static struct capture_unit *owner_of(const struct list *x)
{
    return LIST_OWNER(x, struct capture_away, node)->u;
}

static void begin(struct capture_unit *u, struct capture_unit *behind)
{
    struct capture_away *a = calloc(1, sizeof *a);
    bw_must(a);
    *a = (struct capture_away){.u = u, .behind = behind};
    a->last = &a->first;
    list_init(&a->node);
    list_remove(&u->trouble);
    if (!behind) {
        list_push_back(&u->c->stuck, &a->node);
    } else { /* its disk side is ours still */
        atomic_store(&u->hangs_since, atomic_load(&behind->hangs_since));
        capture_hand_take(u);
    }
    u->away = a;
    atomic_fetch_add(&u->c->away_n, 1);
    capture_make_ready(u);
}

/* What has not been written since it was away the last time is still kept. */
static void keep_on(struct capture_unit *u)
{
    if (u->policy.full == CAPTURE_BLOCK)
        return;
    u->away->kept = u->held;
    u->away->kept_n = u->held_n;
    u->away->lost = u->late.lost;
    u->away->lost_since = u->late.since;
    u->held = NULL;
    u->held_n = 0;
    u->late = (struct capture_gap){.lost = 0};
}

static void park(struct capture_unit *u, struct capture_unit *stuck)
{
    begin(u, stuck);
    keep_on(u);
}

void capture_away_look(struct capture_unit *u)
{
    struct mounts m;
    if (list_empty(&u->c->stuck) || u->away || !u->path)
        return;
    mounts_read(&m);
    for (struct list *x = u->c->stuck.next; x != &u->c->stuck && !u->away; x = x->next)
        if (shares(u, owner_of(x), &m))
            park(u, owner_of(x));
    mounts_release(&m);
}

void capture_away_begin(struct capture *c)
{
    struct capture_unit *stuck = c->taken;
    struct mounts m;
    c->taken = NULL;
    c->told = true; /* what was being obeyed goes on */
    list_move(&c->ready, &c->now);
    list_move(&c->trouble, &c->tried);
    begin(stuck, NULL);
    mounts_read(&m);
    for (struct list *x = c->all.next; x != &c->all; x = x->next) {
        struct capture_unit *u = LIST_OWNER(x, struct capture_unit, all);
        if (!u->away && u->path && shares(u, stuck, &m))
            park(u, stuck);
    }
    mounts_release(&m);
}

/* ---- meanwhile ---- */

void capture_away_reads(struct capture_unit *u, size_t max)
{
    capture_hand_loses(u, (int64_t)max, bw_now(), ETIMEDOUT);
}

static size_t keep(struct capture_unit *u, bw_str bytes)
{
    struct capture_away *a = u->away;
    size_t n = a->lost_since ? 0 : KEPT - a->kept_n;
    if (n > bytes.n)
        n = bytes.n;
    if (!n)
        return 0;
    a->kept = realloc(a->kept, a->kept_n + n);
    bw_must(a->kept);
    memcpy(a->kept + a->kept_n, bytes.p, n);
    a->kept_n += n;
    capture_hand_holds(u, (int64_t)n);
    return n;
}

static void lose(struct capture_unit *u, int64_t n)
{
    struct capture_away *a = u->away;
    if (!a->lost_since) {
        a->lost_since = bw_now();
        atomic_fetch_add(&u->losses, 1);
        log_warn("angel", "output of a service is lost: the disk of its log does not answer",
                 LOG_CSTR("unit", u->name), LOG_CSTR("path", u->path));
    }
    a->lost += n;
    atomic_fetch_add(&u->lost_bytes, n);
}

void capture_away_keep(struct capture_unit *u, bw_str bytes, size_t max)
{
    int64_t lost = (int64_t)(bytes.n - keep(u, bytes));
    if (lost)
        lose(u, lost);
    capture_hand_loses(u, lost - (int64_t)max, bw_now(), ETIMEDOUT);
}

void capture_away_later(struct capture_unit *u, struct capture_command *k)
{
    k->next = NULL;
    *u->away->last = k;
    u->away->last = &k->next;
}

/* ---- the end of it ---- */

/* Before all others: they were told it earlier. */
static void obey_now(struct capture *c, struct capture_away *a)
{
    if (!a->first)
        return;
    pthread_mutex_lock(&c->lock);
    *a->last = c->first;
    if (!c->first)
        c->last = a->last;
    c->first = a->first;
    pthread_mutex_unlock(&c->lock);
}

/* First what was kept, then the hole. Kept is none but the first: a hole lies before it. */
static void settle(struct capture_unit *u, struct capture_away *a)
{
    if (a->kept && u->held) {
        lose(u, (int64_t)a->kept_n);
        capture_hand_loses(u, (int64_t)a->kept_n, bw_now(), ETIMEDOUT);
        capture_hand_holds(u, -(int64_t)a->kept_n);
        free(a->kept);
    } else if (a->kept) {
        u->held = a->kept;
        u->held_n = a->kept_n;
    }
    if (a->lost_since)
        capture_gap_add(&u->late, a->lost, a->lost_since, ETIMEDOUT);
}

static void end(struct capture_unit *u)
{
    struct capture_away *a = u->away;
    settle(u, a);
    if (a->reopen && u->is_open)
        logfile_reopen(&u->file);
    obey_now(u->c, a);
    list_remove(&a->node);
    u->away = NULL;
    free(a);
    atomic_store(&u->hangs_since, 0);
    atomic_fetch_sub(&u->c->away_n, 1);
    if (capture_owes(u))
        capture_tell_soon(u);
    capture_make_ready(u);
    log_info("angel", "the disk of a log answers again", LOG_CSTR("unit", u->name));
}

void capture_away_end(struct capture_unit *stuck)
{
    struct capture *c = stuck->c;
    end(stuck);
    capture_away_look(stuck);
    for (struct list *x = c->all.next; x != &c->all; x = x->next) {
        struct capture_unit *u = LIST_OWNER(x, struct capture_unit, all);
        if (!u->away || u->away->behind != stuck)
            continue;
        end(u);
        capture_away_look(u);
    }
}

void capture_away_forget(struct capture_unit *u)
{
    struct capture_away *a = u->away;
    while (a && a->first) {
        struct capture_command *k = a->first;
        a->first = k->next;
        capture_command_free(k);
    }
    if (a)
        free(a->kept);
    free(a);
    u->away = NULL;
}
