/* logfile_pack.c: the thread that compresses rotated files and removes the oldest. It looks at what
 * lies in the folder, not at what it was told: what a process that died left is done by the next
 * one. A packed file appears whole or not at all: it is written under another name first. */
#include <fcntl.h>
#include <signal.h>
#include <zlib.h>

#include "core/logfile_int.h"

#define PIECE (64 * 1024)

static bool copy(struct logfile *f, int from, gzFile to)
{
    char piece[PIECE];
    ssize_t n;
    while ((n = read(from, piece, sizeof piece)) > 0)
        if (atomic_load(&f->packer.stop) || gzwrite(to, piece, (unsigned)n) != n)
            return false;
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
    if (pack_to(f, plain, part) && rename(part, packed) == 0)
        unlink(plain);
    else
        unlink(part);
}

/* The oldest go until both bounds are kept. */
static void prune(const struct logfile *f)
{
    struct logfile_olds olds;
    int64_t total = 0;
    logfile_list(f->path, &olds);
    for (size_t i = 0; i < olds.n; i++)
        total += olds.p[i].size;
    for (size_t i = 0; i < olds.n; i++) {
        bool many = olds.n - i > f->rotate.count - 1;
        if (!many && !(f->rotate.total && total > f->rotate.total))
            break;
        unlink(olds.p[i].path);
        total -= olds.p[i].size;
    }
    logfile_list_release(&olds);
}

static void pack_all(struct logfile *f)
{
    struct logfile_olds olds;
    prune(f);
    if (f->rotate.keep_plain)
        return;
    logfile_list(f->path, &olds);
    for (size_t i = 0; i < olds.n && !atomic_load(&f->packer.stop); i++)
        if (!olds.p[i].packed)
            pack_one(f, olds.p[i].path);
    logfile_list_release(&olds);
    prune(f); /* they are smaller now, but newer ones may have come */
}

static void *work(void *arg)
{
    struct logfile *f = arg;
    struct logfile_packer *p = &f->packer;
    bool more = true;
    while (more) {
        pack_all(f);
        pthread_mutex_lock(&p->lock);
        more = p->again && !atomic_load(&p->stop);
        p->again = false;
        p->running = more;
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

void logfile_pack(struct logfile *f)
{
    struct logfile_packer *p = &f->packer;
    sigset_t all, before;
    pthread_mutex_lock(&p->lock);
    bool busy = p->running;
    p->again = busy;
    p->running = true;
    pthread_mutex_unlock(&p->lock);
    if (busy)
        return;
    if (p->started)
        pthread_join(p->thread, NULL); /* it has said that it ends */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    p->started = pthread_create(&p->thread, NULL, work, f) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!p->started)
        p->running = false;
}

void logfile_pack_stop(struct logfile *f)
{
    atomic_store(&f->packer.stop, true);
    if (f->packer.started)
        pthread_join(f->packer.thread, NULL);
    f->packer.started = false;
}
