/* logfile_pack.c: the thread that compresses rotated files and removes the oldest, one for all log
 * files of the process, at a low priority. It looks at what lies in the folder, not at what it
 * was told: what a process that died left is done by the next one. A packed file appears whole or
 * not at all: it is written under another name first. While a big file is being packed, others that
 * are rotated meanwhile are still kept within their bounds. What was rotated a moment ago is left
 * for now: in a burst of output it would be gone again before it is packed. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

#include "core/logfile_int.h"

#define PIECE (64 * 1024)
#define YOUNG 1         /* seconds */
#define PAUSE 200000000 /* ns, while all that waits is young */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t done;        /* with one file */
    struct list queue;          /* struct logfile, by packer.queue */
    pthread_cond_t more;        /* in the queue */
    struct logfile *now, *also; /* being packed; being pruned meanwhile */
    size_t young;               /* so many in a row are to be looked at again */
    bool running;
} packer = {.lock = PTHREAD_MUTEX_INITIALIZER,
            .done = PTHREAD_COND_INITIALIZER,
            .more = PTHREAD_COND_INITIALIZER,
            .queue = {&packer.queue, &packer.queue}};

void logfile_pack_lock(void)
{
    pthread_mutex_lock(&packer.lock);
}

void logfile_pack_unlock(void)
{
    pthread_mutex_unlock(&packer.lock);
}

static bool is_over(const struct logfile *f, const struct logfile_olds *olds, size_t i,
                    int64_t total)
{
    bool many = olds->n - i > f->rotate.count - 1;
    return many || (f->rotate.total && total > f->rotate.total);
}

/* The oldest go until the file's own bounds are kept. The bytes that remain. */
static int64_t prune_own(const struct logfile *f)
{
    struct logfile_olds olds;
    int64_t total = 0;
    logfile_list(f->path, &olds);
    for (size_t i = 0; i < olds.n; i++)
        total += olds.p[i].size;
    for (size_t i = 0; i < olds.n && is_over(f, &olds, i, total); i++) {
        unlink(olds.p[i].path);
        total -= olds.p[i].size;
    }
    logfile_list_release(&olds);
    return total;
}

static void prune(struct logfile *f)
{
    logfile_budget_note(f, prune_own(f));
}

static struct logfile *next_fresh(void)
{
    for (struct list *x = packer.queue.next; x != &packer.queue; x = x->next) {
        struct logfile *f = LIST_OWNER(x, struct logfile, packer.queue);
        if (f->packer.fresh)
            return f;
    }
    return NULL;
}

/* Files that wait for their turn keep their bounds all the same. */
static void prune_fresh(void)
{
    struct logfile *f;
    pthread_mutex_lock(&packer.lock);
    while ((f = next_fresh())) {
        f->packer.fresh = false;
        packer.also = f;
        pthread_mutex_unlock(&packer.lock);
        prune(f);
        pthread_mutex_lock(&packer.lock);
        packer.also = NULL;
        pthread_cond_broadcast(&packer.done);
    }
    pthread_mutex_unlock(&packer.lock);
}

static bool copy(struct logfile *f, int from, gzFile to)
{
    char piece[PIECE];
    struct stat st;
    ssize_t n;
    while ((n = read(from, piece, sizeof piece)) > 0) {
        prune_fresh();
        bool gone = fstat(from, &st) == 0 && st.st_nlink == 0;
        if (gone || atomic_load(&f->packer.stop) || gzwrite(to, piece, (unsigned)n) != n)
            return false;
    }
    return n == 0;
}

/* "r" of the data is on the disk before the plain file goes. */
static bool pack_to(struct logfile *f, const char *plain, const char *part)
{
    int from = open(plain, O_RDONLY | O_CLOEXEC);
    int to = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    int kept = to >= 0 ? dup(to) : -1; /* gzclose closes its own */
    gzFile z = from >= 0 && to >= 0 ? gzdopen(to, "wb6") : NULL;
    bool ok = z && copy(f, from, z);
    if (z)
        ok = gzclose(z) == Z_OK && ok;
    else if (to >= 0)
        close(to);
    ok = ok && kept >= 0 && fdatasync(kept) == 0;
    if (kept >= 0)
        close(kept);
    if (from >= 0)
        close(from);
    return ok;
}

