/* log.c: levels, the writer and its sleep.
 *
 * A record goes into its thread's ring; whoever holds `role` takes records out of all rings, oldest
 * first, and writes them in batches. That is the writer thread while there is one; without it
 * (before log_start, after log_stop, in a forked child) the logging thread does it itself, and so
 * does log_flush. The writer naps after work, so that a busy server pays for few wake-ups, and is
 * woken early only by a ring half full; it sleeps when a nap brought nothing: then the next
 * record's thread wakes it. What a full ring or a failed write lost is counted and told as soon as
 * something can be written. */
#include "core/log.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "core/log_int.h"
#include "core/log_ring.h"

#define BATCH_BYTES ((size_t)64 * 1024)
#define NAP_NS      1000000  /* what a person waits for at most */
#define NAP_BUSY_NS 10000000 /* after so much that nobody reads it live */
#define BUSY_BYTES  4096
#define OWING_NS    1000000000
#define AREAS_KNOWN 256

enum state {
    NO_WRITER, /* who logs writes */
    AWAKE,
    NAPPING, /* whose ring is half full wakes */
    ASLEEP   /* who logs wakes */
};

static _Atomic int level_now = LOG_LEVEL_INFO;
static _Atomic int state = NO_WRITER;
static _Atomic bool stopping;
static _Atomic uint64_t lost, lost_in_rings; /* by any output or ring; the latter only */

static pthread_mutex_t role = PTHREAD_MUTEX_INITIALIZER; /* guards the outputs and what follows */
static pthread_t writer;
static bool has_writer;
static _Atomic bool indebted; /* an output has lost records and could not say so yet */
static sem_t
    wake; /* posted once by who changes NAPPING or ASLEEP to AWAKE, taken once by the writer */

/* ---- taking records out (under `role`) ---- */

static struct log_ring *oldest(void)
{
    struct log_ring *best = NULL;
    bw_time at, best_at = 0;
    for (struct log_ring *r = log_ring_first(); r; r = log_ring_next(r)) {
        if (log_ring_front(r, &at) && (!best || at < best_at)) {
            best = r;
            best_at = at;
        }
    }
    return best;
}

/* Formats records until there is a batch or there are no more. */
static bool collect(void)
{
    struct log_field fields[LOG_RING_FIELDS + 1];
    struct log_record rec;
    struct log_ring *r;
    bool any = false;
    while (log_output_pending() < BATCH_BYTES && (r = oldest())) {
        log_ring_read(r, &rec, fields);
        log_output_put(&rec);
        log_ring_pop(r);
        any = true;
    }
    return any;
}

static bool owes(void)
{
    return log_output_owes(atomic_load(&lost_in_rings));
}

/* One batch: its size; 0 when there was nothing. */
static size_t write_batch(void)
{
    if (owes())
        log_output_tell(atomic_load(&lost_in_rings));
    if (!collect())
        return 0;
    size_t n = log_output_pending();
    atomic_fetch_add(&lost, log_output_flush());
    return n ? n : 1;
}

static size_t drain(void)
{
    size_t all = 0, n;
    pthread_mutex_lock(&role);
    while ((n = write_batch()) != 0)
        all += n;
    indebted = owes();
    pthread_mutex_unlock(&role);
    return all;
}

/* ---- the writer thread ---- */

/* Sleeps, with the state set to `how`, until woken or, when ns > 0, for that long at most. */
static void rest(int how, int64_t ns)
{
    struct timespec until;
    bool ends = ns > 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    ns += until.tv_nsec;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    while ((ends ? sem_clockwait(&wake, CLOCK_MONOTONIC, &until) : sem_wait(&wake)) != 0) {
        int now = how;
        if (errno == ETIMEDOUT && atomic_compare_exchange_strong(&state, &now, AWAKE))
            return;
        if (errno == ETIMEDOUT)
            ends = false; /* who changed the state posts */
    }
}

static void nap(int64_t ns)
{
    int napping = NAPPING;
    atomic_store(&state, NAPPING);
    if (!atomic_load(&stopping) || !atomic_compare_exchange_strong(&state, &napping, AWAKE))
        rest(NAPPING, ns);
}

/* Sleeps unless a record came in between. The stores and loads of `state` and of the rings' heads
 * are sequentially consistent: one of both sides sees the other. */
