/* hands_wire.h: what brain and keeper say to each other over their SOCK_SEQPACKET socket: one
 * message each, `kind` first. A spawn is an order (order.h) with its descriptors beside it. Both
 * are of one machine; where they are of different builds the version in HELLO says so. */
#ifndef ANGEL_HANDS_WIRE_H
#define ANGEL_HANDS_WIRE_H

#include "angel/group.h"
#include "angel/hands.h"

#define WIRE_VERSION 1
#define WIRE_NAME    96
#define WIRE_BYTES   256

enum wire_kind {
    /* brain → keeper */
    WIRE_HELLO = 1, /* small: a = version; answered by all that is kept, then BEGIN */
    WIRE_SPAWN,     /* order */
    WIRE_SIGNAL,    /* small: child, a = signal, b = whom */
    WIRE_SWEEP,     /* small: child, n = deadline */
    WIRE_RELEASE,   /* small: child */
    WIRE_DONE,      /* small: a = status */
    WIRE_UPGRADE,   /* small */
    WIRE_PONG,      /* small */
    WIRE_KEEP,      /* named, with a descriptor */
    WIRE_FORGET,    /* named */
    WIRE_NOTE,      /* named: name = unit */
    WIRE_READY,     /* named: bytes = status */
    WIRE_HANGS,     /* small: a = so many logs are in disk calls that do not come back */
    WIRE_STAND,     /* order, struct hands_ends behind it */
    WIRE_DOWN,      /* small: child has no standing order any more */
    WIRE_CREDIT,    /* small: a = so many more standing orders may be carried out */
    /* keeper → brain */
    WIRE_FOUND = 101, /* found */
    WIRE_KEPT,        /* named, with a descriptor */
    WIRE_NOTED,       /* named */
    WIRE_BEGIN,       /* small: a = brains before, b = status of the last, n = limits can be set */
    WIRE_EVENT,       /* event */
    WIRE_ASKED,       /* small: a = enum hands_asked */
    WIRE_PING,        /* small: the service manager's watchdog wants to know */
    WIRE_LEAVE        /* small */
};

struct wire_small {
    uint32_t kind, child;
    int32_t a, b;
    int64_t n;
};

struct wire_named {
    uint32_t kind, n;
    char name[WIRE_NAME];
    char bytes[WIRE_BYTES];
};

struct wire_found {
    uint32_t kind, spare;
    struct hands_found found;
};

struct wire_event {
    uint32_t kind, what, child, survivors;
    int32_t pid, sys;
    struct hands_exit exit;
    char step[16];
    char names[256]; /* only as much of it as there is */
};

/* What can be limited, in WIRE_BEGIN: 0 nothing, 1 all, as it was said when there was no other;
 * else what is lacking stands above the lowest bit. */
static inline int64_t wire_limits(unsigned limits)
{
    return limits ? 1 | (int64_t)(GROUP_ALL & ~limits) << 1 : 0;
}

static inline unsigned wire_limits_of(int64_t n)
{
    return n ? GROUP_ALL & ~(unsigned)(n >> 1) : 0;
}

#endif