static void pack_one(struct logfile *f, const char *plain)
{
    char part[4300], packed[4300];
    snprintf(part, sizeof part, "%s.gz.part", plain);
    snprintf(packed, sizeof packed, "%s.gz", plain);
    if (pack_to(f, plain, part) && access(plain, F_OK) == 0 && rename(part, packed) == 0)
        unlink(plain);
    else
        unlink(part);
}

/* False: some are too young. */
static bool pack_all(struct logfile *f)
{
    struct logfile_olds olds;
    bool all = true;
    int64_t now = time(NULL);
    prune(f);
    if (f->rotate.keep_plain)
        return true;
    logfile_list(f->path, &olds);
    for (size_t i = 0; i < olds.n && !atomic_load(&f->packer.stop); i++) {
        int64_t age = now - olds.p[i].changed;
        bool young = age >= 0 && age <= YOUNG;
        if (!olds.p[i].packed && !young)
            pack_one(f, olds.p[i].path);
        all = all && (olds.p[i].packed || !young);
    }
    logfile_list_release(&olds);
    prune(f); /* they are smaller now, but newer ones may have come */
    return all;
}

static size_t waiting(void)
{
    size_t n = 0;
    for (struct list *x = packer.queue.next; x != &packer.queue; x = x->next)
        n++;
    return n;
}

/* Under the lock. Somebody's rotation ends the pause: bounds first. */
static void rest(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += PAUSE;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    packer.young = 0;
    pthread_cond_timedwait(&packer.more, &packer.lock, &t);
}

static void finish(struct logfile *f, bool all)
{
    packer.now = NULL;
    if (all || atomic_load(&f->packer.stop)) {
        packer.young = 0;
    } else {
        packer.young++;
        if (list_empty(&f->packer.queue))
            list_push_back(&packer.queue, &f->packer.queue);
    }
    pthread_cond_broadcast(&packer.done);
    if (packer.young && packer.young >= waiting())
        rest();
}

static void *work(void *arg)
{
    (void)arg;
    setpriority(PRIO_PROCESS, (id_t)gettid(), 10); /* a thread's own on Linux */
    pthread_mutex_lock(&packer.lock);
    while (!list_empty(&packer.queue)) {
        struct logfile *f = LIST_OWNER(packer.queue.next, struct logfile, packer.queue);
        list_remove(&f->packer.queue);
        f->packer.fresh = false;
        packer.now = f;
        pthread_mutex_unlock(&packer.lock);
        bool all = pack_all(f);
        pthread_mutex_lock(&packer.lock);
        finish(f, all);
    }
    packer.running = false;
    pthread_mutex_unlock(&packer.lock);
    return NULL;
}

static bool start(void)
{
    pthread_t thread;
    pthread_attr_t a;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&a);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&a, 512 * 1024);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&thread, &a, work, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&a);
    return ok;
}

void logfile_pack_init(struct logfile *f)
{
    list_init(&f->packer.queue);
    list_init(&f->packer.member);
}

void logfile_pack(struct logfile *f)
{
    pthread_mutex_lock(&packer.lock);
    bool late = f->packer.fresh;
    f->packer.fresh = true;
    if (list_empty(&f->packer.queue))
        list_push_back(&packer.queue, &f->packer.queue);
    if (!packer.running)
        packer.running = start(); /* else with the next rotation */
    pthread_cond_signal(&packer.more);
    pthread_mutex_unlock(&packer.lock);
    if (late)
        prune_own(f); /* the thread has had no time since the last rotation: bounds come first */
}

bool logfile_is_packing(struct logfile *f)
{
    pthread_mutex_lock(&packer.lock);
    bool is = packer.now == f || packer.also == f || !list_empty(&f->packer.queue);
    pthread_mutex_unlock(&packer.lock);
    return is;
}

void logfile_pack_stop(struct logfile *f)
{
    atomic_store(&f->packer.stop, true);
    pthread_mutex_lock(&packer.lock);
    list_remove(&f->packer.queue);
    while (packer.now == f || packer.also == f)
        pthread_cond_wait(&packer.done, &packer.lock);
    pthread_mutex_unlock(&packer.lock);
    logfile_budget_leave(f);
}

void logfile_pack_forked(struct logfile *f)
{
    pthread_mutex_init(&packer.lock, NULL);
    pthread_cond_init(&packer.done, NULL);
    list_init(&packer.queue);
    pthread_cond_init(&packer.more, NULL);
    packer.now = packer.also = NULL;
    packer.running = false;
    logfile_pack_init(f);
}
