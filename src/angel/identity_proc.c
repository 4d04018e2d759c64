/* identity_proc.c: what /proc says of processes. Linux; holding one fast is identity_linux.c. */
#include "angel/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/peek.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* Fields of stat behind the name; the state is the first. */
enum { STAT_PARENT = 1, STAT_GROUP = 2, STAT_SESSION = 3, STAT_START = 19 };

/* "/proc/1234/stat": without printf, which is not for the time between fork and exec. */
static void proc_path(char out[64], pid_t pid, const char *file)
{
    char digits[24]; /* of any long: a number that is none must do no harm */
    size_t n = 0, at = 6;
    unsigned long v = (unsigned long)pid;
    do
        digits[n++] = (char)('0' + v % 10);
    while ((v /= 10) != 0);
    memcpy(out, "/proc/", 6);
    while (n)
        out[at++] = digits[--n];
    for (; *file && at < 63; file++)
        out[at++] = *file;
    out[at] = 0;
}

static uint64_t number(const char **p)
{
    uint64_t v = 0;
    bool minus = **p == '-';
    for (*p += minus; **p >= '0' && **p <= '9'; (*p)++)
        v = v * 10 + (uint64_t)(**p - '0');
    return minus ? -v : v;
}

static void take_name(const char *text, const char *end, struct identity *out)
{
    const char *begin = strchr(text, '(');
    size_t n = begin && begin < end ? (size_t)(end - begin - 1) : 0;
    n = n < sizeof out->name - 1 ? n : sizeof out->name - 1;
    if (n)
        memcpy(out->name, begin + 1, n);
    out->name[n] = 0;
}

bool identity_read(const char *stat, struct identity *out)
{
    const char *p = strrchr(stat, ')'); /* the name may hold anything, also ") " */
    if (!p || !p[1] || !p[2])
        return false;
    const char *first = stat;
    *out = (struct identity){.pid = (pid_t)number(&first), .state = p[2]};
    take_name(stat, p, out);
    p += 3;
    for (int field = 1; *p == ' ' && field <= STAT_START; field++) {
        p++;
        uint64_t v = number(&p);
        if (field == STAT_PARENT)
            out->parent = (pid_t)v;
        else if (field == STAT_GROUP)
            out->group = (pid_t)v;
        else if (field == STAT_SESSION)
            out->session = (pid_t)v;
        else if (field == STAT_START)
            out->started = v;
    }
    return true;
}

bool identity_look(pid_t pid, struct identity *out)
{
    char path[64], text[1024];
    proc_path(path, pid, "/stat");
    return pid > 0 && peek_file(AT_FDCWD, path, text, sizeof text) != 0 &&
           identity_read(text, out) && out->pid == pid;
}

void identity_boot(char out[IDENTITY_BOOT])
{
    peek_file(AT_FDCWD, BOOT_ID, out, IDENTITY_BOOT);
    out[strcspn(out, "\n")] = 0;
}

struct each {
    bool (*fn)(void *arg, pid_t pid);
    void *arg;
};

static bool is_process(void *arg, const char *name, bool is_folder)
{
    const struct each *e = arg;
    const char *p = name;
    uint64_t pid = number(&p);
    (void)is_folder;
    return p == name || *p || e->fn(e->arg, (pid_t)pid);
}

void identity_each(bool (*fn)(void *arg, pid_t pid), void *arg)
{
    struct each e = {.fn = fn, .arg = arg};
    int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    peek_folder(fd, is_process, &e);
    close(fd);
}

/* Finds lines in a stream of NUL-ended ones. */
struct finder {
    const char *line;
    size_t at;
    bool off, found;
};

static void feed(struct finder *f, char c)
{
    if (c == 0) {
        f->found = f->found || (!f->off && f->line[f->at] == 0);
        f->at = 0;
        f->off = false;
    } else if (!f->off) {
        f->off = f->line[f->at] != c; /* also at the line's end */
        f->at += !f->off;
    }
}

bool identity_has_marks(pid_t pid, const char *mark, const char *other)
{
    char path[64], text[4096];
    struct finder a = {.line = mark}, b = {.line = other};
    ssize_t n = 0;
    proc_path(path, pid, "/environ");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && !(a.found && b.found) && (n = read(fd, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            feed(&a, text[i]);
            feed(&b, text[i]);
        }
    if (fd >= 0)
        close(fd);
    return a.found && b.found;
}
