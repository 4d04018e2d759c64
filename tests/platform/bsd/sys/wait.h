/* sys/wait.h: the system's, and FreeBSD's wait6. */
#ifndef STAND_IN_WAIT_H
#define STAND_IN_WAIT_H

#include_next <sys/wait.h>
#include <sys/resource.h>

struct __wrusage {
    struct rusage wru_self, wru_children;
};

pid_t wait6(idtype_t kind, id_t id, int *status, int options, struct __wrusage *used,
            siginfo_t *info);

#endif
