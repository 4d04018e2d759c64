/* reach.h: can a connection be made? What the actions and the probes tcp: and unix: ask. */
#ifndef ANGEL_REACH_H
#define ANGEL_REACH_H

#include <burrow/err.h>

/* Does the text name a place? "host:port", "[::1]:port"; ":port" is 127.0.0.1. */
bool reach_is_tcp(const char *target, struct bw_err *e);
bool reach_is_unix(const char *path, struct bw_err *e);
/* *Waits.* It is closed at once. */
bool reach_tcp(const char *target, int64_t deadline, struct bw_err *e);
bool reach_unix(const char *path, int64_t deadline, struct bw_err *e);

#endif
