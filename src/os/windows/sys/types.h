/* sys/types.h: on Windows in front of the compiler's: names of POSIX that our headers use. Nobody
 * there is a number, so uid_t and gid_t only fill their place. */
#ifndef OS_WINDOWS_SYS_TYPES_H
#define OS_WINDOWS_SYS_TYPES_H

#include_next <sys/types.h>

typedef unsigned uid_t;
typedef unsigned gid_t;

#endif
