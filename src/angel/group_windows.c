/* group_windows.c: Job objects, named after the state folder's id. A name lasts as long as a handle
 * is open somewhere: we keep one of each group until it is removed, and the main process of a group
 * that is to outlive us holds one too (windows_group_leave), by which a later angel finds it. Until
 * then a job dies with us: there is no moment in which a child runs and nobody knows of it. */
#include "angel/group.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "angel/windows_int.h"

#define GROUPS_MAX 16384
#define PIDS_MAX   4096 /* of one group */

static struct {
    HANDLE job;
    char name[GROUP_NAME];
} kept[GROUPS_MAX];
static size_t n_kept;

static bool full_name(const struct groups *g, const char *name, WCHAR out[512])
{
    char text[sizeof g->path + GROUP_NAME + 1];
    snprintf(text, sizeof text, "%s-%s", g->path, name);
    return MultiByteToWideChar(CP_UTF8, 0, text, -1, out, 512) != 0;
}

void groups_open(struct groups *g, const char *id)
{
    *g = (struct groups){.base = 0, .limits = GROUP_ALL};
    snprintf(g->path, sizeof g->path, "Local\\burrow-%s", id);
}

void groups_close(struct groups *g)
{
    for (size_t i = 0; i < n_kept; i++)
        CloseHandle(kept[i].job);
    n_kept = 0;
    g->base = -1;
}

static size_t find(const char *name)
{
    size_t i = 0;
    while (i < n_kept && strcmp(kept[i].name, name) != 0)
        i++;
    return i;
}

/* NULL: there is none. Also one that an angel before us made. */
static HANDLE job_of(const struct groups *g, const char *name)
{
    WCHAR full[512];
    size_t i = find(name);
    if (i < n_kept)
        return kept[i].job;
    if (g->base < 0 || n_kept == GROUPS_MAX || !full_name(g, name, full))
        return NULL;
    HANDLE job = OpenJobObjectW(JOB_OBJECT_ALL_ACCESS, FALSE, full);
    if (!job)
        return NULL;
    kept[n_kept].job = job;
    snprintf(kept[n_kept++].name, GROUP_NAME, "%s", name);
    return job;
}

static bool dies_with_us(HANDLE job)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION l = {.BasicLimitInformation.LimitFlags =
                                                  JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    return SetInformationJobObject(job, JobObjectExtendedLimitInformation, &l, sizeof l);
}

static HANDLE make(const struct groups *g, const char *name)
{
    WCHAR full[512];
    errno = ENAMETOOLONG;
    HANDLE job = full_name(g, name, full) ? CreateJobObjectW(NULL, full) : NULL;
    if (job && dies_with_us(job)) {
        kept[n_kept].job = job;
        snprintf(kept[n_kept++].name, GROUP_NAME, "%s", name);
        return job;
    }
    if (job) {
        errno = windows_errno(GetLastError());
        CloseHandle(job);
    }
    return NULL;
}

/* The handle given is one of its own, as a folder's descriptor is elsewhere. */
int group_open(const struct groups *g, const char *name, uint8_t *fresh)
{
    HANDLE job = job_of(g, name), mine;
    if (!job && n_kept == GROUPS_MAX) {
        errno = ENOSPC;
        return -1;
    }
    if (!job && (job = make(g, name)))
        *fresh = 1;
    if (job && DuplicateHandle(GetCurrentProcess(), job, GetCurrentProcess(), &mine, 0, FALSE,
                               DUPLICATE_SAME_ACCESS))
        return windows_number(mine);
    return -1;
}

void group_close(int group)
{
    CloseHandle(windows_handle(group));
}

