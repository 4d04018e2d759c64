/* logfile_rotate.c: when and how a log file is set aside. It is renamed to a name that says when,
 * so that older ones need no renaming, and a thread that compresses one is never in the way. When
 * renaming fails the file grows on, and it is tried again after a second. */
#include <dirent.h>
#include <sys/stat.h>
#include <time.h>

#include "core/civil.h"
#include "core/clock.h"
#include "core/logfile_int.h"
#include "core/vec.h"

#define STAMP 19 /* "20261124-010203-000" */

bw_time logfile_next(const struct logfile_rotate *r, bw_time since)
{
    time_t t = (time_t)(since / BW_TIME_SECOND);
    struct tm tm;
    if (!r->daily || r->count < 2 || !localtime_r(&t, &tm))
        return 0;
    bool later = tm.tm_hour >= r->hour;
    tm.tm_hour = r->hour;
    tm.tm_min = tm.tm_sec = 0;
    tm.tm_mday += later;
    tm.tm_isdst = -1;
    return (bw_time)mktime(&tm) * BW_TIME_SECOND;
}

/* A free name behind all given before, also when an older one of this second was removed, or the
 * clock went back; the packed form counts too. */
static bool find_name(struct logfile *f, char *name, size_t size)
{
    const char *path = f->path;
    struct civil c;
    bw_time second = bw_now() / BW_TIME_SECOND;
    if (second > f->named)
        f->number = 0;
    f->named = second > f->named ? second : f->named;
    civil_of_time(&c, f->named * BW_TIME_SECOND);
    for (int i = f->number; i < 1000; i++) {
        int n = snprintf(name, size, "%s.%04d%02d%02d-%02d%02d%02d-%03d", path, c.year, c.month,
                         c.day, c.hour, c.minute, c.second, i);
        if (n < 0 || (size_t)n + 4 >= size)
            return false;
        memcpy(name + n, ".gz", 4);
        bool taken = access(name, F_OK) == 0;
        name[n] = 0;
        f->number = i + 1;
        if (!taken && access(name, F_OK) != 0)
            return true;
    }
    f->named++; /* a thousand in one second */
    f->number = 0;
    return false;
}

void logfile_rotate(struct logfile *f)
{
    char name[4200];
    struct bw_err e;
    if (!find_name(f, name, sizeof name) || rename(f->path, name) != 0) {
        f->retry_at = clock_mono() + CLOCK_SECOND;
        return;
    }
    f->rotations++;
    logfile_leave(f);
    logfile_reach(f, &e); /* else at the next write */
    logfile_pack(f);
}

bool logfile_is_due(struct logfile *f, int64_t size)
{
    const struct logfile_rotate *r = &f->rotate;
    if (r->count < 2)
        return false;
    bool late = f->next && bw_now() >= f->next;
    if (late && !size)
        f->next = logfile_next(r, bw_now());
    return size && (late || (r->size && size >= r->size)) && clock_mono() >= f->retry_at;
}

/* ---- the list ---- */

static bool is_stamp(const char *s)
{
    for (int i = 0; i < STAMP; i++) {
        bool dash = i == 8 || i == 15;
        if (dash ? s[i] != '-' : s[i] < '0' || s[i] > '9')
            return false;
    }
    return !s[STAMP] || !strcmp(s + STAMP, ".gz");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct logfile_old *)a)->path, ((const struct logfile_old *)b)->path);
}

static void add(struct logfile_olds *v, const char *path, const char *name, size_t folder)
{
    char full[4200];
    struct stat st;
    int n = snprintf(full, sizeof full, "%.*s%s", (int)folder, path, name);
    if (n < 0 || (size_t)n >= sizeof full || stat(full, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    char *copy = strdup(full);
    bw_must(copy);
    *vec_push(v) = (struct logfile_old){

        .path = copy,
        .size = st.st_size,
        .changed = st.st_mtime,
        .packed = !strcmp(full + n - 3, ".gz")};
}

void logfile_list(const char *path, struct logfile_olds *olds)
{
    *olds = (struct logfile_olds){.p = NULL};
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    size_t folder = (size_t)(base - path), n = strlen(base);
    char dir[4096];
    snprintf(dir, sizeof dir, "%.*s", (int)folder, path);
    DIR *d = opendir(folder ? dir : ".");
    for (struct dirent *x = d ? readdir(d) : NULL; x; x = readdir(d))
        if (!strncmp(x->d_name, base, n) && x->d_name[n] == '.' &&
            strlen(x->d_name) >= n + 1 + STAMP && is_stamp(x->d_name + n + 1))
            add(olds, path, x->d_name, folder);
    if (d)
        closedir(d);
    if (olds->n)
        qsort(olds->p, olds->n, sizeof *olds->p, by_name);
}

void logfile_list_release(struct logfile_olds *olds)
{
    for (size_t i = 0; i < olds->n; i++)
        free(olds->p[i].path);
    vec_release(olds);
}

int64_t logfile_drop_oldest(struct logfile *f)
{
    struct logfile_olds olds;
    int64_t freed = 0;
    logfile_list(f->path, &olds);
    for (size_t i = 0; i < olds.n && !freed; i++)
        if (unlink(olds.p[i].path) == 0)
            freed = olds.p[i].size;
    logfile_list_release(&olds);
    return freed;
}
