/* sys/sysctl.h: as much of FreeBSD's as identity_sysctl.c uses, over /proc: stand_in.c. */
#ifndef STAND_IN_SYSCTL_H
#define STAND_IN_SYSCTL_H

#include <stddef.h>

#define CTL_KERN       1
#define KERN_PROC      14
#define KERN_BOOTTIME  21
#define KERN_PROC_PID  1
#define KERN_PROC_PROC 8
#define KERN_PROC_ENV  35

int sysctl(const int *name, unsigned depth, void *old, size_t *n, const void *new, size_t n_new);

#endif
