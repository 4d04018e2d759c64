/* sys/wait.h: on Windows: how a process ended, in the form of waitpid. Exit codes have 24 bits. */
#ifndef OS_WINDOWS_SYS_WAIT_H
#define OS_WINDOWS_SYS_WAIT_H

#define WTERMSIG(status)    ((status)&0x7f)
#define WIFEXITED(status)   (WTERMSIG(status) == 0)
#define WIFSIGNALED(status) (WTERMSIG(status) != 0)
#define WEXITSTATUS(status) ((int)((unsigned)(status) >> 8))
#define WCOREDUMP(status)   ((status)&0x80)

#endif
