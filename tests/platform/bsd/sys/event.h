/* sys/event.h: as much of kqueue as identity_kqueue.c uses, over epoll and pidfds: stand_in.c. */
#ifndef STAND_IN_EVENT_H
#define STAND_IN_EVENT_H

#include <stdint.h>
#include <time.h>

#define EVFILT_PROC  (-5)
#define EVFILT_USER  (-11)
#define EV_ADD       0x0001
#define NOTE_EXIT    0x80000000u
#define NOTE_TRIGGER 0x01000000u

struct kevent {
    uintptr_t ident;
    short filter;
    unsigned short flags;
    unsigned fflags;
    int64_t data;
    void *udata;
};

#define EV_SET(ev, i, f, fl, ff, d, u) \
    (*(ev) = (struct kevent){          \
         .ident = (i), .filter = (f), .flags = (fl), .fflags = (ff), .data = (d), .udata = (u)})

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int n, struct kevent *events, int room,
           const struct timespec *wait);

#endif
