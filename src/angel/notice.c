/* notice.c: the queue of notices. A notice becomes one item per target, in memory at once and on
 * the disk soon, by a worker. Per target they go out in order, one at a time, each on a fiber; one
 * that fails is tried again with growing pauses for a day. The queue is bounded: the oldest goes.
 * What is no news (notice_memory.c) is not told.
 *
 * Fibers that hang in a server outlive notices_close: whoever is last frees it all. */
#include "angel/notice_int.h"

#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

#define ITEMS_MAX   1000
#define FIBERS      16
#define FIRST_PAUSE (5 * CLOCK_SECOND)
#define LAST_PAUSE  (600 * CLOCK_SECOND)
#define PATIENCE    (30 * CLOCK_SECOND) /* for one try */
#define AGE_MAX     (INT64_C(86400) * BW_TIME_SECOND)

struct notices {
    struct loop *loop;
    struct helpers *helpers;
    char folder[256], host[65];
    struct bw_arena settings;
    const char *smtp, *smtp_from, *hmac_secret;
    struct list items;
    struct notice_memory memory;
    unsigned n_items, fibers, number;
    struct loop_timer timer;
    bool closing;
    int64_t dropped;
};

/* One item at work: what it needs of the settings, copied. */
struct delivery {
    struct notices *n;
    struct notice_item *item;
    struct bw_arena arena;
};

/* ---- the disk, by a worker ---- */

struct disk_job {
    const char *folder;
    struct notice_item *item;
    struct bw_err e;
    bool ok;
};

static void disk_write(void *arg)
{
    struct disk_job *d = arg;
    d->ok = notice_disk_write(d->folder, d->item, &d->e);
}

static void disk_remove(void *arg)
{
    struct disk_job *d = arg;
    notice_disk_remove(d->folder, d->item);
}

/* ---- sending ---- */

static void pump(struct notices *n);

static const char *copy(struct bw_arena *a, const char *text)
{
    return text && *text ? bw_arena_cstr(a, bw_cstr(text)) : NULL;
}

static bool send_one(struct notices *n, struct notice_item *it, struct bw_arena *a,
                     struct bw_err *e)
{
    struct notice_job j = {.item = it,
                           .host = bw_arena_cstr(a, bw_cstr(n->host)),
                           .smtp = copy(a, n->smtp),
                           .smtp_from = copy(a, n->smtp_from),
                           .hmac_secret = copy(a, n->hmac_secret),
                           .helpers = n->helpers,
                           .deadline = clock_mono() + PATIENCE,
                           .arena = a};
    const struct notice_kind *k = notice_kind_of(it->target, &j.target);
    return k->send(&j, e) || bw_because(e, "telling '%s'", it->target);
}

static void release(struct notices *n)
{
    while (!list_empty(&n->items))
        notice_item_free(LIST_OWNER(n->items.next, struct notice_item, node));
    notice_memory_close(&n->memory);
    bw_arena_release(&n->settings);
    free(n);
}

static void put_off(struct notice_item *it, const struct bw_err *e)
{
    int64_t pause = FIRST_PAUSE;
    for (unsigned i = 0; i < it->tries && pause < LAST_PAUSE; i++)
        pause *= 2;
    if (!it->tries++)
        log_warn("angel", "a notice could not be sent; it is tried again",
                 LOG_CSTR("unit", it->unit), LOG_CSTR("kind", it->kind), log_err(e));
    it->next = clock_mono() + (pause < LAST_PAUSE ? pause : LAST_PAUSE);
    it->busy = false;
}

static void finish(struct notices *n, struct notice_item *it)
{
    struct disk_job d = {.folder = n->folder, .item = it};
    list_remove(&it->node);
    n->n_items--;
    worker_run(disk_remove, &d);
    notice_item_free(it);
}

static void name_it(struct notices *n, struct notice_item *it)
{
    snprintf(it->name, sizeof it->name, "%016lld-%06u.json", (long long)it->at, n->number++);
}

static void save(struct notices *n, struct notice_item *it)
{
    struct disk_job d = {.folder = n->folder, .item = it};
    name_it(n, it);
    worker_run(disk_write, &d);
    if (!d.ok) {
        log_warn("angel", "a notice is not kept on disk", log_err(&d.e));
        *it->name = 0;
    }
}

static void deliver(void *arg)
{
    struct delivery *d = arg;
    struct notices *n = d->n;
    struct notice_item *it = d->item;
    struct bw_err e = {.code = BW_OK};
    if (!*it->name)
        save(n, it);
    bool ok = !n->closing && send_one(n, it, &d->arena, &e);
    bool old = bw_now() - it->at > AGE_MAX;
    if (!ok && old)
        log_error("angel", "a notice is given up after a day", LOG_CSTR("unit", it->unit),
                  LOG_CSTR("text", it->text), log_err(&e));
    if (ok || (old && !n->closing))
        finish(n, it);
    else if (!n->closing)
        put_off(it, &e);
    bw_arena_release(&d->arena);
    free(d);
    n->fibers--;
    if (!n->closing)
        pump(n);
    else if (!n->fibers)
        release(n);
}

/* ---- whose turn it is ---- */

static bool is_first(const struct notices *n, const struct notice_item *it)
{
    for (struct list *x = n->items.next; x != &it->node; x = x->next)
        if (!strcmp(LIST_OWNER(x, struct notice_item, node)->target, it->target))
            return false;
    return true;
}

static void begin(struct notices *n, struct notice_item *it)
{
    struct delivery *d = calloc(1, sizeof *d);
    bw_must(d);
    *d = (struct delivery){.n = n, .item = it};
    bw_arena_init(&d->arena);
    it->busy = true;
    n->fibers++;
    if (fiber_start(deliver, d, NULL))
        return;
    n->fibers--;
    it->busy = false;
    it->next = clock_mono() + CLOCK_SECOND;
    free(d);
}

