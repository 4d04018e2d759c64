/* powerfs.c: a FUSE file system that loses what was not synced. For tests of power cuts.
 *
 *   powerfs DISK MOUNTPOINT [--keep=none|random] [--seed=N] [--space=BYTES]
 *
 * Everything is held twice: as programs see it, and as it is on the disk. fsync and fdatasync of a
 * file carry its content over, fsync of a folder carries its names over; nothing else does. SIGUSR1
 * is the power cut: from that moment nothing is synced any more, and the folder DISK is left
 * holding what had been; with --keep=random also an arbitrary part of what had not: sectors, sizes,
 * names. SIGTERM is an orderly end that keeps all. The next start reads DISK. SIGUSR2: it takes
 * questions and answers none (whoever asks is in state D, and no signal ends that) until the next.
 *
 * One thread. Nodes are never freed: a run is short and makes few files. Locks and the mapping of
 * shared files are the kernel's own, so SQLite's write-ahead log works here. */
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECTOR  512
#define PAGE    4096
#define FOREVER 1e6
#define NODES   65536
#define TICK             \
    {                    \
        .tv_usec = 10000 \
    }

struct entry {
    char *name;
    struct node *node;
};

struct names {
    struct entry *p;
    size_t n;
};

struct node {
    fuse_ino_t ino;
    mode_t mode;
    unsigned links;
    struct timespec changed;
    struct names names, names_disk; /* of a folder */
    char *data, *data_disk;         /* of a file: both of cap bytes, 0 behind their sizes */
    unsigned char *dirty;           /* a sector each: differs, or may */
    size_t size, size_disk, cap;
};

static struct node *nodes[NODES];
static size_t n_nodes, used, space = SIZE_MAX;
static bool keep_random, cut;
static volatile sig_atomic_t mute;
static unsigned long long seed = 1;
static struct fuse_session *session;

static void die(const char *what, const char *on)
{
    fprintf(stderr, "powerfs: %s '%s': %s\n", what, on, strerror(errno));
    exit(1);
}

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

static unsigned chance(unsigned of)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % of;
}

/* ---- nodes ---- */

static struct node *node_new(mode_t mode)
{
    if (n_nodes == NODES)
        return NULL;
    struct node *n = must(calloc(1, sizeof *n));
    nodes[n_nodes++] = n;
    n->ino = n_nodes;
    n->mode = mode;
    n->links = 1;
    clock_gettime(CLOCK_REALTIME, &n->changed);
    return n;
}

static struct node *node_of(fuse_ino_t ino)
{
    return nodes[ino - 1];
}

static struct entry *find(struct names *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->p[i].name, name))
            return &s->p[i];
    return NULL;
}

static void names_put(struct names *s, const char *name, struct node *n)
{
    struct entry *old = find(s, name);
    if (old) {
        old->node = n;
        return;
    }
    s->p = must(realloc(s->p, (s->n + 1) * sizeof *s->p));
    s->p[s->n++] = (struct entry){must(strdup(name)), n};
}

static void names_drop(struct names *s, const char *name)
{
    struct entry *e = find(s, name);
    free(e->name);
    *e = s->p[--s->n];
}

static void names_copy(struct names *to, const struct names *from)
{
    while (to->n)
        names_drop(to, to->p[0].name);
    for (size_t i = 0; i < from->n; i++)
        names_put(to, from->p[i].name, from->p[i].node);
}

static void room(struct node *n, size_t size)
{
    if (size <= n->cap)
        return;
    size_t cap = n->cap ? n->cap : PAGE;
    while (cap < size)
        cap *= 2;
    n->data = must(realloc(n->data, cap));
    n->data_disk = must(realloc(n->data_disk, cap));
    n->dirty = must(realloc(n->dirty, cap / SECTOR));
    memset(n->data + n->cap, 0, cap - n->cap);
    memset(n->data_disk + n->cap, 0, cap - n->cap);
    memset(n->dirty + n->cap / SECTOR, 0, (cap - n->cap) / SECTOR);
    n->cap = cap;
}

