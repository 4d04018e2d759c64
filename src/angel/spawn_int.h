/* spawn_int.h: what spawn_posix.c (the parent) and spawn_child.c (between fork and exec: no lock,
 * no memory is taken) leave to the system: spawn_linux.c, spawn_bsd.c. */
#ifndef ANGEL_SPAWN_INT_H
#define ANGEL_SPAWN_INT_H

#include "angel/spawn.h"

/* The child's number; it has begun with spawn_child. -1: none, errno says why. *handle:
 * identity.h's, -1 (errno) when there is none. */
pid_t spawn_birth(struct spawn *s, int *handle);

/* ---- in the child: 0, or the negative reason; errno is left alone ---- */

_Noreturn void spawn_child(struct spawn *s);
pid_t spawn_own_pid(void);
uint64_t spawn_own_start(pid_t self); /* as identity.h's `started`; 0: not known */
/* All from this number on close at exec, not before: the lock and the pipe are to live until then.
 */
void spawn_close_others(int from);
/* Into a group it was not born into. */
int spawn_join(int group);
/* For good. As root. */
int spawn_become(uid_t uid, gid_t gid, const uint32_t *groups, unsigned n);

#endif
