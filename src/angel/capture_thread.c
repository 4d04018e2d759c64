/* capture_thread.c: the thread that reads. Events are edges: one is told once, then the unit is
 * `ready` until a read finds its pipe empty, so that nobody who prints without end keeps others
 * waiting, and a FIFO that nobody writes to any more costs nothing. A unit that prints much is
 * `hot`: not watched but read at each turn, with a little pause between turns in which its pipe
 * fills. */
#include "angel/capture_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "core/clock.h"

#define EVENTS 64
#define PIPE   (1 << 20)
#define MUCH   4096               /* bytes of one read */
#define CALM   8                  /* turns in a row that gave less */
#define PAUSE  (200 * 1000)       /* ns */
#define RETRY  (1 * CLOCK_SECOND) /* of a disk that was full */

/* What a pipe holds, made as great as may be once there is reason to. */
static void widen(struct capture_unit *u)
{
    for (int size = PIPE; size > 64 * 1024; size /= 2)
        if (fcntl(u->fifo, F_SETPIPE_SZ, size) >= 0)
            break;
    int room = fcntl(u->fifo, F_GETPIPE_SZ);
    u->room = room > 0 ? room : 64 * 1024;
}

static void give_back(struct capture_unit *u)
{
    struct capture_expect *x = u->expect;
    u->expect = NULL;
    if (x)
        loop_post(u->c->loop, &x->post);
}

static void take(struct capture_unit *u, bw_str bytes)
{
    atomic_fetch_add_explicit(&u->bytes, (int64_t)bytes.n, memory_order_relaxed);
    if (u->expect && capture_tail_meets(&u->tail, u->expect, bytes))
        give_back(u);
    pthread_mutex_lock(&u->c->tails);
    capture_tail_add(&u->tail, bytes);
    pthread_mutex_unlock(&u->c->tails);
    capture_write(u, bytes);
}

/* One read of at most `max` bytes. 0: nothing is there now. */
static size_t read_some(struct capture_unit *u, size_t max)
{
    struct capture *c = u->c;
    ssize_t n;
    capture_hand_reads(u, max);
    do
        n = read(u->fifo, c->piece, max);
    while (n < 0 && errno == EINTR);
    capture_hand_reads(u, n > 0 ? (size_t)n : 0);
    if (n <= 0)
        return 0;
    if (n >= MUCH && !u->room)
        widen(u);
    take(u, bw_str_of(c->piece, (size_t)n));
    capture_hand_reads(u, 0);
    return (size_t)n;
}

/* All that is there at this moment. */
static void drain(struct capture_unit *u)
{
    int left = 0;
    if (ioctl(u->fifo, FIONREAD, &left) != 0)
        return;
    while (left > 0 && !u->held) {
        size_t n = read_some(u, left < CAPTURE_PIECE ? (size_t)left : CAPTURE_PIECE);
        if (!n)
            return;
        left -= (int)n;
    }
}

/* Watched no more but read at each turn: to be woken for each line would slow down the writer. */
static void heat(struct capture_unit *u)
{
    u->hot = epoll_ctl(u->c->epoll, EPOLL_CTL_DEL, u->fifo, NULL) == 0;
    u->calm = 0;
}

static void cool(struct capture_unit *u)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.ptr = u};
    u->hot = epoll_ctl(u->c->epoll, EPOLL_CTL_ADD, u->fifo, &ev) != 0; /* out of memory: later */
    u->calm = 0;
}

/* What it gave says how it goes on. True: it is to be read in the next turn, too. */
static bool goes_on(struct capture_unit *u, size_t n)
{
    if (u->held)
        return false;
    if (!u->hot && n >= MUCH)
        heat(u);
    u->calm = n >= MUCH ? 0 : u->calm + 1;
    if (u->hot && u->calm == CALM)
        cool(u);
    return u->hot || n == CAPTURE_PIECE;
}

/* One read of each that is ready. */
static void turn(struct capture *c)
{
    struct list now;
    bool hurry = false;
    list_init(&now);
    list_move(&now, &c->ready);
    while (!list_empty(&now)) {
        struct capture_unit *u = LIST_OWNER(now.next, struct capture_unit, ready);
        list_remove(&u->ready);
        size_t n = u->held ? 0 : read_some(u, CAPTURE_PIECE);
        hurry = hurry || n == CAPTURE_PIECE || (u->room && n >= (size_t)u->room / 2);
        if (goes_on(u, n))
            list_push_back(&c->ready, &u->ready);
    }
    c->hurry = hurry;
}

static void make_ready(struct capture_unit *u)
{
    list_remove(&u->ready);
    list_push_back(&u->c->ready, &u->ready);
}

