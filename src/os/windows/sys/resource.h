/* sys/resource.h: on Windows: what a process has used, and limits, which only a Job object has
 * there. */
#ifndef OS_WINDOWS_SYS_RESOURCE_H
#define OS_WINDOWS_SYS_RESOURCE_H

#include <stdint.h>
#include <sys/time.h>
#include <sys/types.h>

struct rusage {
    struct timeval ru_utime, ru_stime;
    long ru_maxrss; /* KiB */
    long ru_minflt, ru_majflt, ru_inblock, ru_oublock, ru_nvcsw, ru_nivcsw;
};

typedef uint64_t rlim_t;

struct rlimit {
    rlim_t rlim_cur, rlim_max;
};

#endif
