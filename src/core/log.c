/* log.c: levels, the writer and its sleep.
 *
 * A record goes into its thread's ring; whoever holds `role` takes records out of all rings, oldest
 * first, and writes them in batches. That is the writer thread while there is one; without it
 * (before log_start, after log_stop, in a forked child) the logging thread does it itself, and so
 * does log_flush. The writer naps a millisecond after work, so that a busy server pays for no
 * wake-up, and sleeps when a nap brought nothing: then the next record's thread wakes it. What a
 * full ring or a failed write lost is counted and told as soon as something can be written. */
#include "core/log.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "core/log_ring.h"
#include "core/log_sink.h"

#define BATCH_BYTES (64 * 1024)
#define OUT_MAX     (1024 * 1024) /* a batch and the longest line behind it */
#define NAP_NS      1000000

enum state {
    NO_WRITER, /* who logs writes */
    AWAKE,
    ASLEEP /* who logs wakes */
};

static _Atomic int level_now = LOG_LEVEL_INFO;
static _Atomic int state = NO_WRITER;
static _Atomic bool stopping;
static _Atomic uint64_t lost;

static pthread_mutex_t role = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct log_sink sink = {.fd = STDERR_FILENO};
static struct bw_buf out = {.max = OUT_MAX};
static uint64_t told; /* losses already written of */
static pthread_t writer;
static bool has_writer;
static sem_t wake; /* posted once by who changes ASLEEP to AWAKE, taken once by the writer */

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

/* Formats records into `out` until it holds a batch or there are no more. */
static uint64_t collect(void)
{
    struct log_field fields[LOG_RING_FIELDS + 1];
    struct log_record rec;
    struct log_ring *r;
    uint64_t n = 0;
    while (out.n < BATCH_BYTES && (r = oldest())) {
        log_ring_read(r, &rec, fields);
        log_format(&out, sink.json, sink.colour, &rec);
        log_ring_pop(r);
        n++;
    }
    return n;
}

static void tell_lost(uint64_t n)
{
    const struct log_field fields[] = {LOG_NUM("records", n), {.key = NULL}};
    log_format(&out, sink.json, sink.colour,
               &(struct log_record){.level = LOG_LEVEL_WARN,
                                    .at = bw_now(),
                                    .area = "log",
                                    .text = "records lost",
                                    .fields = fields});
}

/* One batch; false when there was nothing. */
static bool write_batch(void)
{
    bw_buf_clear(&out);
    uint64_t n = collect(), now_lost = atomic_load(&lost);
    bool news = now_lost != told;
    if (news)
        tell_lost(now_lost - told);
    if (!out.n)
        return false;
    if (!log_sink_write(&sink, bw_buf_str(&out)))
        atomic_fetch_add(&lost, n);
    else if (news)
        told = now_lost;
    return n > 0;
}

static bool drain(void)
{
    bool any = false;
    pthread_mutex_lock(&role);
    while (write_batch())
        any = true;
    pthread_mutex_unlock(&role);
    return any;
}

/* ---- the writer thread ---- */

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
    while (sem_wait(&wake) != 0) /* interrupted */
        ;
}

static void *write_all(void *unused)
{
    (void)unused;
    const struct timespec nap = {.tv_nsec = NAP_NS};
    while (!atomic_load(&stopping)) {
        if (drain())
            nanosleep(&nap, NULL);
        else
            sleep_until_woken();
    }
    atomic_store(&state, NO_WRITER);
    drain(); /* what was put before that was seen */
    return NULL;
}

static void wake_writer(void)
{
    int asleep = ASLEEP;
    if (atomic_compare_exchange_strong(&state, &asleep, AWAKE))
        sem_post(&wake);
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
    struct log_sink opened;
    bw_must(!has_writer);
    pthread_once(&once, prepare);
    if (!log_sink_open(&opened, o, e))
        return false;
    drain(); /* to standard error, as promised for what came before */
    pthread_mutex_lock(&role);
    sink = opened;
    pthread_mutex_unlock(&role);
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

void log_stop(void)
{
    if (has_writer) {
        atomic_store(&stopping, true);
        wake_writer();
        pthread_join(writer, NULL);
        has_writer = false;
    }
    pthread_mutex_lock(&role);
    log_sink_close(&sink);
    bw_buf_release(&out);
    pthread_mutex_unlock(&role);
}

void log_flush(void)
{
    drain();
}

/* ---- logging ---- */

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&level_now, memory_order_relaxed);
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&level_now, (int)level, memory_order_relaxed);
}

uint64_t log_lost(void)
{
    return atomic_load(&lost);
}

void log_write(enum log_level level, const char *area, const char *text,
               const struct log_field *fields)
{
    struct log_record rec = {
        .level = level, .at = bw_now(), .area = area, .text = text, .fields = fields};
    struct log_ring *r = log_ring_mine();
    if (!r || !log_ring_put(r, &rec)) {
        atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
        return;
    }
    int now = atomic_load(&state);
    if (now == ASLEEP)
        wake_writer();
    if (now == NO_WRITER || level == LOG_LEVEL_FATAL)
        drain();
}

struct log_field log_err(const struct bw_err *e)
{
    return LOG_CSTR("error", e ? e->text : NULL);
}
