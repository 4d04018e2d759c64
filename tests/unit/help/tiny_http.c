#include "help/tiny_http.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define OBJECT \
    "{\"status\":\"up\",\"db\":{\"state\":\"ok\",\"n\":7},\"big\":[1,{\"status\":\"x\"}]}"

static void answer(int fd, const char *request)
{
    char out[512];
    const char *status = "404 Not Found", *body = "";
    if (strstr(request, " /ok")) {
        status = "200 OK";
        body = OBJECT;
    } else if (strstr(request, " /bad ")) {
        status = "503 Service Unavailable";
    }
    int n = snprintf(out, sizeof out,
                     "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
                     strlen(body), body);
    if (write(fd, out, (size_t)n) != n)
        return;
    shutdown(fd, SHUT_WR);
    while (read(fd, out, sizeof out) > 0)
        ;
}

static bool is_whole(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
    return end && strlen(end + 4) >= (length ? strtoul(length + 15, NULL, 10) : 0);
}

static void serve(struct tiny_http *t, int fd)
{
    char in[8192] = "";
    size_t n = 0;
    ssize_t got;
    while (!is_whole(in) && n < sizeof in - 1 && (got = read(fd, in + n, sizeof in - 1 - n)) > 0)
        in[n += (size_t)got] = 0;
    pthread_mutex_lock(&t->lock);
    memcpy(t->last, in, sizeof in);
    pthread_mutex_unlock(&t->lock);
    if (n) {
        atomic_fetch_add(&t->asked, 1);
        answer(fd, in);
    }
}

/* From when on the connection is one that tiny_http_stop ends; false: it has been called. */
static bool take(struct tiny_http *t, int fd)
{
    pthread_mutex_lock(&t->lock);
    bool goes_on = !t->stops;
    t->peer = goes_on ? fd : -1;
    pthread_mutex_unlock(&t->lock);
    return goes_on;
}

static void *work(void *arg)
{
    struct tiny_http *t = arg;
    int fd;
    while ((fd = accept(t->fd, NULL, NULL)) >= 0) {
        if (take(t, fd))
            serve(t, fd);
        take(t, -1);
        close(fd);
    }
    return NULL;
}

void tiny_http_start(struct tiny_http *t)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    *t = (struct tiny_http){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .peer = -1};
    pthread_mutex_init(&t->lock, NULL);
    check(bind(t->fd, (struct sockaddr *)&a, n) == 0 && listen(t->fd, 50) == 0);
    check(getsockname(t->fd, (struct sockaddr *)&a, &n) == 0);
    t->port = ntohs(a.sin_port);
    check(pthread_create(&t->thread, NULL, work, t) == 0);
}

void tiny_http_stop(struct tiny_http *t)
{
    shutdown(t->fd, SHUT_RDWR);
    pthread_mutex_lock(&t->lock);
    t->stops = true;
    if (t->peer >= 0) /* it may be asked by the very loop that waits for us here */
        shutdown(t->peer, SHUT_RD);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    close(t->fd);
    pthread_mutex_destroy(&t->lock);
}

bool tiny_http_is_reading(struct tiny_http *t)
{
    pthread_mutex_lock(&t->lock);
    bool is = t->peer >= 0;
    pthread_mutex_unlock(&t->lock);
    return is;
}

void tiny_http_last(struct tiny_http *t, char out[8192])
{
    pthread_mutex_lock(&t->lock);
    memcpy(out, t->last, sizeof t->last);
    pthread_mutex_unlock(&t->lock);
}