static void sleep_until_woken(void)
{
    bw_time at;
    bool work = false;
    atomic_store(&state, ASLEEP);
    for (struct log_ring *r = log_ring_first(); r && !work; r = log_ring_next(r))
        work = log_ring_front(r, &at);
    int asleep = ASLEEP;
    if ((work || atomic_load(&stopping)) && atomic_compare_exchange_strong(&state, &asleep, AWAKE))
        return;
    rest(ASLEEP, indebted ? OWING_NS : 0); /* who owes the news of a loss tries again */
}

static void *write_all(void *unused)
{
    (void)unused;
    while (!atomic_load(&stopping)) {
        size_t n = drain();
        if (n)
            nap(n >= BUSY_BYTES ? NAP_BUSY_NS : NAP_NS);
        else
            sleep_until_woken();
    }
    atomic_store(&state, NO_WRITER);
    drain(); /* what was put before that was seen */
    return NULL;
}

static void wake_writer(void)
{
    int now = atomic_load(&state);
    while (now == ASLEEP || now == NAPPING)
        if (atomic_compare_exchange_strong(&state, &now, AWAKE)) {
            sem_post(&wake);
            return;
        }
}

/* Signals are for the program's own threads; a closed pipe is an error of write here. */
static int start_thread(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&writer, NULL, write_all, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

/* ---- fork ---- */

static void before_fork(void)
{
    pthread_mutex_lock(&role);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&role);
}

static void in_child(void)
{
    log_ring_forget_all();
    log_output_forked();
    bw_must(sem_init(&wake, 0, 0) == 0);
    has_writer = false;
    atomic_store(&state, NO_WRITER);
    atomic_store(&stopping, false);
    pthread_mutex_unlock(&role);
}

static void prepare(void)
{
    bw_must(sem_init(&wake, 0, 0) == 0);
    bw_must(pthread_atfork(before_fork, after_fork, in_child) == 0);
}

/* ---- start and stop ---- */

bool log_start(const struct log_opts *o, struct bw_err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    bw_must(!has_writer);
    pthread_once(&once, prepare);
    drain(); /* to standard error, as promised for what came before */
    pthread_mutex_lock(&role);
    bool opened = log_output_open(o, atomic_load(&lost_in_rings), e);
    pthread_mutex_unlock(&role);
    if (!opened)
        return false;
    log_set_level((enum log_level)o->level);
    atomic_store(&stopping, false);
    atomic_store(&state, AWAKE);
    int failed = start_thread();
    has_writer = !failed;
    if (!failed)
        return true;
    atomic_store(&state, NO_WRITER);
    log_stop();
    return bw_fail_sys(e, failed, "starting the thread that writes the log");
}

bool log_change(const struct log_opts *o, struct bw_err *e)
{
    pthread_mutex_lock(&role);
    while (write_batch()) /* what was put before goes where it was meant to */
        ;
    bool ok = log_output_open(o, atomic_load(&lost_in_rings), e);
    pthread_mutex_unlock(&role);
    return ok;
}

void log_stop(void)
{
    if (has_writer) {
        atomic_store(&stopping, true);
        wake_writer();
        pthread_join(writer, NULL);
        has_writer = false;
    }
    pthread_mutex_lock(&role);
    log_output_close(atomic_load(&lost_in_rings));
    pthread_mutex_unlock(&role);
}

void log_flush(void)
{
    drain();
}

void log_reopen(void)
{
    log_output_reopen(); /* flags only: outputs come and go on the thread that calls this */
}

/* ---- levels ---- */

/* Areas that have, or once had, a level of their own. A name never moves nor goes once others can
 * see it, so threads read without a lock; areas are words of the program, so they are few. */
#define NO_LEVEL (-1)

static struct area {
    char name[LOG_AREA_NAME];
    _Atomic int level;
} areas[AREAS_KNOWN];
static _Atomic size_t n_areas;
static _Atomic int level_all = LOG_LEVEL_INFO; /* of areas without their own */

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&level_now, memory_order_relaxed);
}

/* The lowest that anybody wants. */
static void set_now(void)
{
    size_t n = atomic_load(&n_areas);
    int lowest = atomic_load(&level_all);
    for (size_t i = 0; i < n; i++) {
        int level = atomic_load(&areas[i].level);
        if (level != NO_LEVEL && level < lowest)
            lowest = level;
    }
    atomic_store_explicit(&level_now, lowest, memory_order_relaxed);
}

