/* logfile_budget.c: a bound on the rotated files of many log files together. Each one's share is
 * known from its last rotation; only when the sum is too much, all folders are looked at and the
 * oldest of all files go, a little more than needed, so that this is rare. By the packing thread;
 * members come and go under its lock. */
#include "core/logfile_int.h"
#include "core/vec.h"

/* One file's part in the look at all of them. */
struct share {
    const struct logfile *f; /* may have gone meanwhile */
    char *path;
    int64_t kept;
};

struct piece {
    const char *stamp;
    struct logfile_old old;
    size_t share;
};

struct look {
    VEC(struct share) shares;
    VEC(struct piece) pieces;
};

void logfile_budget_init(struct logfile_budget *b, int64_t total)
{
    *b = (struct logfile_budget){.total = total};
    list_init(&b->files);
}

static int by_stamp(const void *a, const void *b)
{
    return strcmp(((const struct piece *)a)->stamp, ((const struct piece *)b)->stamp);
}

static void collect(struct look *k, size_t share)
{
    struct logfile_olds olds;
    const char *path = k->shares.p[share].path;
    logfile_list(path, &olds);
    for (size_t i = 0; i < olds.n; i++) {
        *vec_push(&k->pieces) = (struct piece){olds.p[i].path + strlen(path), olds.p[i], share};
        k->shares.p[share].kept += olds.p[i].size;
    }
    vec_release(&olds); /* the paths are the pieces' now */
}

static void members(struct look *k, const struct logfile_budget *b)
{
    logfile_pack_lock();
    for (const struct list *x = b->files.next; x != &b->files; x = x->next) {
        const struct logfile *f = LIST_OWNER(x, struct logfile, packer.member);
        char *path = strdup(f->path);
        bw_must(path);
        *vec_push(&k->shares) = (struct share){f, path, 0};
    }
    logfile_pack_unlock();
}

/* The members are still in the order they were in; some may have gone, others come behind. */
static void settle(const struct look *k, struct logfile_budget *b)
{
    size_t i = 0;
    logfile_pack_lock();
    b->used = 0;
    for (struct list *x = b->files.next; x != &b->files; x = x->next) {
        struct logfile *f = LIST_OWNER(x, struct logfile, packer.member);
        size_t at = i;
        while (at < k->shares.n && k->shares.p[at].f != f)
            at++;
        if (at < k->shares.n) {
            f->packer.kept = k->shares.p[at].kept;
            i = at + 1;
        }
        b->used += f->packer.kept;
    }
    logfile_pack_unlock();
}

static void prune_all(struct logfile_budget *b)
{
    struct look k = {.shares = {0}};
    int64_t sum = 0, enough = b->total - b->total / 16;
    members(&k, b);
    for (size_t i = 0; i < k.shares.n; i++) {
        collect(&k, i);
        sum += k.shares.p[i].kept;
    }
    if (k.pieces.n)
        qsort(k.pieces.p, k.pieces.n, sizeof *k.pieces.p, by_stamp);
    bool over = sum > b->total;
    for (size_t i = 0; i < k.pieces.n; i++) {
        struct piece *p = &k.pieces.p[i];
        if (over && sum > enough && unlink(p->old.path) == 0) {
            sum -= p->old.size;
            k.shares.p[p->share].kept -= p->old.size;
        }
        free(p->old.path);
    }
    settle(&k, b);
    for (size_t i = 0; i < k.shares.n; i++)
        free(k.shares.p[i].path);
    vec_release(&k.shares);
    vec_release(&k.pieces);
}

void logfile_budget_note(struct logfile *f, int64_t kept)
{
    struct logfile_budget *b = f->rotate.budget;
    if (!b)
        return;
    logfile_pack_lock();
    if (list_empty(&f->packer.member))
        list_push_back(&b->files, &f->packer.member);
    b->used += kept - f->packer.kept;
    f->packer.kept = kept;
    bool over = b->total && b->used > b->total;
    logfile_pack_unlock();
    if (over)
        prune_all(b);
}

void logfile_budget_leave(struct logfile *f)
{
    logfile_pack_lock();
    if (!list_empty(&f->packer.member)) {
        f->rotate.budget->used -= f->packer.kept;
        list_remove(&f->packer.member);
    }
    logfile_pack_unlock();
}
