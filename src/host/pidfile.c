/* pidfile.c: see pidfile.h. */
#include "host/pidfile.h"

#include <errno.h>
#include <time.h>
#include <burrow/buf.h>

#define MAX_TEXT 4096
/* Somebody who looks holds the lock for a moment: a start tries again before it gives up; so does
 * who looks while another one begins or ends. */
#define TRIES  5
#define NAP_NS 20000000

static bool value(bw_str line, const char *key, bw_str *out)
{
    size_t n = strlen(key);
    if (line.n < n + 1 || memcmp(line.p, key, n) != 0 || line.p[n] != ' ')
        return false;
    *out = bw_str_of(line.p + n + 1, line.n - n - 1);
    return true;
}

static void keep(bw_str s, char *out, size_t room)
{
    size_t n = s.n < room - 1 ? s.n : room - 1;
    memcpy(out, s.p, n);
    out[n] = 0;
}

static void take_line(bw_str line, struct pidfile_info *i)
{
    bw_str v;
    if (value(line, "name", &v))
        keep(v, i->name, sizeof i->name);
    else if (value(line, "state", &v))
        keep(v, i->state, sizeof i->state);
    else if (value(line, "url", &v))
        keep(v, i->url, sizeof i->url);
    else if (value(line, "admin", &v))
        keep(v, i->admin, sizeof i->admin);
    else if (value(line, "reloads", &v))
        bw_str_int(v, &i->reloads);
    else if (value(line, "reloaded", &v) || value(line, "not-reloaded", &v)) {
        keep(v, i->reload, sizeof i->reload);
        i->reload_ok = line.p[0] == 'r';
    }
}

bool pidfile_parse(bw_str text, struct pidfile_info *out)
{
    int64_t pid = 0;
    *out = (struct pidfile_info){.pid = 0};
    while (text.n) {
        size_t end = bw_str_find(text, '\n');
        bw_str line = bw_str_of(text.p, end);
        if (pid)
            take_line(line, out);
        else if (!bw_str_int(line, &pid) || pid < 1 || pid > INT32_MAX)
            return false;
        size_t used = end < text.n ? end + 1 : end;
        text = bw_str_of(text.p + used, text.n - used);
    }
    out->pid = (long)pid;
    return pid > 0;
}

bool pidfile_write(const struct pidfile *p, struct bw_err *e)
{
    const struct pidfile_info *i = &p->info;
    struct bw_buf b;
    bw_buf_init(&b, MAX_TEXT);
    bw_buf_printf(&b, "%ld\nname %s\nstate %s\n", i->pid, i->name, i->state);
    if (i->url[0])
        bw_buf_printf(&b, "url %s\n", i->url);
    if (i->admin[0])
        bw_buf_printf(&b, "admin %s\n", i->admin);
    if (i->reloads)
        bw_buf_printf(&b, "reloads %lld\n%s %s\n", (long long)i->reloads,
                      i->reload_ok ? "reloaded" : "not-reloaded", i->reload);
    bool ok = file_publish(p->path, bw_buf_str(&b), e);
    bw_buf_release(&b);
    return ok;
}

static bool lock_path(const char *path, char out[256], struct bw_err *e)
{
    if ((size_t)snprintf(out, 256, "%s.lock", path) < 250)
        return true;
    return bw_fail(e, BW_BAD, "the path %.80s… is too long for a pid file", path);
}

static bool make_folder(const char *path, struct bw_err *e)
{
    char folder[256];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return true;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    return file_make_folders(folder, e);
}

static bool lock(struct pidfile *p, const char *path, const char *name, struct bw_err *e)
{
    char who[128], by[128] = "";
    struct bw_err why = {.code = BW_OK};
    snprintf(who, sizeof who, "%.40s (pid %ld)", name, (long)getpid());
    for (int i = 0; i < TRIES; i++) {
        if (file_lock(&p->lock, path, who, by, &why))
            return true;
        if (why.code != BW_CONFLICT)
            break;
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    if (why.code == BW_CONFLICT)
        return bw_fail(e, BW_CONFLICT, "%s serves this already; --kill ends it",
                       *by ? by : "another process");
    if (e)
        *e = why;
    return false;
}

bool pidfile_take(struct pidfile *p, const char *path, const char *name, struct bw_err *e)
{
    char locked[256];
    *p = (struct pidfile){.lock = {.fd = -1}, .info = {.pid = getpid(), .state = "starting"}};
    if (!lock_path(path, locked, e) || !make_folder(path, e))
        return false;
    snprintf(p->path, sizeof p->path, "%s", path);
    snprintf(p->info.name, sizeof p->info.name, "%s", name);
    if (!lock(p, locked, name, e))
        return false;
    if (pidfile_write(p, e))
        return true;
    file_unlock(&p->lock);
    return false;
}

void pidfile_release(struct pidfile *p)
{
    if (!p->path[0] || p->lock.fd < 0)
        return;
    unlink(p->path);
    file_unlock(&p->lock);
}

static enum pidfile_found read_info(const char *path, struct pidfile_info *out, struct bw_err *e)
{
    struct bw_arena a;
    struct bw_err why = {.code = BW_OK};
    bw_str text;
    bw_arena_init(&a);
    bool read = file_read(path, MAX_TEXT, &a, &text, &why);
    bool ours = read && pidfile_parse(text, out);
    bw_arena_release(&a);
    if (ours)
        return PIDFILE_RUNS;
    if (!read && why.sys == ENOENT)
        return PIDFILE_NONE;
    if (read)
        bw_fail(e, BW_BAD, "%s is no pid file of ours", path);
    else if (e)
        *e = why;
    return PIDFILE_UNKNOWN;
}

enum pidfile_found pidfile_look(const char *path, struct pidfile_info *out, struct bw_err *e)
{
    char locked[256];
    if (!lock_path(path, locked, e))
        return PIDFILE_UNKNOWN;
    for (int i = 0; i < TRIES; i++) {
        bool held = false;
        if (!file_is_locked(locked, &held, e))
            return PIDFILE_UNKNOWN;
        enum pidfile_found found = read_info(path, out, e);
        if (found == PIDFILE_RUNS && !held)
            return PIDFILE_STALE;
        if (found != PIDFILE_NONE || !held)
            return found;
        /* It has just begun, or is about to be gone: the lock comes first and goes last. */
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    bw_fail(e, BW_BUSY, "somebody holds %s, but %s does not tell who; look again", locked, path);
    return PIDFILE_UNKNOWN;
}
