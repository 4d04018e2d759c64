/* capture_write.c: from what was read to the unit's file. What the disk does not take is dropped,
 * the oldest first or the newest, or held; each hole is told in the file as soon as it takes bytes
 * again. Nothing here waits but for the disk. */
#include "angel/capture_int.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "os/file.h"

static bool fail_open(struct capture_unit *u, int sys)
{
    u->file.sys = sys ? sys : EIO;
    return false;
}

/* Opened at the first byte: a thousand quiet units have no files. */
static bool reach(struct capture_unit *u)
{
    struct bw_err e;
    if (u->is_open)
        return true;
    const char *slash = strrchr(u->path, '/');
    if (slash && slash != u->path) {
        char *folder = strndup(u->path, (size_t)(slash - u->path)); /* others read the path */
        bw_must(folder);
        bool made = file_make_folders(folder, &e);
        free(folder);
        if (!made)
            return fail_open(u, e.sys);
    }
    if (!logfile_open(&u->file, u->path, &u->policy.rotate, &e))
        return fail_open(u, e.sys);
    return u->is_open = true;
}

void capture_close(struct capture_unit *u)
{
    if (u->is_open)
        logfile_close(&u->file);
    u->is_open = false;
}

static void open_gap(struct capture_unit *u)
{
    if (u->gap.since)
        return;
    u->gap.since = bw_now();
    u->gap.sys = u->file.sys;
    atomic_fetch_add(&u->losses, 1);
    log_warn("angel", "output of a service is lost: its log cannot be written",
             LOG_CSTR("unit", u->name), LOG_CSTR("path", u->path),
             LOG_CSTR("error", strerror(u->gap.sys)));
}

static void lose(struct capture_unit *u, size_t n)
{
    open_gap(u);
    u->gap.lost += (int64_t)n;
    capture_hand_loses(u, (int64_t)n, u->gap.since, u->gap.sys);
    atomic_fetch_add(&u->lost_bytes, (int64_t)n);
}

void capture_gap_add(struct capture_gap *g, int64_t n, bw_time since, int sys)
{
    if (!g->since) {
        g->since = since;
        g->sys = sys;
    }
    g->lost += n;
}

/* Makes room with the unit's own oldest file. */
static bool drop_oldest(struct capture_unit *u)
{
    int sys = u->file.sys;
    if (u->policy.full != CAPTURE_DROP_OLDEST || (sys != ENOSPC && sys != EDQUOT) || !u->is_open)
        return false;
    int64_t freed = logfile_drop_oldest(&u->file);
    if (!freed)
        return false;
    open_gap(u);
    u->gap.removed += freed;
    capture_hand_removed(u, freed);
    atomic_fetch_add(&u->lost_bytes, freed);
    return true;
}

static void mark(const struct capture_gap *g, bool mid, struct bw_buf *out)
{
    bw_buf_put(out, mid ? BW_LIT("\n[burrow angel: ") : BW_LIT("[burrow angel: "));
    if (g->lost)
        bw_buf_printf(out, "%s%lld bytes lost", g->unsure ? "up to " : "", (long long)g->lost);
    if (g->removed)
        bw_buf_printf(out, "%s%lld bytes of older files removed", g->lost ? ", " : "",
                      (long long)g->removed);
    bw_buf_put(out, BW_LIT(" from "));
    bw_time_write(out, g->since);
    bw_buf_put(out, BW_LIT(" to "));
    bw_time_write(out, bw_now());
    bw_buf_printf(out, ": %s]\n",
                  g->unsure             ? "the angel was killed with them in hand"
                  : g->sys == ETIMEDOUT ? "the disk did not answer"
                                        : strerror(g->sys));
}

/* Whoever wrote it last was killed, perhaps within a line. */
static bool ends_mid(const char *path)
{
    char last = '\n';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool any = lseek(fd, -1, SEEK_END) >= 0 && read(fd, &last, 1) == 1;
    close(fd);
    return any && last != '\n';
}

/* All of the mark or nothing. */
static bool tell_gap(struct capture_unit *u)
{
    struct bw_buf b;
    if (!u->gap.since)
        return true;
    if (!reach(u))
        return false;
    if (u->gap.inherited)
        u->file.mid = ends_mid(u->path);
    bw_buf_init(&b, 1024);
    mark(&u->gap, u->file.mid, &b);
    size_t n = logfile_write(&u->file, bw_buf_str(&b));
    bool all = n == b.n;
    bw_buf_release(&b);
    if (n)
        u->file.mid = false;
    if (!all)
        return false;
    log_info("angel", "the log of a service is written again", LOG_CSTR("unit", u->name),
             LOG_NUM("lost_bytes", u->gap.lost + u->gap.removed));
    capture_hand_told(u, &u->gap);
    u->gap = (struct capture_gap){.lost = 0};
    return true;
}

static size_t put(struct capture_unit *u, bw_str bytes)
{
    size_t done = 0;
    if (!reach(u))
        return 0;
    do
        done += logfile_stream(&u->file, bw_str_of(bytes.p + done, bytes.n - done));
    while (done < bytes.n && drop_oldest(u));
    atomic_store(&u->rotations, u->file.rotations);
    return done;
}

static void hold(struct capture_unit *u, bw_str rest)
{
    u->held = malloc(rest.n);
    bw_must(u->held);
    memcpy(u->held, rest.p, rest.n);
    u->held_n = rest.n;
    capture_hand_holds(u, (int64_t)rest.n);
}

static void store(struct capture_unit *u, bw_str bytes)
{
    size_t done = tell_gap(u) ? put(u, bytes) : 0;
    if (done == bytes.n)
        return;
    bw_str rest = bw_str_of(bytes.p + done, bytes.n - done);
    if (u->policy.full == CAPTURE_BLOCK)
        hold(u, rest);
    else
        lose(u, rest.n);
}

/* Each line begins with its time. */
bw_str capture_stamped(struct capture_unit *u, bw_str bytes, struct bw_buf *out)
{
    struct bw_buf stamp;
    if (!u->path || !u->policy.stamp)
        return bytes;
    bw_buf_init(&stamp, 64);
    bw_time_write(&stamp, bw_now() / 1000 * 1000);
    bw_buf_char(&stamp, ' ');
    bw_buf_clear(out);
    while (bytes.n) {
        const char *lf = memchr(bytes.p, '\n', bytes.n);
        size_t n = lf ? (size_t)(lf + 1 - bytes.p) : bytes.n;
        if (!u->within)
            bw_buf_put(out, bw_buf_str(&stamp));
        bw_buf_add(out, bytes.p, n);
        u->within = !lf;
        bytes = bw_str_of(bytes.p + n, bytes.n - n);
    }
    bw_buf_release(&stamp);
    return bw_buf_str(out);
}

void capture_write(struct capture_unit *u, bw_str bytes)
{
    if (u->path)
        store(u, bytes);
}

void capture_retry(struct capture_unit *u)
{
    if (u->held) {
        char *held = u->held;
        bw_str bytes = bw_str_of(held, u->held_n);
        u->held = NULL;
        u->held_n = 0;
        store(u, bytes);
        free(held);
        capture_hand_holds(u, -(int64_t)bytes.n);
    }
    if (u->late.since && !u->held) { /* what was lost behind it */
        capture_gap_add(&u->gap, u->late.lost, u->late.since, u->late.sys);
        u->late = (struct capture_gap){.lost = 0};
    }
    if (u->path)
        tell_gap(u);
}