static void soil(struct node *n, size_t from, size_t to)
{
    clock_gettime(CLOCK_REALTIME, &n->changed);
    if (to > from)
        memset(n->dirty + from / SECTOR, 1, (to - 1) / SECTOR - from / SECTOR + 1);
}

static bool resize(struct node *n, size_t size)
{
    if (size > n->size && (size - n->size > space || used + (size - n->size) > space))
        return false;
    room(n, size);
    if (size < n->size) {
        memset(n->data + size, 0, n->size - size);
        soil(n, size, n->size);
    }
    used += size - n->size;
    n->size = size;
    return true;
}

static void drop_link(struct node *n)
{
    if (--n->links == 0 && S_ISREG(n->mode))
        used -= n->size;
}

static void copy_sector(struct node *n, size_t i)
{
    memcpy(n->data_disk + i * SECTOR, n->data + i * SECTOR, SECTOR);
    n->dirty[i] = 0;
}

static void sync_file(struct node *n)
{
    for (size_t i = 0; i < n->cap / SECTOR; i++)
        if (n->dirty[i])
            copy_sector(n, i);
    n->size_disk = n->size;
}

/* ---- what a power cut leaves ---- */

/* Unsynced sectors may have reached the disk, in any order: whole pages, or torn ones. */
static void keep_some(struct node *n)
{
    for (size_t page = 0; page < n->cap; page += PAGE) {
        unsigned fate = chance(3);
        for (size_t i = page / SECTOR; i < (page + PAGE) / SECTOR; i++)
            if (n->dirty[i] && (fate == 0 || (fate == 1 && chance(2))))
                copy_sector(n, i);
    }
    if (chance(2))
        n->size_disk = n->size;
}

static void settle(struct node *n)
{
    if (S_ISREG(n->mode) && !cut)
        sync_file(n);
    else if (S_ISREG(n->mode) && keep_random)
        keep_some(n);
    else if (S_ISDIR(n->mode) && (!cut || (keep_random && chance(2))))
        names_copy(&n->names_disk, &n->names);
}

static char *joined(const char *a, const char *b, const char *c)
{
    char *path = NULL;
    if (asprintf(&path, "%s%s%s", a, b, c) < 0)
        abort();
    return path;
}

static char *under(const char *folder, const char *name)
{
    return joined(folder, "/", name);
}

static void save_file(const struct node *n, const char *path)
{
    FILE *f = fopen(path, "w");
    size_t some = n->size_disk < n->cap ? n->size_disk : n->cap;
    if (!f || fwrite(n->data_disk, 1, some, f) != some || fclose(f) != 0 ||
        truncate(path, (off_t)n->size_disk) != 0 || chmod(path, n->mode & 07777) != 0)
        die("cannot write", path);
}

static void save(struct node *n, const char *path)
{
    settle(n);
    if (S_ISREG(n->mode)) {
        save_file(n, path);
        return;
    }
    if (mkdir(path, 0755) != 0)
        die("cannot make", path);
    for (size_t i = 0; i < n->names_disk.n; i++) {
        char *at = under(path, n->names_disk.p[i].name);
        save(n->names_disk.p[i].node, at);
        free(at);
    }
    if (chmod(path, n->mode & 07777) != 0)
        die("cannot change", path);
}

static void load_file(struct node *n, const char *path, size_t size)
{
    FILE *f = fopen(path, "r");
    room(n, size);
    if (!f || fread(n->data, 1, size, f) != size)
        die("cannot read", path);
    fclose(f);
    n->size = n->size_disk = size;
    used += size;
    memcpy(n->data_disk, n->data, n->size);
}

