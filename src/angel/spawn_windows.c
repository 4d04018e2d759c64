/* spawn_windows.c: CreateProcess, suspended; recorded, put into its job, and only then resumed. So
 * nothing of it runs unrecorded or outside of its group, and as long as it is suspended it dies
 * with us (group_windows.c). Handles are inherited by list: what is not in it does not reach the
 * child.
 *
 * What Windows lacks is refused with the step's name, not passed over: users by number, rlimits.
 * umask means nothing there. One thread starts processes: the rooms are static. */
#include "angel/spawn.h"

#include <errno.h>
#include <stdio.h>

#include "angel/windows_int.h"

#define COMMAND_MAX 32767 /* of Windows, with its NUL */
#define PATH_ROOM   4096

static struct {
    WCHAR command[COMMAND_MAX], file[PATH_ROOM], cwd[PATH_ROOM], path[COMMAND_MAX];
    WCHAR env[2 * ORDER_TEXT];
    char text[3 * COMMAND_MAX];
    char sockets[32 + 24 * HANDS_LISTEN];
    HANDLE handles[3 + HANDS_LISTEN];
    _Alignas(16) char attributes[512];
} room;

static bool fail(struct spawn_failure *f, enum spawn_step step, int sys)
{
    *f = (struct spawn_failure){.sys = sys, .step = step};
    return false;
}

static bool widen(const char *text, WCHAR *out, int n)
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, out, n) != 0;
}

/* ---- words ---- */

/* As CommandLineToArgvW and the C runtime take it apart: backslashes count double only in front of
 * a quotation mark. */
static size_t quote(char *out, size_t n, size_t max, const char *word)
{
    size_t slashes = 0;
    if (n + 2 * strlen(word) + 4 > max)
        return max;
    out[n++] = '"';
    for (; *word; word++) {
        if (*word == '"')
            for (slashes++; slashes; slashes--)
                out[n++] = '\\';
        slashes = *word == '\\' ? slashes + 1 : 0;
        out[n++] = *word;
    }
    for (; slashes; slashes--)
        out[n++] = '\\';
    out[n++] = '"';
    return n;
}

static bool write_command(char **argv)
{
    size_t n = 0, max = sizeof room.text;
    for (; *argv && n < max; argv++) {
        if (n)
            room.text[n++] = ' ';
        n = quote(room.text, n, max - 1, *argv);
    }
    if (n >= max - 1)
        return false;
    room.text[n] = 0;
    return widen(room.text, room.command, COMMAND_MAX);
}

static const char *variable(char **env, const char *name)
{
    size_t n = strlen(name);
    for (; *env; env++)
        if (!_strnicmp(*env, name, n) && (*env)[n] == '=')
            return *env + n + 1;
    return NULL;
}

static bool is_script(const WCHAR *file)
{
    size_t n = wcslen(file);
    return n > 4 && (!_wcsicmp(file + n - 4, L".bat") || !_wcsicmp(file + n - 4, L".cmd"));
}

/* Looked up as the child would, in its own PATH and nowhere else: not in our folder, not where we
 * stand. A batch file is refused: cmd.exe takes words apart by other rules, so that they could
 * become commands. */
static int find_file(const struct order *o)
{
    WCHAR name[1024];
    const char *path = variable(o->env, "PATH");
    if (!widen(o->argv[0], name, 1024))
        return E2BIG;
    if (strpbrk(o->argv[0], "/\\:")) {
        if (!GetFullPathNameW(name, PATH_ROOM, room.file, NULL))
            return ENOENT;
    } else if (!path || !widen(path, room.path, COMMAND_MAX) ||
               !SearchPathW(room.path, name, L".exe", PATH_ROOM, room.file, NULL)) {
        return ENOENT;
    }
    return is_script(room.file) ? ENOEXEC : 0;
}

/* Sorted it need not be; without SystemRoot many a library of Windows does not load. */
static bool write_environment(char **env)
{
    static char root[300];
    const char *more[] = {room.sockets, root, NULL};
    size_t n = 0, max = sizeof room.env / sizeof room.env[0] - 1;
    const char *ours = getenv("SystemRoot");
    root[0] = 0;
    if (ours && !variable(env, "SystemRoot"))
        snprintf(root, sizeof root, "SystemRoot=%s", ours);
    for (bool added = false;; env++) {
        if (!*env && added)
            break;
        if (!*env) {
            env = (char **)(uintptr_t)more;
            added = true;
        }
        if (!*env)
            break;
        if (**env && !widen(*env, room.env + n, (int)(max - n)))
            return false;
        n += **env ? wcslen(room.env + n) + 1 : 0;
    }
    room.env[n] = 0;
    return true;
}

/* ---- handles ---- */

/* One the child may inherit; -1 is what /dev/null is elsewhere. */
static HANDLE inheritable(int handle)
{
    HANDLE out = NULL;
    SECURITY_ATTRIBUTES may = {.nLength = sizeof may, .bInheritHandle = TRUE};
    if (handle == -1)
        out = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                          &may, OPEN_EXISTING, 0, NULL);
    else if (!DuplicateHandle(GetCurrentProcess(), windows_handle(handle), GetCurrentProcess(),
                              &out, 0, TRUE, DUPLICATE_SAME_ACCESS))
        out = NULL;
    return out == INVALID_HANDLE_VALUE ? NULL : out;
}

