/* windows_int.h: what identity_windows.c, group_windows.c and spawn_windows.c share. A HANDLE is
 * kept in an int: of its 64 bits Windows uses 32, so that 32-bit programs can be told of it. */
#ifndef ANGEL_WINDOWS_INT_H
#define ANGEL_WINDOWS_INT_H

#include <stdbool.h>
#include <stdint.h>
#define WIN32_LEAN_AND_MEAN /* nb30.h has a GROUP_NAME of its own */
#include <windows.h>

static inline int windows_number(HANDLE h)
{
    return (int)HandleToLong(h);
}

static inline HANDLE windows_handle(int number)
{
    return LongToHandle(number);
}

/* The exit code of who was ended by us as by this signal: an error of severity 3 with the bit for
 * applications' own, so no program and no NTSTATUS means it. */
#define WINDOWS_SIGNALLED 0xE0425200u
#define WINDOWS_KILL      (WINDOWS_SIGNALLED | 9)

/* errno of GetLastError's. */
int windows_errno(DWORD error);
/* When it began, in 100 ns since 1601; 0: it is not to be known. */
uint64_t windows_started(HANDLE process);
/* A group is to live on without us from now on, and be found by its name as long as this process
 * of it lives. */
bool windows_group_leave(int group, HANDLE process);

#endif
