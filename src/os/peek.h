/* peek.h: small files and folders, looked at without memory being taken: between fork and exec, and
 * by who must not stop when there is none. Async-signal-safe. Linux: peek_linux.c. */
#ifndef OS_PEEK_H
#define OS_PEEK_H

#include <stdbool.h>
#include <stddef.h>

/* The beginning of the file, as text with a NUL behind it; its length, 0 when it cannot be read.
 * `path` is below `folder`, as for openat. */
size_t peek_file(int folder, const char *path, char *out, size_t size);
/* Calls fn for each entry but those that begin with '.', until it gives false. What fn removes, or
 * others do meanwhile, may be missed or not. */
void peek_folder(int folder, bool (*fn)(void *arg, const char *name, bool is_folder), void *arg);

#endif
