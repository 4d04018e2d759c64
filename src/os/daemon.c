/* daemon.c: see daemon.h. The child's word is one byte 'r', or the sentence of what went wrong; an
 * end without a word is a crash. */
#include "os/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static void become_null(int fd, int flags)
{
    int null = open("/dev/null", flags | O_CLOEXEC);
    if (null < 0)
        return;
    dup2(null, fd);
    close(null);
}

bool daemon_fork(struct daemon *d, struct bw_err *e)
{
    int ends[2];
    *d = (struct daemon){.tell = -1, .hear = -1};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return bw_fail_sys(e, errno, "making a pipe");
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        int sys = errno;
        close(ends[0]);
        close(ends[1]);
        return bw_fail_sys(e, sys, "starting a process");
    }
    d->child = child;
    close(ends[child > 0]);
    if (child > 0) {
        d->hear = ends[0];
        return true;
    }
    d->tell = ends[1];
    setsid();
    become_null(STDIN_FILENO, O_RDONLY);
    return true;
}

static const char *how_it_ended(int status, char room[64])
{
    if (WIFSIGNALED(status))
        snprintf(room, 64, "it died of signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(room, 64, "it ended with exit code %d", WEXITSTATUS(status));
    return room;
}

bool daemon_wait(struct daemon *d, struct bw_err *e)
{
    char word[512], room[64];
    size_t n = 0;
    ssize_t got;
    while (n < sizeof word - 1 && ((got = read(d->hear, word + n, sizeof word - 1 - n)) > 0 ||
                                   (got < 0 && errno == EINTR)))
        n += got > 0 ? (size_t)got : 0;
    word[n] = 0;
    close(d->hear);
    d->hear = -1;
    if (!strcmp(word, "r"))
        return true;
    int status = 0;
    while (waitpid((pid_t)d->child, &status, 0) < 0 && errno == EINTR)
        ;
    if (n)
        return bw_fail(e, BW_SYS, "%s", word);
    return bw_fail(e, BW_SYS, "the process ended before it was ready: %s",
                   how_it_ended(status, room));
}

void daemon_tell(struct daemon *d, const char *why)
{
    if (d->tell < 0)
        return;
    (void)!write(d->tell, why ? why : "r", why ? strlen(why) : 1);
    close(d->tell);
    d->tell = -1;
    if (!why) {
        become_null(STDOUT_FILENO, O_WRONLY);
        become_null(STDERR_FILENO, O_WRONLY);
    }
}

void daemon_open_std(void)
{
    /* The lowest free number is what open() gives, so each hole gets its own. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0)
            return;
}

void daemon_close_from(unsigned first)
{
    closefrom((int)first);
}

static void end_now(int number)
{
    _exit(128 + number);
}

void daemon_act_as_init(void)
{
    if (getpid() != 1)
        return;
    signal(SIGCHLD, SIG_IGN); /* the kernel reaps for who ignores it */
    signal(SIGTERM, end_now);
    signal(SIGINT, end_now);
}