static struct node *load(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        die("cannot look at", path);
    struct node *n = must(node_new(st.st_mode));
    if (S_ISREG(st.st_mode)) {
        load_file(n, path, (size_t)st.st_size);
        return n;
    }
    DIR *d = must(opendir(path));
    for (struct dirent *f; (f = readdir(d));) {
        if (!strcmp(f->d_name, ".") || !strcmp(f->d_name, ".."))
            continue;
        char *at = under(path, f->d_name);
        names_put(&n->names, f->d_name, load(at));
        free(at);
    }
    closedir(d);
    names_copy(&n->names_disk, &n->names);
    return n;
}

static void clear(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *f; d && (f = readdir(d));) {
        if (!strcmp(f->d_name, ".") || !strcmp(f->d_name, ".."))
            continue;
        char *at = under(path, f->d_name);
        clear(at);
        free(at);
    }
    if (d)
        closedir(d);
    if (remove(path) != 0 && errno != ENOENT)
        die("cannot remove", path);
}

/* ---- answers to the kernel ---- */

static struct stat attributes(const struct node *n)
{
    return (struct stat){.st_ino = n->ino,
                         .st_mode = n->mode,
                         .st_nlink = n->links,
                         .st_uid = getuid(),
                         .st_gid = getgid(),
                         .st_size = (off_t)n->size,
                         .st_blksize = PAGE,
                         .st_blocks = (blkcnt_t)((n->size + SECTOR - 1) / SECTOR),
                         .st_mtim = n->changed,
                         .st_ctim = n->changed,
                         .st_atim = n->changed};
}

static struct fuse_entry_param entry_of(const struct node *n)
{
    return (struct fuse_entry_param){
        .ino = n->ino, .attr = attributes(n), .attr_timeout = FOREVER, .entry_timeout = FOREVER};
}

static void op_init(void *arg, struct fuse_conn_info *c)
{
    (void)arg;
    c->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA; /* nobody else changes files */
}

static void op_lookup(fuse_req_t r, fuse_ino_t parent, const char *name)
{
    struct entry *e = find(&node_of(parent)->names, name);
    if (!e) {
        fuse_reply_err(r, ENOENT);
        return;
    }
    struct fuse_entry_param p = entry_of(e->node);
    fuse_reply_entry(r, &p);
}

static void op_getattr(fuse_req_t r, fuse_ino_t ino, struct fuse_file_info *fi)
{
    (void)fi;
    struct stat st = attributes(node_of(ino));
    fuse_reply_attr(r, &st, FOREVER);
}

static void op_setattr(fuse_req_t r, fuse_ino_t ino, struct stat *to, int what,
                       struct fuse_file_info *fi)
{
    (void)fi;
    struct node *n = node_of(ino);
    if ((what & FUSE_SET_ATTR_SIZE) && !resize(n, (size_t)to->st_size)) {
        fuse_reply_err(r, ENOSPC);
        return;
    }
    if (what & FUSE_SET_ATTR_MODE)
        n->mode = (n->mode & S_IFMT) | (to->st_mode & 07777);
    struct stat st = attributes(n);
    fuse_reply_attr(r, &st, FOREVER);
}

static struct node *add(fuse_ino_t parent, const char *name, mode_t mode)
{
    struct node *n = node_new(mode);
    if (n)
        names_put(&node_of(parent)->names, name, n);
    return n;
}

static void op_mkdir(fuse_req_t r, fuse_ino_t parent, const char *name, mode_t mode)
{
    struct node *n = add(parent, name, S_IFDIR | (mode & 07777));
    if (!n) {
        fuse_reply_err(r, ENOSPC);
        return;
    }
    struct fuse_entry_param p = entry_of(n);
    fuse_reply_entry(r, &p);
}

static void op_open(fuse_req_t r, fuse_ino_t ino, struct fuse_file_info *fi)
{
    if (fi->flags & O_TRUNC)
        resize(node_of(ino), 0);
    fi->keep_cache = 1;
    fuse_reply_open(r, fi);
}