/* Windows counts in hundredths of a percent of all processors together. */
static bool limit_cpu(HANDLE job, int64_t per_mille)
{
    SYSTEM_INFO here;
    GetSystemInfo(&here);
    int64_t rate = per_mille * 10 / (int64_t)here.dwNumberOfProcessors;
    JOBOBJECT_CPU_RATE_CONTROL_INFORMATION r = {
        .ControlFlags = JOB_OBJECT_CPU_RATE_CONTROL_ENABLE | JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP};
    r.CpuRate = (DWORD)(rate < 1 ? 1 : rate);
    if (per_mille <= 0 || rate >= 10000) { /* lifts one of before; mostly there is none */
        r.ControlFlags = 0;
        SetInformationJobObject(job, JobObjectCpuRateControlInformation, &r, sizeof r);
        return true;
    }
    return SetInformationJobObject(job, JobObjectCpuRateControlInformation, &r, sizeof r);
}

bool group_limit(const struct groups *g, int group, const struct group_limits *l)
{
    (void)g;
    HANDLE job = windows_handle(group);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION x = {.BasicLimitInformation.LimitFlags =
                                                  JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    if (l->memory_max > 0) {
        x.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_JOB_MEMORY;
        x.JobMemoryLimit = (SIZE_T)l->memory_max;
    }
    if (l->pids_max > 0) { /* of processes: threads are not counted here */
        x.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
        x.BasicLimitInformation.ActiveProcessLimit =
            l->pids_max < INT32_MAX ? (DWORD)l->pids_max : INT32_MAX;
    }
    if (SetInformationJobObject(job, JobObjectExtendedLimitInformation, &x, sizeof x) &&
        limit_cpu(job, l->cpu_per_mille))
        return true;
    errno = windows_errno(GetLastError());
    return false;
}

bool windows_group_leave(int group, HANDLE process)
{
    HANDLE job = windows_handle(group), there;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION l;
    if (!QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &l, sizeof l, NULL) ||
        !DuplicateHandle(GetCurrentProcess(), job, process, &there, JOB_OBJECT_QUERY, FALSE, 0))
        return false;
    l.BasicLimitInformation.LimitFlags &= ~(DWORD)JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    return SetInformationJobObject(job, JobObjectExtendedLimitInformation, &l, sizeof l);
}

bool group_exists(const struct groups *g, const char *name)
{
    return job_of(g, name) != NULL;
}

bool group_is_empty(const struct groups *g, const char *name)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION a;
    HANDLE job = job_of(g, name);
    return !job ||
           !QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &a, sizeof a,
                                      NULL) ||
           a.ActiveProcesses == 0;
}

void group_kill(const struct groups *g, const char *name)
{
    HANDLE job = job_of(g, name);
    if (job)
        TerminateJobObject(job, WINDOWS_KILL);
}

/* One thread asks at a time. */
void group_each(const struct groups *g, const char *name, void (*fn)(void *arg, pid_t pid),
                void *arg)
{
    static union {
        JOBOBJECT_BASIC_PROCESS_ID_LIST list;
        ULONG_PTR room[PIDS_MAX + 2];
    } all;
    HANDLE job = job_of(g, name);
    memset(&all, 0, sizeof all);
    if (!job ||
        (!QueryInformationJobObject(job, JobObjectBasicProcessIdList, &all, sizeof all, NULL) &&
         GetLastError() != ERROR_MORE_DATA))
        return;
    for (DWORD i = 0; i < all.list.NumberOfProcessIdsInList; i++)
        fn(arg, (pid_t)all.list.ProcessIdList[i]);
}

bool group_has(const struct groups *g, const char *name, pid_t pid)
{
    BOOL in = FALSE;
    HANDLE job = job_of(g, name);
    HANDLE h = job ? OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, (DWORD)pid) : NULL;
    bool ok = h && IsProcessInJob(h, job, &in) && in;
    if (h)
        CloseHandle(h);
    return ok;
}

/* Windows ends nobody for memory: it refuses more of it. */
struct group_ooms group_ooms(const struct groups *g, const char *name)
{
    (void)g;
    (void)name;
    return (struct group_ooms){0};
}

void group_remove(const struct groups *g, const char *name)
{
    size_t i = find(name);
    (void)g;
    if (i == n_kept)
        return;
    CloseHandle(kept[i].job);
    kept[i] = kept[--n_kept];
}