/* A handle's number cannot be chosen: LISTEN_HANDLES tells them, in the order of LISTEN_FDNAMES. */
static bool place_handles(const struct order *o, unsigned *n)
{
    const int std[] = {o->in, o->out, o->err};
    size_t at = 0;
    room.sockets[0] = 0;
    for (*n = 0; *n < 3 + o->head.n_listen; ++*n) {
        HANDLE h = inheritable(*n < 3 ? std[*n] : o->listen[*n - 3]);
        if (!h)
            return false;
        room.handles[*n] = h;
        if (*n >= 3)
            at += (size_t)snprintf(room.sockets + at, sizeof room.sockets - at, "%s%d",
                                   at ? ":" : "LISTEN_HANDLES=", windows_number(h));
    }
    return true;
}

static void close_handles(unsigned n)
{
    while (n)
        CloseHandle(room.handles[--n]);
}

static DWORD priority(int nice)
{
    if (nice >= 10)
        return IDLE_PRIORITY_CLASS;
    if (nice > 0)
        return BELOW_NORMAL_PRIORITY_CLASS;
    if (nice == 0)
        return NORMAL_PRIORITY_CLASS;
    return nice > -10 ? ABOVE_NORMAL_PRIORITY_CLASS : HIGH_PRIORITY_CLASS;
}

static bool create(const struct order *o, unsigned n, PROCESS_INFORMATION *out)
{
    STARTUPINFOEXW si = {.StartupInfo = {.cb = sizeof si, .dwFlags = STARTF_USESTDHANDLES}};
    SIZE_T size = sizeof room.attributes;
    si.StartupInfo.hStdInput = room.handles[0];
    si.StartupInfo.hStdOutput = room.handles[1];
    si.StartupInfo.hStdError = room.handles[2];
    si.lpAttributeList = (void *)room.attributes;
    if (!InitializeProcThreadAttributeList(si.lpAttributeList, 1, 0, &size))
        return false;
    bool ok =
        UpdateProcThreadAttribute(si.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                  room.handles, n * sizeof room.handles[0], NULL, NULL) &&
        CreateProcessW(room.file, room.command, NULL, NULL, TRUE,
                       CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP | CREATE_UNICODE_ENVIRONMENT |
                           EXTENDED_STARTUPINFO_PRESENT | priority(o->head.nice),
                       room.env, room.cwd[0] ? room.cwd : NULL, &si.StartupInfo, out);
    DWORD why = GetLastError();
    DeleteProcThreadAttributeList(si.lpAttributeList);
    SetLastError(why);
    return ok;
}

/* ---- birth ---- */

/* What this system cannot do, and the texts. */
static bool prepare(struct spawn *s, struct spawn_failure *f)
{
    const struct order *o = s->order;
    if (o->head.has_user)
        return fail(f, SPAWN_USER, ENOTSUP);
    if (o->head.n_limits)
        return fail(f, SPAWN_LIMIT, ENOTSUP);
    spawn_prepare(s);
    room.cwd[0] = 0;
    if (o->head.has_cwd) {
        DWORD is = widen(o->cwd, room.cwd, PATH_ROOM) ? GetFileAttributesW(room.cwd)
                                                      : INVALID_FILE_ATTRIBUTES;
        if (is == INVALID_FILE_ATTRIBUTES || !(is & FILE_ATTRIBUTE_DIRECTORY))
            return fail(f, SPAWN_CHDIR, is == INVALID_FILE_ATTRIBUTES ? ENOENT : ENOTDIR);
    }
    int why = find_file(o);
    if (why)
        return fail(f, SPAWN_EXEC, why);
    return write_command(o->argv) || fail(f, SPAWN_EXEC, E2BIG);
}

static bool settle(struct spawn *s, const PROCESS_INFORMATION *born, struct spawn_failure *f)
{
    s->record->started = windows_started(born->hProcess);
    atomic_store_explicit(&s->record->pid, (int32_t)born->dwProcessId, memory_order_release);
    if (s->cgroup != -1 && !AssignProcessToJobObject(windows_handle(s->cgroup), born->hProcess))
        return fail(f, SPAWN_CGROUP, windows_errno(GetLastError()));
    if (ResumeThread(born->hThread) == (DWORD)-1)
        return fail(f, SPAWN_EXEC, windows_errno(GetLastError()));
    if (s->cgroup != -1 && !s->order->head.helper &&
        !windows_group_leave(s->cgroup, born->hProcess))
        return fail(f, SPAWN_CGROUP, windows_errno(GetLastError()));
    return true;
}

bool spawn_start(struct spawn *s, struct spawned *out, struct spawn_failure *f)
{
    PROCESS_INFORMATION born;
    unsigned n = 0;
    if (!prepare(s, f))
        return false;
    if (!place_handles(s->order, &n) || !write_environment(s->order->env)) {
        close_handles(n);
        return fail(f, SPAWN_DESCRIPTOR, EMFILE);
    }
    bool ok = create(s->order, n, &born);
    DWORD why = GetLastError();
    close_handles(n);
    if (!ok)
        return fail(f, SPAWN_EXEC, windows_errno(why));
    ok = settle(s, &born, f);
    CloseHandle(born.hThread);
    if (!ok) {
        s->record->pid = 0;
        TerminateProcess(born.hProcess, WINDOWS_KILL);
        CloseHandle(born.hProcess);
        return false;
    }
    *out = (struct spawned){
        .pid = (pid_t)born.dwProcessId, .pidfd = windows_number(born.hProcess), .errors = -1};
    return true;
}

bool spawn_into_works(int group)
{
    (void)group;
    return true;
}
