/* here_windows.c: see here.h. */
#include "here.h"

#include <stdio.h>
#include <stdlib.h>

#include "angel/windows_int.h"

#include <shellapi.h>

void here_program(char *out, size_t n)
{
    WCHAR path[1024];
    GetModuleFileNameW(NULL, path, 1024);
    WideCharToMultiByte(CP_UTF8, 0, path, -1, out, (int)n, NULL, NULL);
}

void *here_shared(size_t n)
{
    return calloc(1, n); /* we write it ourselves */
}

void here_nap(void)
{
    Sleep(1);
}

int64_t here_now(void)
{
    return (int64_t)GetTickCount64();
}

bool here_pipe(int ends[2])
{
    HANDLE in, out;
    SECURITY_ATTRIBUTES may = {.nLength = sizeof may, .bInheritHandle = TRUE};
    if (!CreatePipe(&in, &out, &may, 0))
        return false;
    ends[0] = windows_number(in);
    ends[1] = windows_number(out);
    return true;
}

long here_read(int end, void *out, size_t n)
{
    DWORD got;
    return ReadFile(windows_handle(end), out, (DWORD)n, &got, NULL) ? (long)got : 0;
}

void here_close(int end)
{
    CloseHandle(windows_handle(end));
}

bool here_is_open(int end)
{
    DWORD flags;
    return GetHandleInformation(windows_handle(end), &flags);
}

void here_write(const void *bytes, size_t n)
{
    DWORD done;
    if (!WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, (DWORD)n, &done, NULL))
        ExitProcess(9);
}

void here_start(const char *program, const char *role)
{
    WCHAR command[1200];
    char text[1200];
    STARTUPINFOW si = {.cb = sizeof si,
                       .dwFlags = STARTF_USESTDHANDLES,
                       .hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE)};
    PROCESS_INFORMATION born;
    snprintf(text, sizeof text, "\"%s\" %s", program, role);
    MultiByteToWideChar(CP_UTF8, 0, text, -1, command, 1200);
    if (!CreateProcessW(NULL, command, NULL, NULL, TRUE, DETACHED_PROCESS, NULL, NULL, &si, &born))
        ExitProcess(9);
    CloseHandle(born.hThread);
    CloseHandle(born.hProcess);
}

char **here_words(char **argv)
{
    static char *words[64], text[8192];
    int n = 0, at = 0;
    LPWSTR *wide = CommandLineToArgvW(GetCommandLineW(), &n);
    (void)argv;
    for (int i = 0; i < n && i < 63; i++) {
        words[i] = text + at;
        at += WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, text + at, (int)sizeof text - at, NULL,
                                  NULL);
    }
    LocalFree(wide);
    return words;
}

const char *here_variable(const char *name)
{
    return getenv(name);
}
