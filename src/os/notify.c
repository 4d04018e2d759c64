/* notify.c: see notify.h. The variables are read when needed, so that a forked child (--fork) that
 * inherits them speaks for the service; LISTEN_PID and WATCHDOG_PID say whom they are for. */
#include "os/notify.h"

#include <burrow/str.h>
#include <fcntl.h>
#include <stdarg.h>

#define FIRST_FD 3 /* where the protocol puts them */

socklen_t notify_address(const char *text, struct sockaddr_un *out)
{
    size_t n = text ? strlen(text) : 0;
    if (n < 2 || n >= sizeof out->sun_path || (text[0] != '/' && text[0] != '@'))
        return 0;
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(out->sun_path, text, n);
    bool abstract = text[0] == '@';
    if (abstract)
        out->sun_path[0] = 0;
    /* An abstract name has no end but its length. */
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + !abstract);
}

bool notify_wanted(void)
{
    struct sockaddr_un a;
    return notify_address(getenv("NOTIFY_SOCKET"), &a) != 0;
}

void notify_send(const char *fmt, ...)
{
    struct sockaddr_un a;
    socklen_t size = notify_address(getenv("NOTIFY_SOCKET"), &a);
    if (!size)
        return;
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    size_t bytes = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    (void)!sendto(fd, text, bytes, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&a, size);
    close(fd);
}

static int64_t number_of(const char *variable)
{
    const char *text = getenv(variable);
    int64_t n;
    return text && bw_str_int(bw_cstr(text), &n) && n > 0 ? n : 0;
}

static bool is_for_us(const char *variable)
{
    return number_of(variable) == getpid();
}

int64_t notify_watchdog(void)
{
    bool other = getenv("WATCHDOG_PID") && !is_for_us("WATCHDOG_PID");
    int64_t us = number_of("WATCHDOG_USEC");
    return other || us > INT64_MAX / 1000 ? 0 : us * 1000;
}

/* The i-th of "http:admin". */
static void name_of(const char *names, unsigned i, char out[64])
{
    for (; names && i; i--) {
        names = strchr(names, ':');
        names = names ? names + 1 : NULL;
    }
    size_t n = names ? strcspn(names, ":") : 0;
    n = n < 63 ? n : 63;
    if (n)
        memcpy(out, names, n);
    out[n] = 0;
}

unsigned notify_take_fds(struct notify_fd out[NOTIFY_FDS])
{
    int64_t n = is_for_us("LISTEN_PID") ? number_of("LISTEN_FDS") : 0;
    unsigned taken = 0;
    for (; taken < n && taken < NOTIFY_FDS; taken++) {
        out[taken].fd = FIRST_FD + (int)taken;
        name_of(getenv("LISTEN_FDNAMES"), taken, out[taken].name);
        fcntl(out[taken].fd, F_SETFD, FD_CLOEXEC);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return taken;
}
