/* identity_windows.c: a process HANDLE is an identity: while one is open, the number is no other's.
 * Who has one may also ask how it ended, so nobody is FOREIGN, and there are no zombies: a process
 * that has ended stays known until its last handle is closed. */
#include "angel/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "angel/windows_int.h"

#include <psapi.h>
#include <tlhelp32.h>
#include <winternl.h>

#define NEEDED \
    (SYNCHRONIZE | PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SET_QUOTA)
#define MARKS_MAX (32 * 1024) /* of an environment, UTF-16 */

int windows_errno(DWORD error)
{
    static const struct {
        DWORD error;
        int number;
    } known[] = {{ERROR_FILE_NOT_FOUND, ENOENT},      {ERROR_PATH_NOT_FOUND, ENOENT},
                 {ERROR_ACCESS_DENIED, EACCES},       {ERROR_INVALID_PARAMETER, EINVAL},
                 {ERROR_BAD_EXE_FORMAT, ENOEXEC},     {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
                 {ERROR_DIRECTORY, ENOTDIR},          {ERROR_INVALID_HANDLE, EBADF},
                 {ERROR_TOO_MANY_OPEN_FILES, EMFILE}, {ERROR_NO_SYSTEM_RESOURCES, EAGAIN},
                 {ERROR_ALREADY_EXISTS, EEXIST},      {ERROR_NOT_SUPPORTED, ENOTSUP},
                 {ERROR_FILENAME_EXCED_RANGE, E2BIG}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].error == error)
            return known[i].number;
    return EIO;
}

static uint64_t number_of(const FILETIME *t)
{
    return (uint64_t)t->dwHighDateTime << 32 | t->dwLowDateTime;
}

uint64_t windows_started(HANDLE process)
{
    FILETIME began, ended, kernel, user;
    return GetProcessTimes(process, &began, &ended, &kernel, &user) ? number_of(&began) : 0;
}

static bool has_ended(HANDLE process)
{
    return WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
}

/* Only if it is older than its child: Windows tells a parent's number for ever, and by now it may
 * be another's. */
static pid_t parent_of(HANDLE process, uint64_t started)
{
    PROCESS_BASIC_INFORMATION i;
    if (NtQueryInformationProcess(process, ProcessBasicInformation, &i, sizeof i, NULL) != 0)
        return 0;
    DWORD pid = (DWORD)i.InheritedFromUniqueProcessId;
    HANDLE parent = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    uint64_t began = parent ? windows_started(parent) : 0;
    if (parent)
        CloseHandle(parent);
    return began && began <= started ? (pid_t)pid : 0;
}

static void take_name(HANDLE process, char name[32])
{
    WCHAR path[1024];
    DWORD n = sizeof path / sizeof path[0];
    char text[3 * sizeof path / sizeof path[0]] = "";
    if (QueryFullProcessImageNameW(process, 0, path, &n))
        WideCharToMultiByte(CP_UTF8, 0, path, -1, text, sizeof text, NULL, NULL);
    const char *base = strrchr(text, '\\');
    snprintf(name, 32, "%.31s", base ? base + 1 : text);
}

bool identity_look(pid_t pid, struct identity *out)
{
    HANDLE h = pid > 0 ? OpenProcess(NEEDED, FALSE, (DWORD)pid) : NULL;
    if (!h && pid > 0)
        h = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, (DWORD)pid);
    if (!h)
        return false;
    *out = (struct identity){.pid = pid, .state = has_ended(h) ? 'Z' : 'R'};
    out->started = windows_started(h);
    out->parent = parent_of(h, out->started);
    take_name(h, out->name);
    CloseHandle(h);
    return out->started != 0;
}

/* A start time is a date here, so pid and start differ from those of any boot before. */
void identity_boot(char out[IDENTITY_BOOT])
{
    snprintf(out, IDENTITY_BOOT, "any");
}

int identity_open(pid_t pid, uint64_t started)
{
    HANDLE h = pid > 0 ? OpenProcess(NEEDED, FALSE, (DWORD)pid) : NULL;
    if (!h)
        return -1;
    if (windows_started(h) == started && !has_ended(h))
        return windows_number(h);
    CloseHandle(h);
    return -1;
}

/* spawn_start hands out the one CreateProcess gave; this serves who has only the number. */
int identity_hold(pid_t child)
{
    HANDLE h = child > 0 ? OpenProcess(NEEDED, FALSE, (DWORD)child) : NULL;
    return h ? windows_number(h) : -1;
}

void identity_close(int handle)
{
    if (handle != -1)
        CloseHandle(windows_handle(handle));
}

/* Windows has no signals. KILL ends it; those that ask to end are Ctrl-Break, which a program that
 * shares our console may heed; the rest means nothing there. */
bool identity_signal(int handle, int signal)
{
    HANDLE h = windows_handle(handle);
    errno = ESRCH;
    if (handle == -1 || has_ended(h))
        return false;
    if (signal == 0)
        return true;
    errno = ENOTSUP;
    if (signal == 9) {
        if (TerminateProcess(h, WINDOWS_KILL))
            return true;
        errno = has_ended(h) ? ESRCH : windows_errno(GetLastError());
    } else if (signal == 15 || signal == 2 || signal == 1 || signal == 3) {
        /* It leads a group of its own since birth; our handle keeps the number its. */
        return GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, GetProcessId(h));
    }
    return false;
}