static void op_create(fuse_req_t r, fuse_ino_t parent, const char *name, mode_t mode,
                      struct fuse_file_info *fi)
{
    struct node *n = add(parent, name, S_IFREG | (mode & 07777));
    if (!n) {
        fuse_reply_err(r, ENOSPC);
        return;
    }
    fi->keep_cache = 1;
    struct fuse_entry_param p = entry_of(n);
    fuse_reply_create(r, &p, fi);
}

static void op_read(fuse_req_t r, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *fi)
{
    (void)fi;
    const struct node *n = node_of(ino);
    size_t from = (size_t)at < n->size ? (size_t)at : n->size;
    size_t some = size < n->size - from ? size : n->size - from;
    fuse_reply_buf(r, n->data + from, some);
}

static void op_write(fuse_req_t r, fuse_ino_t ino, const char *p, size_t size, off_t at,
                     struct fuse_file_info *fi)
{
    (void)fi;
    struct node *n = node_of(ino);
    size_t from = (size_t)at, to = from + size;
    if (to > n->size && !resize(n, to)) {
        fuse_reply_err(r, ENOSPC);
        return;
    }
    memcpy(n->data + from, p, size);
    soil(n, from, to);
    fuse_reply_write(r, size);
}

static void op_fsync(fuse_req_t r, fuse_ino_t ino, int data_only, struct fuse_file_info *fi)
{
    (void)data_only;
    (void)fi;
    sync_file(node_of(ino));
    fuse_reply_err(r, 0);
}

static void op_fsyncdir(fuse_req_t r, fuse_ino_t ino, int data_only, struct fuse_file_info *fi)
{
    (void)data_only;
    (void)fi;
    struct node *n = node_of(ino);
    names_copy(&n->names_disk, &n->names);
    fuse_reply_err(r, 0);
}

static void op_readdir(fuse_req_t r, fuse_ino_t ino, size_t size, off_t at,
                       struct fuse_file_info *fi)
{
    (void)fi;
    const struct node *n = node_of(ino);
    char *out = must(malloc(size));
    size_t len = 0;
    for (size_t i = (size_t)at; i < n->names.n; i++) {
        struct stat st = attributes(n->names.p[i].node);
        size_t more =
            fuse_add_direntry(r, out + len, size - len, n->names.p[i].name, &st, (off_t)i + 1);
        if (more > size - len)
            break;
        len += more;
    }
    fuse_reply_buf(r, out, len);
    free(out);
}

static void op_unlink(fuse_req_t r, fuse_ino_t parent, const char *name)
{
    struct names *s = &node_of(parent)->names;
    struct entry *e = find(s, name);
    if (!e) {
        fuse_reply_err(r, ENOENT);
        return;
    }
    drop_link(e->node);
    names_drop(s, name);
    fuse_reply_err(r, 0);
}

static void op_rmdir(fuse_req_t r, fuse_ino_t parent, const char *name)
{
    struct entry *e = find(&node_of(parent)->names, name);
    if (e && e->node->names.n)
        fuse_reply_err(r, ENOTEMPTY);
    else
        op_unlink(r, parent, name);
}

static void op_rename(fuse_req_t r, fuse_ino_t parent, const char *name, fuse_ino_t to,
                      const char *new_name, unsigned flags)
{
    struct entry *e = find(&node_of(parent)->names, name);
    struct entry *old = find(&node_of(to)->names, new_name);
    if (flags || !e) {
        fuse_reply_err(r, e ? EINVAL : ENOENT);
        return;
    }
    struct node *n = e->node;
    if (old && old->node != n)
        drop_link(old->node);
    names_drop(&node_of(parent)->names, name);
    names_put(&node_of(to)->names, new_name, n);
    fuse_reply_err(r, 0);
}

