/* process.h: what the system says of this process: CPU time, memory, threads, descriptors. */
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct process {
    int64_t cpu, started;      /* ns; ns since 1970 */
    int64_t resident, virtual; /* bytes */
    int64_t threads;
    int64_t fds, max_fds; /* -1: unlimited */
};

/* What cannot be found out is 0. */
void process_look(struct process *p);
/* The same as metrics, from now on. Once; later calls change nothing. */
void process_metrics(void);

#endif