static void retry(struct capture *c)
{
    struct list now;
    if (list_empty(&c->trouble) || clock_mono() < c->retry_at)
        return;
    c->retry_at = clock_mono() + RETRY;
    list_init(&now);
    list_move(&now, &c->trouble);
    while (!list_empty(&now)) {
        struct capture_unit *u = LIST_OWNER(now.next, struct capture_unit, trouble);
        list_remove(&u->trouble);
        bool held = u->held;
        if (!capture_retry(u) && list_empty(&u->trouble))
            list_push_back(&c->trouble, &u->trouble);
        if (held && !u->held)
            make_ready(u);
    }
}

/* ---- commands ---- */

static void drop(struct capture_unit *u)
{
    if (u->held)
        capture_retry(u);
    drain(u);
    if (u->gap.since)
        capture_retry(u);
    capture_close(u);
    capture_hand_leave(u);
    list_remove(&u->all);
    list_remove(&u->ready);
    list_remove(&u->trouble);
    close(u->fifo);
    free(u->tail.p);
    free(u->held);
    free(u->name);
    free(u->path);
    free(u);
}

static void change(struct capture_unit *u, struct capture_command *k)
{
    drain(u);
    capture_close(u);
    free(u->path);
    u->path = k->path;
    u->policy = k->policy;
    k->path = NULL;
    if (u->held || u->gap.since)
        u->c->retry_at = 0;
}

static void reopen(struct capture *c)
{
    for (struct list *x = c->all.next; x != &c->all; x = x->next) {
        struct capture_unit *u = LIST_OWNER(x, struct capture_unit, all);
        if (u->is_open)
            logfile_reopen(&u->file);
    }
    c->retry_at = 0;
}

static void end(struct capture *c)
{
    while (!list_empty(&c->all)) {
        struct capture_unit *u = LIST_OWNER(c->all.next, struct capture_unit, all);
        free(u->expect);
        drop(u);
    }
    c->ended = true;
}

static void synced(struct loop_post *p)
{
    struct capture_command *k = LIST_OWNER(p, struct capture_command, post);
    k->done(k->arg);
    free(k);
}

static void tell_soon(struct capture_unit *u)
{
    if (list_empty(&u->trouble))
        list_push_back(&u->c->trouble, &u->trouble);
    u->c->retry_at = 0;
}

static void obey(struct capture *c, struct capture_command *k)
{
    struct capture_unit *u = k->u;
    switch (k->verb) {
    case CAPTURE_ADD:
        list_push_back(&c->all, &u->all);
        if (u->gap.since)
            tell_soon(u);
        make_ready(u);
        break;
    case CAPTURE_CHANGE:
        change(u, k);
        break;
    case CAPTURE_REMOVE:
        give_back(u);
        drop(u);
        break;
    case CAPTURE_EXPECT:
        give_back(u);
        u->expect = k->expect;
        if (u->expect && capture_tail_has(&u->tail, u->expect, u->bytes - u->expect->from))
            give_back(u);
        break;
    case CAPTURE_REOPEN:
        reopen(c);
        break;
    case CAPTURE_END:
        end(c);
        break;
    case CAPTURE_SYNC:
        drain(u);
        k->post.fn = synced;
        loop_post(c->loop, &k->post);
        return;
    }
    free(k->path);
    free(k);
}

static void obey_all(struct capture *c)
{
    uint64_t n;
    if (read(c->wake, &n, sizeof n) < 0)
        return; /* nothing */
    pthread_mutex_lock(&c->lock);
    struct capture_command *k = c->first, *next;
    c->first = NULL;
    c->last = &c->first;
    pthread_mutex_unlock(&c->lock);
    for (; k; k = next) {
        next = k->next;
        obey(c, k);
    }
}

static int patience(const struct capture *c)
{
    if (!list_empty(&c->ready))
        return 0;
    if (list_empty(&c->trouble))
        return -1;
    int64_t left = c->retry_at - clock_mono();
    return left > 0 ? (int)(left / CLOCK_MS) + 1 : 0;
}

void *capture_thread(void *arg)
{
    struct capture *c = arg;
    struct epoll_event ev[EVENTS];
    pthread_setname_np(pthread_self(), "capture");
    while (!c->ended) {
        int n = epoll_wait(c->epoll, ev, EVENTS, patience(c));
        bool told = false;
        for (int i = 0; i < n; i++) {
            if (ev[i].data.ptr)
                make_ready(ev[i].data.ptr);
            else
                told = true;
        }
        turn(c);
        if (told)
            obey_all(c);
        retry(c);
        if (!c->hurry && !list_empty(&c->ready))
            nanosleep(&(struct timespec){.tv_nsec = PAUSE}, NULL);
    }
    return NULL;
}
