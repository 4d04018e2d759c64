/* capture.c: the loop's side: makes units and tells the thread, by a queue, what to do with them. A
 * unit is the thread's until it is removed; from the loop only its tail (under a lock), its figures
 * (atomic) and `expected` are touched. */
#include "angel/capture_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define EXPECT_MAX 255

void capture_wake(struct capture *c)
{
    uint64_t one = 1;
    bw_must(write(c->wake, &one, sizeof one) == sizeof one);
}

void capture_tell(struct capture *c, struct capture_command *k)
{
    pthread_mutex_lock(&c->lock);
    *c->last = k;
    c->last = &k->next;
    pthread_mutex_unlock(&c->lock);
    capture_wake(c);
}

struct capture_command *capture_command_new(enum capture_verb verb, struct capture_unit *u)
{
    struct capture_command *k = calloc(1, sizeof *k);
    bw_must(k);
    k->verb = verb;
    k->u = u;
    return k;
}

static bool begin(struct capture *c, struct bw_err *e)
{
    struct epoll_event ev = {.events = EPOLLIN};
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->epoll < 0 || c->wake < 0 || epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->wake, &ev) != 0)
        return bw_fail_sys(e, errno, "preparing to capture output");
    return capture_worker_start(c, e);
}

void capture_release(struct capture *c)
{
    if (c->epoll >= 0)
        close(c->epoll);
    if (c->wake >= 0)
        close(c->wake);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->tails);
    capture_hands_close(c->hands);
    free(c);
}

/* Deadlines are of the clock that nobody sets. */
static void init_locks(struct capture *c)
{
    pthread_condattr_t a;
    pthread_condattr_init(&a);
    pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &a);
    pthread_condattr_destroy(&a);
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->tails, NULL);
}

struct capture *capture_new(const struct capture_opts *o, struct bw_err *e)
{
    struct capture *c = calloc(1, sizeof *c);
    bw_must(c);
    c->loop = o->loop;
    c->hangs = o->hangs;
    c->arg = o->arg;
    c->epoll = c->wake = -1;
    c->last = &c->first;
    c->guard = capture_guard_new(c);
    logfile_budget_init(&c->budget, o->total);
    init_locks(c);
    struct list *const lists[] = {&c->units, &c->all,   &c->ready, &c->trouble,
                                  &c->now,   &c->tried, &c->stuck};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        list_init(lists[i]);
    if (o->hands)
        c->hands = capture_hands_open(o->hands);
    if (begin(c, e))
        return c;
    free(c->guard);
    capture_release(c);
    return NULL;
}

void capture_free(struct capture *c)
{
    if (!c)
        return;
    for (struct list *x = c->units.next; x != &c->units; x = x->next) {
        struct capture_unit *u = LIST_OWNER(x, struct capture_unit, mine);
        if (u->expected)
            u->expected->cancelled = true; /* on its way back, or freed by the thread */
    }
    capture_tell(c, capture_command_new(CAPTURE_END, NULL));
    if (!capture_guard_end(c))
        return; /* the last of those who are stuck clears away */
    capture_clear(c);
    capture_release(c);
}

static char *copy(const char *text)
{
    char *s = text ? strdup(text) : NULL;
    bw_must(s || !text);
    return s;
}

static struct capture_policy adopt(struct capture *c, const struct capture_policy *p)
{
    struct capture_policy own = *p;
    own.path = NULL; /* copied beside it */
    own.rotate.budget = c->budget.total ? &c->budget : NULL;
    return own;
}

struct capture_unit *capture_add(struct capture *c, const char *name, int fifo,
                                 const struct capture_policy *p, struct bw_err *e)
{
    struct capture_unit *u = calloc(1, sizeof *u);
    bw_must(u);
    *u = (struct capture_unit){.c = c, .fifo = fifo, .policy = adopt(c, p)};
    u->name = copy(name);
    u->path = copy(p->path);
    list_init(&u->mine);
    list_init(&u->all);
    list_init(&u->ready);
    list_init(&u->trouble);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.ptr = u};
    capture_hand_inherit(u);
    /* The thread may see it before it obeys CAPTURE_ADD, which is as good. */
    if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, fifo, &ev) != 0) {
        bw_fail_sys(e, errno, "capturing the output of '%s'", name);
        free(u->name);
        free(u->path);
        free(u);
        close(fifo);
        return NULL;
    }
    list_push_back(&c->units, &u->mine);
    capture_tell(c, capture_command_new(CAPTURE_ADD, u));
    return u;
}

bool capture_change(struct capture_unit *u, const struct capture_policy *p, struct bw_err *e)
{
    struct capture_command *k = capture_command_new(CAPTURE_CHANGE, u);
    (void)e;
    k->policy = adopt(u->c, p);
    k->path = copy(p->path);
    capture_tell(u->c, k);
    return true;
}

void capture_remove(struct capture_unit *u)
{
    if (!u)
        return;
    capture_expect(u, NULL, NULL, NULL);
    list_remove(&u->mine);
    capture_tell(u->c, capture_command_new(CAPTURE_REMOVE, u));
}

void capture_sync(struct capture_unit *u, void (*done)(void *arg), void *arg)
{
    struct capture_command *k = capture_command_new(CAPTURE_SYNC, u);
    k->done = done;
    k->arg = arg;
    capture_tell(u->c, k);
}

struct capture_stats capture_stats(const struct capture_unit *u)
{
    return (struct capture_stats){.bytes = atomic_load(&u->bytes),
                                  .lost_bytes = atomic_load(&u->lost_bytes),
                                  .losses = atomic_load(&u->losses),
                                  .rotations = atomic_load(&u->rotations),
                                  .hangs_since = atomic_load(&u->hangs_since)};
}

static void came(struct loop_post *p)
{
    struct capture_expect *x = LIST_OWNER(p, struct capture_expect, post);
    if (!x->cancelled) {
        x->u->expected = NULL;
        x->found(x->arg);
    }
    free(x);
}

static struct capture_expect *expect_of(struct capture_unit *u, const char *text)
{
    size_t n = strlen(text);
    n = n > EXPECT_MAX ? EXPECT_MAX : n;
    struct capture_expect *x = calloc(1, sizeof *x + n);
    bw_must(x);
    x->post.fn = came;
    x->u = u;
    x->from = u->life >= 0 ? u->life : atomic_load(&u->bytes);
    x->n = n;
    memcpy(x->text, text, n);
    return x;
}

void capture_life(struct capture_unit *u, bool clean)
{
    u->life = clean ? atomic_load(&u->bytes) : -1;
}

void capture_expect(struct capture_unit *u, const char *text, void (*found)(void *arg), void *arg)
{
    struct capture_command *k;
    if (!u->expected && !text)
        return;
    if (u->expected)
        u->expected->cancelled = true;
    u->expected = NULL;
    k = capture_command_new(CAPTURE_EXPECT, u);
    if (text && *text) {
        k->expect = u->expected = expect_of(u, text);
        u->expected->found = found;
        u->expected->arg = arg;
    }
    capture_tell(u->c, k);
}

void capture_reopen(struct capture *c)
{
    capture_tell(c, capture_command_new(CAPTURE_REOPEN, NULL));
}