void log_set_level(enum log_level level)
{
    atomic_store(&level_all, (int)level);
    set_now();
}

static struct area *find_area(const char *name)
{
    size_t n = atomic_load_explicit(&n_areas, memory_order_acquire);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(areas[i].name, name))
            return &areas[i];
    return NULL;
}

static struct area *add_area(const char *name)
{
    size_t n = atomic_load(&n_areas);
    if (n == AREAS_KNOWN)
        return NULL;
    snprintf(areas[n].name, sizeof areas[n].name, "%s", name);
    atomic_store(&areas[n].level, NO_LEVEL);
    atomic_store_explicit(&n_areas, n + 1, memory_order_release);
    return &areas[n];
}

static int level_in(const struct log_area *from, size_t n, const char *name)
{
    for (size_t i = n; i-- > 0;) /* of two the latter */
        if (!strcmp(from[i].name, name))
            return from[i].level;
    return NO_LEVEL;
}

bool log_set_areas(const struct log_area *from, size_t n)
{
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    bool all = true;
    pthread_mutex_lock(&one);
    for (size_t i = 0; i < n; i++)
        all = (find_area(from[i].name) || add_area(from[i].name)) && all;
    for (size_t i = 0; i < atomic_load(&n_areas); i++)
        atomic_store(&areas[i].level, level_in(from, n, areas[i].name));
    set_now();
    pthread_mutex_unlock(&one);
    return all;
}

static bool wanted(enum log_level level, const char *area)
{
    const struct area *a = area ? find_area(area) : NULL;
    int own = a ? atomic_load_explicit(&a->level, memory_order_relaxed) : NO_LEVEL;
    if (own == NO_LEVEL)
        own = atomic_load_explicit(&level_all, memory_order_relaxed);
    return (int)level >= own;
}

/* ---- logging ---- */

uint64_t log_lost(void)
{
    return atomic_load(&lost);
}

static void count_lost(void)
{
    atomic_fetch_add_explicit(&lost_in_rings, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
}

static void has_put(struct log_ring *r, enum log_level level)
{
    int now = atomic_load(&state);
    if (now == ASLEEP || (now == NAPPING && log_ring_is_filling(r)))
        wake_writer();
    if (now == NO_WRITER || level == LOG_LEVEL_FATAL)
        drain();
}

static void queue(const struct log_record *rec)
{
    struct log_ring *r = log_ring_mine();
    if (r && log_ring_put(r, rec))
        has_put(r, rec->level);
    else
        count_lost();
}

static const char *(*_Atomic name_of_request)(void);

void log_name_requests(const char *(*name)(void))
{
    atomic_store(&name_of_request, name);
}

/* The fields with the request's name behind them, in `room`. */
static const struct log_field *with_request(const struct log_field *fields,
                                            struct log_field room[LOG_RING_FIELDS + 1])
{
    const char *(*ask)(void) = atomic_load_explicit(&name_of_request, memory_order_relaxed);
    const char *name = ask ? ask() : NULL;
    size_t n = 0;
    if (!name || !*name)
        return fields;
    for (; fields && fields[n].key; n++)
        if (n == LOG_RING_FIELDS - 1 || !strcmp(fields[n].key, "request"))
            return fields;
    if (n)
        memcpy(room, fields, n * sizeof *room);
    room[n] = LOG_CSTR("request", name);
    room[n + 1] = (struct log_field){.key = NULL};
    return room;
}

void log_write(enum log_level level, const char *area, const char *text,
               const struct log_field *fields)
{
    struct log_field room[LOG_RING_FIELDS + 1];
    if (wanted(level, area))
        queue(&(struct log_record){.level = level,
                                   .at = bw_now(),
                                   .area = area,
                                   .text = text,
                                   .fields = with_request(fields, room)});
}

void log_access(bw_str line, bw_time at)
{
    struct log_ring *r = log_ring_mine();
    if (r && log_ring_put_line(r, line, at, log_access_area))
        has_put(r, LOG_LEVEL_INFO);
    else
        count_lost();
}

struct log_field log_err(const struct bw_err *e)
{
    return LOG_CSTR("error", e ? e->text : NULL);
}
