/* runtime_dir.h: where a process of this user keeps what dies with it: locks and sockets. */
#ifndef OS_RUNTIME_DIR_H
#define OS_RUNTIME_DIR_H

#include <burrow/err.h>

/* $XDG_RUNTIME_DIR, else /run where we may write, else a private folder in /tmp (made here). */
bool runtime_dir(char *out, size_t n, struct bw_err *e);

#endif
