/* logsource.c: see logsource.h. zlib reads plain files as they are. */
#include "cli/logsource.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define PIECE   (64 * 1024)
#define LONGEST ((size_t)1024 * 1024) /* longer ones are given in pieces */

bool logsource_open(struct logsource *s, const char *path, struct bw_err *e)
{
    *s = (struct logsource){.path = path};
    bw_buf_init(&s->buf, LONGEST + 2 * PIECE);
    logfile_list(path, &s->olds);
    if (s->olds.n || access(path, R_OK) == 0)
        return true;
    logsource_close(s);
    return bw_fail(e, BW_MISSING, "there is no log '%s' that can be read", path);
}

static void leave(struct logsource *s)
{
    if (s->z)
        gzclose(s->z);
    s->z = NULL;
}

void logsource_close(struct logsource *s)
{
    leave(s);
    logfile_list_release(&s->olds);
    bw_buf_release(&s->buf);
}

static bool is_current(const struct logsource *s)
{
    return s->at >= s->olds.n;
}

static void enter(struct logsource *s)
{
    struct stat st;
    int fd = open(is_current(s) ? s->path : s->olds.p[s->at].path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            close(fd);
        return;
    }
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    s->z = gzdopen(fd, "rb");
    if (!s->z)
        close(fd);
}

/* Packed a moment ago: its plain form stands beside it. */
static bool is_double(const struct logsource *s)
{
    if (s->at + 1 >= s->olds.n)
        return false;
    const char *a = s->olds.p[s->at].path, *b = s->olds.p[s->at + 1].path;
    size_t n = strlen(a);
    return !strncmp(a, b, n) && !strcmp(b + n, ".gz");
}

/* False: the end of what there is now. */
static bool fill(struct logsource *s)
{
    char *room = bw_buf_room(&s->buf, PIECE);
    int n = s->z && room ? gzread(s->z, room, PIECE) : 0;
    if (n <= 0)
        return false;
    s->buf.n += (size_t)n;
    return true;
}

/* From a file that has ended to the next one. */
static bool advance(struct logsource *s)
{
    struct stat st;
    if (!is_current(s)) {
        leave(s);
        s->at++;
        return true;
    }
    if (s->z && stat(s->path, &st) == 0 && (st.st_dev != s->dev || st.st_ino != s->ino)) {
        gzclearerr(s->z); /* it was rotated; what came at the last moment first */
        if (!fill(s))
            leave(s);
        return true;
    }
    if (s->z)
        gzclearerr(s->z);
    return false;
}

static bool cut(struct logsource *s, bool all, bw_str *line)
{
    bw_str left = bw_str_of(s->buf.p + s->used, s->buf.n - s->used);
    size_t n = bw_str_find(left, '\n');
    bool whole = n < left.n;
    if (!left.n || (!whole && !all && left.n < LONGEST))
        return false;
    *line = bw_str_of(left.p, whole ? n : left.n);
    s->used += line->n + whole;
    return true;
}

bool logsource_next(struct logsource *s, bool all, bw_str *line)
{
    for (;;) {
        if (cut(s, false, line))
            return true;
        bw_buf_drop(&s->buf, s->used);
        s->used = 0;
        if (!is_current(s) && is_double(s))
            s->at++;
        if (!s->z)
            enter(s);
        if (fill(s))
            continue;
        if (!is_current(s) && cut(s, true, line))
            return true;
        if (!advance(s))
            return all && cut(s, true, line);
    }
}
