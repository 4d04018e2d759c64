/* starting.c: see starting.h. The patience asked for ends an hour after the start: by then it is a
 * hang. */
#include "host/starting.h"

#include <signal.h>
#include <time.h>

#include "os/notify.h"

#define EVERY_S 5
#define ASK_S   30
#define MOST_S  3600

static void *ask(void *arg)
{
    struct starting *s = arg;
    struct timespec until;
    pthread_mutex_lock(&s->lock);
    for (int asked = 0; !s->over && asked < MOST_S; asked += EVERY_S) {
        notify_send("EXTEND_TIMEOUT_USEC=%lld\nSTATUS=Opening the stores",
                    (long long)ASK_S * 1000000);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += EVERY_S;
        while (!s->over && pthread_cond_timedwait(&s->wake, &s->lock, &until) == 0)
            ;
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

void starting_begin(struct starting *s)
{
    *s = (struct starting){.running = false};
    if (!notify_wanted())
        return;
    sigset_t all, before;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->running = pthread_create(&s->thread, NULL, ask, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void starting_end(struct starting *s)
{
    if (!s->running)
        return;
    pthread_mutex_lock(&s->lock);
    s->over = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    s->running = false;
}