static void op_statfs(fuse_req_t r, fuse_ino_t ino)
{
    (void)ino;
    size_t all = space == SIZE_MAX ? (size_t)1 << 32 : space;
    struct statvfs st = {.f_bsize = PAGE,
                         .f_frsize = PAGE,
                         .f_blocks = all / PAGE,
                         .f_bfree = all > used ? (all - used) / PAGE : 0,
                         .f_files = NODES,
                         .f_ffree = NODES - n_nodes,
                         .f_namemax = NAME_MAX};
    st.f_bavail = st.f_bfree;
    fuse_reply_statfs(r, &st);
}

static const struct fuse_lowlevel_ops ops = {
    .init = op_init,
    .lookup = op_lookup,
    .getattr = op_getattr,
    .setattr = op_setattr,
    .mkdir = op_mkdir,
    .open = op_open,
    .create = op_create,
    .read = op_read,
    .write = op_write,
    .fsync = op_fsync,
    .fsyncdir = op_fsyncdir,
    .readdir = op_readdir,
    .unlink = op_unlink,
    .rmdir = op_rmdir,
    .rename = op_rename,
    .statfs = op_statfs,
};

/* ---- its life ---- */

static void end(int number)
{
    cut = cut || number == SIGUSR1;
    fuse_session_exit(session);
    /* Again and again: the first one may come just before the loop's read, which then waits. */
    setitimer(ITIMER_REAL, &(struct itimerval){.it_interval = TICK, .it_value = TICK}, NULL);
}

static void turn_mute(int number)
{
    (void)number;
    mute = !mute;
}

/* As fuse_session_loop, but that what has been taken waits while mute. */
static void live(void)
{
    struct fuse_buf buf = {.mem = NULL};
    sigset_t wake, before;
    sigemptyset(&wake);
    sigaddset(&wake, SIGUSR2);
    while (!fuse_session_exited(session)) {
        int n = fuse_session_receive_buf(session, &buf);
        if (n <= 0 && n != -EINTR)
            break;
        sigprocmask(SIG_BLOCK, &wake, &before);
        if (n > 0 && mute) {
            puts("asked");
            fflush(stdout);
        }
        while (n > 0 && mute && !fuse_session_exited(session))
            sigsuspend(&before);
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (n > 0)
            fuse_session_process_buf(session, &buf);
    }
    free(buf.mem);
}

static void take_option(const char *word)
{
    if (!strcmp(word, "--keep=random"))
        keep_random = true;
    else if (!strncmp(word, "--seed=", 7))
        seed = strtoull(word + 7, NULL, 10);
    else if (!strncmp(word, "--space=", 8))
        space = strtoull(word + 8, NULL, 10);
    else if (strcmp(word, "--keep=none") != 0)
        die("no such switch", word);
}

static void serve(const char *mountpoint)
{
    char *words[] = {"powerfs", NULL};
    struct fuse_args args = FUSE_ARGS_INIT(1, words);
    struct sigaction turn = {.sa_handler = turn_mute};
    struct sigaction sa = {.sa_handler = end}; /* no SA_RESTART: the loop's read must end */
    session = fuse_session_new(&args, &ops, sizeof ops, NULL);
    if (!session || fuse_session_mount(session, mountpoint) != 0)
        exit(1);
    sigaction(SIGUSR2, &turn, NULL);
    sigaction(SIGUSR1, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGALRM, &sa, NULL);
    puts("mounted");
    fflush(stdout);
    live();
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_sec = 0}, NULL);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: powerfs DISK MOUNTPOINT [--keep=none|random] [--seed=N] [--space=BYTES]\n",
              stderr);
        return 2;
    }
    for (int i = 3; i < argc; i++)
        take_option(argv[i]);
    load(argv[1]);
    serve(argv[2]);
    char *fresh = joined(argv[1], ".new", "");
    clear(fresh);
    save(nodes[0], fresh);
    clear(argv[1]);
    if (rename(fresh, argv[1]) != 0)
        die("cannot rename", fresh);
    puts("saved");
    fflush(stdout);
    fuse_session_unmount(session);
    fuse_session_destroy(session);
    free(fresh);
    return 0;
}
