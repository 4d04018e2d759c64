/* capture_thread.c: the thread that reads. Events are edges: one is told once, then the unit is
 * `ready` until a read finds its pipe empty, so that nobody who prints without end keeps others
 * waiting, and a FIFO that nobody writes to any more costs nothing. A unit that prints much is
 * `hot`: not watched but read at each turn, with a little pause between turns in which its pipe
 * fills. */
#include "angel/capture_int.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "core/clock.h"

#define EVENTS 64
#define PIPE   (1 << 20)
#define MUCH   4096               /* bytes of one read */
#define CALM   8                  /* turns in a row that gave less */
#define PAUSE  (200 * 1000)       /* ns */
#define RETRY  (1 * CLOCK_SECOND) /* of a disk that was full */
#define GONE   SIZE_MAX           /* a read after which nothing is ours any more */

/* ---- around the disk ---- */

/* Behind each call: what it left is the thread's to know. */
static bool leave(struct capture_worker *w, struct capture_unit *u)
{
    if (!capture_disk_leave(w))
        return false;
    u->dev = u->is_open ? u->file.dev : 0;
    if (capture_owes(u) && list_empty(&u->trouble))
        list_push_back(&u->c->trouble, &u->trouble);
    return true;
}

bool capture_try(struct capture_worker *w, struct capture_unit *u)
{
    capture_disk_enter(w, u);
    capture_retry(u);
    return leave(w, u);
}

bool capture_shut(struct capture_worker *w, struct capture_unit *u)
{
    capture_disk_enter(w, u);
    capture_close(u);
    return leave(w, u);
}

static bool put(struct capture_worker *w, struct capture_unit *u, bw_str bytes)
{
    bytes = capture_stamped(u, bytes, &w->out);
    capture_disk_enter(w, u);
    capture_write(u, bytes);
    capture_hand_reads(u, 0);
    return leave(w, u);
}

/* ---- reading ---- */

/* What a pipe holds, made as great as may be once there is reason to. */
static void widen(struct capture_unit *u)
{
    for (int size = PIPE; size > 64 * 1024; size /= 2)
        if (fcntl(u->fifo, F_SETPIPE_SZ, size) >= 0)
            break;
    int room = fcntl(u->fifo, F_GETPIPE_SZ);
    u->room = room > 0 ? room : 64 * 1024;
}

void capture_expect_back(struct capture_unit *u)
{
    struct capture_expect *x = u->expect;
    u->expect = NULL;
    if (x)
        loop_post(u->c->loop, &x->post);
}

static void hear(struct capture_unit *u, bw_str bytes)
{
    if (bytes.n >= MUCH && !u->room)
        widen(u);
    atomic_fetch_add_explicit(&u->bytes, (int64_t)bytes.n, memory_order_relaxed);
    if (u->expect && capture_tail_meets(&u->tail, u->expect, bytes))
        capture_expect_back(u);
    pthread_mutex_lock(&u->c->tails);
    capture_tail_add(&u->tail, bytes);
    pthread_mutex_unlock(&u->c->tails);
}

