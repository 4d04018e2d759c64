/* process.c: reads /proc/self. The metrics are computed when they are read; one look serves all
 * that are read at once. */
#include "os/process.h"

#include <burrow/buf.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/metric.h"
#include "os/peek.h"

/* Fields of /proc/self/stat behind the name, which may hold anything but ends with ')'. */
enum { STAT_THREADS = 17, STAT_START = 19, STAT_VSIZE = 20 };
enum { STAT_RSS = STAT_VSIZE + 1, STAT_FIELDS };

#define FRESH (50 * CLOCK_MS)

static bool read_stat(int64_t field[STAT_FIELDS])
{
    char text[2048];
    peek_file(AT_FDCWD, "/proc/self/stat", text, sizeof text);
    char *p = strrchr(text, ')');
    if (!p || p[1] == 0 || p[2] == 0)
        return false;
    p += 3; /* behind the state, a letter */
    field[0] = 0;
    for (int i = 1; i < STAT_FIELDS; i++)
        field[i] = (int64_t)strtoull(p, &p, 10);
    return true;
}

/* Found out once: it would tremble with the clocks. /proc/stat tells the machine's start too, but a
 * hardened unit does not see it. */
static int64_t start_time(int64_t after_boot)
{
    static _Atomic int64_t known;
    struct timespec up;
    int64_t t = atomic_load(&known);
    if (t || clock_gettime(CLOCK_BOOTTIME, &up) != 0)
        return t;
    int64_t age = up.tv_sec * CLOCK_SECOND + up.tv_nsec - after_boot;
    t = clock_wall_ms() * CLOCK_MS - age;
    atomic_store(&known, t);
    return t;
}

/* Since Linux 6.2 the folder's size is their number; before, it is 0 and they are counted. */
static int64_t count_fds(void)
{
    struct stat st;
    if (stat("/proc/self/fd", &st) == 0 && st.st_size > 0)
        return (int64_t)st.st_size;
    DIR *d = opendir("/proc/self/fd");
    int64_t n = d ? -3 : 0; /* ".", ".." and this folder */
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

void process_look(struct process *p)
{
    int64_t field[STAT_FIELDS];
    struct rlimit limit;
    *p = (struct process){.fds = count_fds()};
    if (read_stat(field)) {
        int64_t tick = CLOCK_SECOND / sysconf(_SC_CLK_TCK);
        p->started = start_time(field[STAT_START] * tick);
        p->threads = field[STAT_THREADS];
        p->virtual = field[STAT_VSIZE];
        p->resident = field[STAT_RSS] * sysconf(_SC_PAGESIZE);
    }
    struct timespec cpu;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
        p->cpu = cpu.tv_sec * CLOCK_SECOND + cpu.tv_nsec;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        p->max_fds = limit.rlim_cur == RLIM_INFINITY ? -1 : (int64_t)limit.rlim_cur;
}

/* ---- as metrics ---- */

static struct process latest; /* under the registry's lock, like all that is computed */
static int64_t latest_at;

static int64_t look(void *member)
{
    int64_t now = clock_mono();
    if (latest_at == 0 || now - latest_at > FRESH)
        process_look(&latest);
    latest_at = now;
    return *(const int64_t *)member;
}

static void make_metrics(void)
{
    metric_computed(METRIC(process_cpu), "", look, &latest.cpu);
    metric_computed(METRIC(process_start_time), "", look, &latest.started);
    metric_computed(METRIC(process_resident_memory_bytes), "", look, &latest.resident);
    metric_computed(METRIC(process_virtual_memory_bytes), "", look, &latest.virtual);
    metric_computed(METRIC(process_threads), "", look, &latest.threads);
    metric_computed(METRIC(process_open_fds), "", look, &latest.fds);
    metric_computed(METRIC(process_max_fds), "", look, &latest.max_fds);
}

void process_metrics(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_metrics);
}