/* What ends a process here in place of a signal is an exception's code. */
static int status_of(DWORD code)
{
    static const struct {
        DWORD code;
        int signal;
    } known[] = {{0xC0000005, 11}, {0xC00000FD, 11}, {0xC000001D, 4}, {0xC0000096, 4},
                 {0xC0000094, 8},  {0xC0000095, 8},  {0xC000013A, 2}, {0xC0000374, 6},
                 {0xC0000409, 6},  {0xC0000420, 6},  {0x80000003, 5}};
    if ((code & ~0x7fu) == WINDOWS_SIGNALLED)
        return (int)(code & 0x7f);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].code == code)
            return known[i].signal;
    if (code <= 0xFFFFFF)
        return (int)(code << 8);
    return (int)((code & 0xff) << 8); /* exit(-1) is 255, as elsewhere */
}

static struct timeval time_of(const FILETIME *t)
{
    uint64_t us = number_of(t) / 10;
    return (struct timeval){.tv_sec = (long)(us / 1000000), .tv_usec = (long)(us % 1000000)};
}

static void take_usage(HANDLE h, struct rusage *used)
{
    FILETIME began, ended, kernel, user;
    PROCESS_MEMORY_COUNTERS m = {.cb = sizeof m};
    *used = (struct rusage){.ru_maxrss = 0};
    if (GetProcessTimes(h, &began, &ended, &kernel, &user)) {
        used->ru_utime = time_of(&user);
        used->ru_stime = time_of(&kernel);
    }
    if (K32GetProcessMemoryInfo(h, &m, sizeof m)) {
        used->ru_maxrss = (long)(m.PeakWorkingSetSize / 1024);
        used->ru_majflt = (long)m.PageFaultCount;
    }
}

enum identity_end identity_ended(int handle, int *status, struct rusage *used)
{
    DWORD code;
    HANDLE h = windows_handle(handle);
    if (!has_ended(h) || !GetExitCodeProcess(h, &code))
        return IDENTITY_LIVES;
    *status = status_of(code);
    take_usage(h, used);
    return IDENTITY_ENDED;
}

void identity_reap(int handle)
{
    (void)handle; /* closing it is all */
}

pid_t identity_zombie(void)
{
    return 0;
}

void identity_reap_pid(pid_t zombie)
{
    (void)zombie;
}

void identity_each(bool (*fn)(void *arg, pid_t pid), void *arg)
{
    PROCESSENTRY32W e = {.dwSize = sizeof e};
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (all == INVALID_HANDLE_VALUE)
        return;
    for (BOOL more = Process32FirstW(all, &e); more; more = Process32NextW(all, &e))
        if (e.th32ProcessID && !fn(arg, (pid_t)e.th32ProcessID))
            break;
    CloseHandle(all);
}

/* ---- the environment of another process ---- */

static bool read_there(HANDLE h, const void *at, void *out, size_t n)
{
    SIZE_T got;
    return ReadProcessMemory(h, at, out, n, &got) && got == n;
}

/* PEB → process parameters → environment; the last offset stands in no header, and is the same in
 * every 64-bit Windows. */
static size_t read_environment(HANDLE h, WCHAR *out, size_t max)
{
    PROCESS_BASIC_INFORMATION i;
    PEB peb;
    char *environment;
    MEMORY_BASIC_INFORMATION m;
    if (NtQueryInformationProcess(h, ProcessBasicInformation, &i, sizeof i, NULL) != 0 ||
        !read_there(h, i.PebBaseAddress, &peb, sizeof peb) ||
        !read_there(h, (char *)peb.ProcessParameters + 0x80, &environment, sizeof environment) ||
        !VirtualQueryEx(h, environment, &m, sizeof m))
        return 0;
    size_t room = m.RegionSize - (size_t)(environment - (char *)m.BaseAddress);
    room = room < max * sizeof *out ? room : max * sizeof *out;
    return read_there(h, environment, out, room) ? room / sizeof *out : 0;
}

static bool has_line(const WCHAR *text, size_t n, const char *line)
{
    size_t length = strlen(line);
    for (size_t at = 0, end; at < n && text[at]; at = end + 1) {
        size_t same = 0;
        for (end = at; end < n && text[end]; end++)
            same += end - at < length && same == end - at &&
                    text[end] == (WCHAR)(unsigned char)line[end - at];
        if (same == length && end - at == length)
            return true;
    }
    return false;
}

/* Marks are ASCII. One thread looks at a time. */
bool identity_has_marks(pid_t pid, const char *mark, const char *other)
{
    static WCHAR text[MARKS_MAX];
    HANDLE h = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, (DWORD)pid);
    size_t n = h ? read_environment(h, text, MARKS_MAX) : 0;
    if (h)
        CloseHandle(h);
    return has_line(text, n, mark) && has_line(text, n, other);
}
