/* crash.h: the last words of a process: which signal, where (a backtrace with symbols), and what
 * the caller adds; then the signal has its default effect, a core among it. */
#ifndef OS_CRASH_H
#define OS_CRASH_H

/* Once, before other threads and before stack_watch_begin, which goes first then. `name` must live
 * as long. more(fd) runs in the signal's handler: only what is async-signal-safe. other_fd gives a
 * second place besides standard error to write to, -1 = none. A handler that is set already (a
 * sanitizer's) stays. */
void crash_watch(const char *name, void (*more)(int fd), int (*other_fd)(void));

#endif
