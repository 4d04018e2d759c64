/* sys/user.h: of FreeBSD's struct kinfo_proc what identity_sysctl.c reads. */
#ifndef STAND_IN_USER_H
#define STAND_IN_USER_H

#include <sys/time.h>
#include <sys/types.h>

#define SRUN  2
#define SSTOP 4
#define SZOMB 5

struct kinfo_proc {
    pid_t ki_pid, ki_ppid, ki_pgid, ki_sid;
    struct timeval ki_start; /* wall clock */
    char ki_stat;
    char ki_comm[20];
};

#endif
