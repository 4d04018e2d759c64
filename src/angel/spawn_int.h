/* spawn_int.h: what spawn_posix.c (the parent) and spawn_child.c (between fork and exec: no lock,
 * no memory is taken) leave to the system: spawn_linux.c, spawn_bsd.c. */
#ifndef ANGEL_SPAWN_INT_H
#define ANGEL_SPAWN_INT_H

#include "angel/spawn.h"

/* As fork: 0 in the child. *handle: identity.h's, -1 (errno) when there is none. */
pid_t spawn_birth(struct spawn *s, int *handle);

/* In the child: does not come back. */
_Noreturn void spawn_child(struct spawn *s, int errors);

pid_t spawn_own_pid(void);
/* All from this number on close at exec, not before: the lock and the pipe are to live until then.
 */
void spawn_close_others(int from);
/* Into a group it was not born into. */
bool spawn_join(int group);
/* For good. As root. */
bool spawn_become(uid_t uid, gid_t gid, const uint32_t *groups, unsigned n);

#endif
