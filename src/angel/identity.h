/* identity.h: which process a number means. A pid comes back after a while; pid and start time
 * together do not within one boot, and a handle stands for one process for ever: a pidfd on Linux,
 * a process HANDLE on Windows (of which 32 bits count). Nothing here allocates, and identity_look
 * may be called between fork and exec. Linux: identity_linux.c (handles), identity_proc.c (looks);
 * identity_windows.c is both. */
#ifndef ANGEL_IDENTITY_H
#define ANGEL_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define IDENTITY_BOOT 40

struct identity {
    pid_t pid, parent, group, session;
    uint64_t started; /* in the system's own unit */
    char state;       /* R S D T t Z X; of Windows only R and Z */
    char name[32];
};

/* What the system says of a pid now; false: no such process. */
bool identity_look(pid_t pid, struct identity *out);
/* Linux: from what /proc/<pid>/stat holds. */
bool identity_read(const char *stat, struct identity *out);
/* Which start of the machine this is; "" when it does not tell. */
void identity_boot(char out[IDENTITY_BOOT]);
/* The handle of that very process; -1 when it has ended or the number means another by now. */
int identity_open(pid_t pid, uint64_t started);
/* Of a child of ours that nobody has waited for: its number is still its, also when it has ended.
 */
int identity_hold(pid_t child);
void identity_close(int handle); /* -1 is legal */
/* False (errno) when it has gone. Signal 0 only asks. */
bool identity_signal(int handle, int signal);

enum identity_end {
    IDENTITY_LIVES,
    IDENTITY_ENDED,  /* status and rusage are filled; a zombie until identity_reap */
    IDENTITY_FOREIGN /* ended, and somebody else was its parent: no status */
};
/* Has it? Never waits. */
enum identity_end identity_ended(int handle, int *status, struct rusage *used);
void identity_reap(int handle);
/* The next child of this process that is a zombie, whatever its number; 0 = none. It stays one. */
pid_t identity_zombie(void);
/* Of a child of this process that is a zombie. */
void identity_reap_pid(pid_t zombie);

/* Calls fn for each process there is until it gives false. */
void identity_each(bool (*fn)(void *arg, pid_t pid), void *arg);
/* Does the environment of the process hold these lines ("A=b", both)? */
bool identity_has_marks(pid_t pid, const char *mark, const char *other);

#endif