/* The first that is due, or NULL and when one will be (0 = none). */
static struct notice_item *next_due(const struct notices *n, int64_t *when)
{
    int64_t now = clock_mono();
    *when = 0;
    for (struct list *x = n->items.next; x != &n->items; x = x->next) {
        struct notice_item *it = LIST_OWNER(x, struct notice_item, node);
        if (it->busy || !is_first(n, it))
            continue;
        if (it->next <= now)
            return it;
        if (!*when || it->next < *when)
            *when = it->next;
    }
    return NULL;
}

static void pump(struct notices *n)
{
    struct notice_item *it;
    int64_t when = 0;
    while (n->fibers < FIBERS && (it = next_due(n, &when)))
        begin(n, it);
    loop_timer_set(n->loop, &n->timer, when);
}

static void due(struct loop_timer *t)
{
    pump(LIST_OWNER(t, struct notices, timer));
}

/* ---- the calls ---- */

static struct notice_item *item_of(const struct notice *w, const char *target, unsigned more)
{
    struct notice_item *it = notice_item_new();
    struct bw_arena *a = &it->arena;
    it->target = bw_arena_cstr(a, bw_cstr(target));
    it->unit = bw_arena_cstr(a, bw_cstr(w->unit));
    it->kind = bw_arena_cstr(a, bw_cstr(w->kind));
    it->text = more ? bw_arena_printf(a, "%s (and %u more like this before)", w->text, more).p
                    : bw_arena_cstr(a, bw_cstr(w->text));
    it->good = w->good;
    it->at = bw_now();
    return it;
}

/* Room for one more: the oldest that is not under way goes. */
static void make_room(struct notices *n)
{
    struct list *x = n->items.next;
    while (n->n_items >= ITEMS_MAX && x != &n->items) {
        struct notice_item *it = LIST_OWNER(x, struct notice_item, node);
        x = x->next;
        if (it->busy)
            continue;
        if (!n->dropped++)
            log_warn("angel", "too many notices wait to be sent; the oldest are given up");
        notice_disk_remove(n->folder, it);
        notice_item_free(it);
        n->n_items--;
    }
}

void notices_send(struct notices *n, const struct notice *w)
{
    unsigned more;
    if (!w->targets || !*w->targets || !notice_memory_is_news(&n->memory, w, &more))
        return;
    for (const char *const *t = w->targets; *t; t++) {
        make_room(n);
        list_push_back(&n->items, &item_of(w, *t, more)->node);
        n->n_items++;
    }
    loop_timer_set(n->loop, &n->timer, 1); /* not from within this call */
}

bool notices_test(struct notices *n, const char *const *targets, struct bw_buf *lines,
                  struct bw_err *e)
{
    struct notice w = {
        .unit = "", .kind = "test", .text = "this is a test of notices; nothing has happened"};
    struct bw_arena a;
    bool all = true;
    for (const char *const *t = targets; t && *t; t++) {
        struct notice_item *it = item_of(&w, *t, 0);
        const char *rest;
        bw_arena_init(&a);
        bool ok = send_one(n, it, &a, e);
        bw_buf_printf(lines, "%s (%s): %s\n", *t, notice_kind_of(*t, &rest)->name,
                      ok ? "sent" : e->text);
        all = all && ok;
        bw_arena_release(&a);
        notice_item_free(it);
    }
    return all;
}

void notices_conf(struct notices *n, const struct angel_conf *c)
{
    bw_arena_clear(&n->settings);
    n->smtp = copy(&n->settings, c->smtp);
    n->smtp_from = copy(&n->settings, c->smtp_from);
    n->hmac_secret = copy(&n->settings, c->hmac_secret);
}

struct notices *notices_open(struct helpers *hs, const struct angel_conf *c, struct bw_err *e)
{
    struct notices *n = calloc(1, sizeof *n);
    bw_must(n);
    n->loop = loop_current();
    n->helpers = hs;
    list_init(&n->items);
    notice_memory_init(&n->memory);
    bw_arena_init(&n->settings);
    loop_timer_init(&n->timer, due);
    int size = snprintf(n->folder, sizeof n->folder, "%s/notices", c->state);
    if (size < 0 || (size_t)size >= sizeof n->folder) {
        bw_fail(e, BW_BAD, "the state folder '%s' has too long a name", c->state);
        release(n);
        return NULL;
    }
    if (gethostname(n->host, sizeof n->host - 1) != 0 || !*n->host)
        snprintf(n->host, sizeof n->host, "localhost");
    notices_conf(n, c);
    notice_memory_open(&n->memory, c->state);
    notice_disk_read(n->folder, &n->items);
    for (struct list *x = n->items.next; x != &n->items; x = x->next)
        n->n_items++;
    if (n->n_items)
        loop_timer_set(n->loop, &n->timer, 1);
    return n;
}

void notices_pass(struct notices *n, int64_t span)
{
    for (struct list *x = n->memory.told.next; x != &n->memory.told; x = x->next)
        LIST_OWNER(x, struct notice_told, node)->until -= span;
}

bool notices_is_wrong(const struct notices *n, const char *unit)
{
    return notice_memory_is_wrong(&n->memory, unit);
}

void notices_close(struct notices *n)
{
    if (!n)
        return;
    loop_timer_set(n->loop, &n->timer, 0);
    n->closing = true;
    for (struct list *x = n->items.next; x != &n->items; x = x->next) {
        struct notice_item *it = LIST_OWNER(x, struct notice_item, node);
        if (*it->name || it->busy)
            continue;
        name_it(n, it);
        notice_disk_write(n->folder, it, NULL);
    }
    if (!n->fibers)
        release(n);
}
