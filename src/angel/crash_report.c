/* crash_report.c: what is left of a process that ended badly, as a text for people: how it ended,
 * what it used, what it said last. The newest few of each unit are kept. */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "angel/notice.h"
#include "core/civil.h"
#include "core/clock.h"
#include "core/vec.h"
#include "os/file.h"
#include "os/signame.h"

#define STAMP 19 /* "20261124-010203-004" */

void crash_words(const struct hands_exit *x, char out[128])
{
    char name[24];
    const char *oom = !x->oom      ? ""
                      : x->own_oom ? ", out of memory: its MemoryMax"
                                   : ", out of memory: the machine's or of a group above";
    if (!x->known)
        snprintf(out, 128, "an unknown status (it was adopted)%s", oom);
    else if (WIFSIGNALED(x->status) &&
             strncmp(signame_of(WTERMSIG(x->status), name), "SIG", 3) != 0)
        snprintf(out, 128, "%s%s", name, oom);
    else if (WIFSIGNALED(x->status))
        snprintf(out, 128, "signal %d (%s)%s%s", WTERMSIG(x->status), name,
                 WCOREDUMP(x->status) ? ", core dumped" : "", oom);
    else
        snprintf(out, 128, "exit code %d%s", WEXITSTATUS(x->status), oom);
}

static void put_times(const struct crash_report *r, struct bw_buf *b)
{
    bw_time now = bw_now();
    bw_buf_put(b, BW_LIT("ended:    "));
    bw_time_write(b, now);
    if (r->started) {
        bw_buf_put(b, BW_LIT("\nstarted:  "));
        bw_time_write(b, r->started * 1000);
        bw_buf_printf(b, "\nlived:    %.3f s", (double)(now - r->started * 1000) / 1e6);
    }
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void put_use(const struct rusage *u, struct bw_buf *b)
{
    bw_buf_printf(b,
                  "\ncpu:      %.3f s user, %.3f s system\n"
                  "memory:   %ld KiB at most\n"
                  "faults:   %ld from disk, %ld other\n"
                  "blocks:   %ld read, %ld written\n"
                  "switches: %ld waiting, %ld pre-empted\n",
                  seconds(u->ru_utime), seconds(u->ru_stime), u->ru_maxrss, u->ru_majflt,
                  u->ru_minflt, u->ru_inblock, u->ru_oublock, u->ru_nvcsw, u->ru_nivcsw);
}

static void put_report(const struct crash_report *r, struct bw_buf *b)
{
    char words[128];
    crash_words(&r->exit, words);
    bw_buf_printf(b, "unit:     %s\ncommand:  %s\npid:      %d\nrun:      %llu\nend:      %s\n",
                  r->unit, r->command ? r->command : "", (int)r->exit.pid,
                  (unsigned long long)r->exit.run, words);
    put_times(r, b);
    if (r->exit.known)
        put_use(&r->exit.used, b);
    else
        bw_buf_char(b, '\n');
    bw_buf_printf(b, "\n---- the last %zu bytes of its output ----\n", r->output.n);
    bw_buf_put(b, r->output);
    if (r->output.n && r->output.p[r->output.n - 1] != '\n')
        bw_buf_char(b, '\n');
}

/* ---- the files ---- */

static void file_part(const char *unit, char out[80])
{
    snprintf(out, 80, "%s", unit);
    for (char *p = out; *p; p++)
        if (*p == '/')
            *p = '_';
}

static bool is_report(const char *name, const char *part)
{
    size_t n = strlen(part);
    if (strncmp(name, part, n) != 0 || name[n] != '-' || strlen(name) != n + 1 + STAMP + 4)
        return false;
    for (size_t i = 0; i < STAMP; i++) {
        char c = name[n + 1 + i];
        bool dash = i == 8 || i == 15;
        if (dash ? c != '-' : c < '0' || c > '9')
            return false;
    }
    return !strcmp(name + n + 1 + STAMP, ".txt");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void prune(const struct crash_report *r, const char *part)
{
    VEC(char *) names = {0};
    char path[600];
    DIR *d = opendir(r->folder);
    for (struct dirent *x = d ? readdir(d) : NULL; x; x = readdir(d))
        if (is_report(x->d_name, part)) {
            char *name = strdup(x->d_name);
            bw_must(name);
            *vec_push(&names) = name;
        }
    if (d)
        closedir(d);
    if (names.n)
        qsort(names.p, names.n, sizeof *names.p, by_name);
    for (size_t i = 0; i < names.n; i++) {
        snprintf(path, sizeof path, "%s/%s", r->folder, names.p[i]);
        if (names.n - i > r->keep)
            unlink(path);
        free(names.p[i]);
    }
    vec_release(&names);
}

bool crash_report_write(const struct crash_report *r, char path[512], struct bw_err *e)
{
    char part[80];
    struct civil c;
    struct bw_buf b;
    bw_time now = bw_now();
    file_part(r->unit, part);
    civil_of_time(&c, now);
    int n = snprintf(path, 512, "%s/%s-%04d%02d%02d-%02d%02d%02d-%03d.txt", r->folder, part, c.year,
                     c.month, c.day, c.hour, c.minute, c.second, (int)(now / 1000 % 1000));
    if (n < 0 || n >= 512)
        return bw_fail(e, BW_BAD, "the folder of crash reports '%s' has too long a name",
                       r->folder);
    bw_buf_init(&b, CAPTURE_TAIL + 16 * 1024);
    put_report(r, &b);
    bool ok = file_make_folders(r->folder, e) && file_replace(path, bw_buf_str(&b), e);
    bw_buf_release(&b);
    if (ok && r->keep)
        prune(r, part);
    return ok || bw_because(e, "writing the crash report of '%s'", r->unit);
}
