/* signame.h: signals by name, as people write them. */
#ifndef OS_SIGNAME_H
#define OS_SIGNAME_H

#include <burrow/str.h>

/* "TERM", "SIGTERM", "sigterm" or "15"; the sentence names the nearest one. */
bool signame_find(bw_str text, int *signal, struct bw_err *e);
/* "SIGTERM"; "signal 40" when it has no name. */
const char *signame_of(int signal, char out[24]);

#endif