static size_t read_piece(struct capture_worker *w, struct capture_unit *u, size_t max)
{
    ssize_t n;
    do
        n = read(u->fifo, w->piece, max);
    while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

/* Its disk does not answer. */
static size_t read_away(struct capture_worker *w, struct capture_unit *u, size_t max)
{
    capture_away_reads(u, max);
    size_t n = read_piece(w, u, max);
    bw_str bytes = bw_str_of(w->piece, n);
    if (n)
        hear(u, bytes);
    capture_away_keep(u, n ? capture_stamped(u, bytes, &w->out) : bytes, max);
    return n;
}

/* One read of at most `max` bytes. 0: nothing is there now. */
static size_t read_some(struct capture_worker *w, struct capture_unit *u, size_t max)
{
    if (u->away)
        return read_away(w, u, max);
    capture_hand_reads(u, max);
    size_t n = read_piece(w, u, max);
    capture_hand_reads(u, n);
    if (!n)
        return 0;
    bw_str bytes = bw_str_of(w->piece, n);
    hear(u, bytes);
    if (!u->path) {
        capture_hand_reads(u, 0);
        return n;
    }
    return put(w, u, bytes) ? n : GONE;
}

/* Held: nothing is read before it is written. */
static bool is_held(const struct capture_unit *u)
{
    return u->away ? u->policy.full == CAPTURE_BLOCK : u->held != NULL;
}

bool capture_drain(struct capture_worker *w, struct capture_unit *u)
{
    int left = 0;
    if (ioctl(u->fifo, FIONREAD, &left) != 0)
        return true;
    while (left > 0 && !is_held(u)) {
        size_t n = read_some(w, u, left < CAPTURE_PIECE ? (size_t)left : CAPTURE_PIECE);
        if (n == GONE)
            return false;
        if (!n)
            return true;
        left -= (int)n;
    }
    return true;
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
    if (is_held(u))
        return false;
    if (!u->hot && n >= MUCH)
        heat(u);
    u->calm = n >= MUCH ? 0 : u->calm + 1;
    if (u->hot && u->calm == CALM)
        cool(u);
    return u->hot || n == CAPTURE_PIECE;
}

/* One read of each that is ready. */
static bool turn(struct capture_worker *w)
{
    struct capture *c = w->c;
    bool hurry = false;
    list_move(&c->now, &c->ready);
    while (!list_empty(&c->now)) {
        struct capture_unit *u = LIST_OWNER(c->now.next, struct capture_unit, ready);
        list_remove(&u->ready);
        size_t n = is_held(u) ? 0 : read_some(w, u, CAPTURE_PIECE);
        if (n == GONE)
            return false;
        hurry = hurry || n == CAPTURE_PIECE || (u->room && n >= (size_t)u->room / 2);
        if (goes_on(u, n))
            list_push_back(&c->ready, &u->ready);
    }
    c->hurry = hurry;
    return true;
}

void capture_make_ready(struct capture_unit *u)
{
    list_remove(&u->ready);
    list_push_back(&u->c->ready, &u->ready);
}

void capture_tell_soon(struct capture_unit *u)
{
    if (list_empty(&u->trouble))
        list_push_back(&u->c->trouble, &u->trouble);
    u->c->retry_at = 0;
}

static bool retry(struct capture_worker *w)
{
    struct capture *c = w->c;
    if (list_empty(&c->trouble) || clock_mono() < c->retry_at)
        return true;
    c->retry_at = clock_mono() + RETRY;
    list_move(&c->tried, &c->trouble);
    while (!list_empty(&c->tried)) {
        struct capture_unit *u = LIST_OWNER(c->tried.next, struct capture_unit, trouble);
        list_remove(&u->trouble);
        bool held = u->held;
        if (!capture_try(w, u))
            return false;
        if (held && !u->held)
            capture_make_ready(u);
    }
    return true;
}

/* ---- its life ---- */

static int patience(const struct capture *c)
{
    if (!list_empty(&c->ready))
        return 0;
    if (list_empty(&c->trouble))
        return -1;
    int64_t left = c->retry_at - clock_mono();
    return left > 0 ? (int)(left / CLOCK_MS) + 1 : 0;
}

static void look(struct capture *c)
{
    struct epoll_event ev[EVENTS];
    int n = epoll_wait(c->epoll, ev, EVENTS, patience(c));
    for (int i = 0; i < n; i++) {
        if (ev[i].data.ptr)
            capture_make_ready(ev[i].data.ptr);
        else
            c->told = true;
    }
}

/* False: it is at work no more. */
static bool work(struct capture_worker *w)
{
    struct capture *c = w->c;
    look(c);
    bool ours = turn(w) && (!c->told || capture_obey_all(w)) && retry(w);
    if (ours && !c->hurry && !list_empty(&c->ready))
        nanosleep(&(struct timespec){.tv_nsec = PAUSE}, NULL);
    return ours;
}

static void *run(void *arg)
{
    struct capture_worker *w = arg;
    struct capture *c = w->c;
    bool ours;
    pthread_setname_np(pthread_self(), "capture");
    if (c->taken)
        capture_away_begin(c);
    do
        ours = work(w);
    while (ours && !capture_is_over(c));
    if (!ours)
        capture_stuck_back(w);
    return NULL;
}

bool capture_worker_start(struct capture *c, struct bw_err *e)
{
    sigset_t all, before;
    struct capture_worker *w = calloc(1, sizeof *w);
    bw_must(w);
    *w = (struct capture_worker){.c = c, .piece = malloc(CAPTURE_PIECE)};
    bw_must(w->piece);
    bw_buf_init(&w->out, 64 * CAPTURE_PIECE);
    struct capture_worker *before_it = c->worker;
    c->worker = w;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int sys = pthread_create(&w->thread, NULL, run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (sys == 0)
        return true;
    c->worker = before_it;
    capture_worker_free(w);
    return bw_fail_sys(e, sys, "starting the thread that captures output");
}

void capture_worker_free(struct capture_worker *w)
{
    bw_buf_release(&w->out);
    free(w->piece);
    free(w);
}
