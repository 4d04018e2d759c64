/* keeper_int.h: what the keeper is made of, for the files keeper*.c. There is one, in static
 * memory. */
#ifndef ANGEL_KEEPER_INT_H
#define ANGEL_KEEPER_INT_H

#include <signal.h>

#include "angel/brood.h"
#include "angel/hands_wire.h"
#include "angel/keeper.h"
#include "angel/spawn.h"

#define KEEPER_KEPT  16384
#define KEEPER_WORDS 24

struct kept {
    char name[WIRE_NAME];
    int fd;
};

/* What of the brain's story goes over to a keeper that takes the place of this one. */
struct keeper_story {
    int32_t brain;       /* pid; 0: none */
    int32_t socket;      /* -1: none */
    uint32_t brains;     /* so many ended unasked */
    int32_t last_status; /* of the last */
    uint32_t asked;      /* bits of enum hands_asked it has not been told */
    uint32_t ready;      /* some brain was */
    uint32_t stopping;   /* told to stop: a new brain is told again */
    uint32_t failures;   /* in a row, for the pause */
    int32_t lock;
    uint32_t no_groups;
    uint32_t n_kept;
};

enum keeper_phase { SEND_NOTHING, SEND_FOUND, SEND_KEPT, SEND_NOTES, SEND_BEGIN, SEND_EVENTS };

struct keeper {
    struct keeper_opts opts;
    struct brood *brood;
    int epoll, signals, pidfd; /* pidfd: the brain's */
    struct keeper_story story;
    int64_t brain_at;   /* mono ns: when it was started */
    int64_t next_brain; /* when one is to be; 0: not */
    int64_t leave_at;   /* it was told to leave, and is killed then; 0: not told */
    bool done, in_order, reloading, upgrade; /* in_order: the brain said that it is done */
    int status;
    int64_t ping_every, ping_at, pinged, answered; /* service manager's watchdog; ns */
    int64_t look_at; /* is the brain dead but for a disk call? 0: need not be asked */
    bool hangs;      /* it has said so: some of its disk calls do not come back */
    bool unreaped;   /* some brain is left in such a call */
    int64_t reap_at; /* orphans are looked for then; 0: there are none */
    /* sending */
    enum keeper_phase phase;
    size_t cursor;
    bool blocked, ping, leave, watching_out;
    struct kept kept[KEEPER_KEPT];
    char self[512];  /* this program */
    sigset_t before; /* signal mask at the start */
};

extern struct keeper keeper;

/* "angel: …" on standard error. */
void keeper_say(const char *fmt, ...) BW_PRINTF(1, 2);

/* keeper.c */
bool keeper_watch(int fd, uint32_t tag, uint32_t events, int op);
enum { WATCH_BROOD = 1, WATCH_SIGNALS, WATCH_SOCKET, WATCH_BRAIN };
bool keeper_begin(struct bw_err *e);
int keeper_live(void);

/* keeper_berth.c */
struct berth {
    struct spawn spawn;
    struct order order; /* to be read from the message */
    _Alignas(8) char message[ORDER_MAX];
};
/* For one call of brood_spawn. Waits for some milliseconds at most. */
struct berth *keeper_berth(void);
bool keeper_berths_are_free(void); /* waits as long */

/* keeper_brain.c */
void keeper_start_brain(void);
void keeper_hear(
    bool all); /* the socket is readable; all: it has ended, and these are its last words */
void keeper_brain_ended(void); /* its pidfd is readable */
/* It has ended but for disk calls, which no signal ends: it is done with. */
void keeper_brain_look(void);
void keeper_leave(void); /* it is to end, its children stay; another is started then */
bool keeper_watch_brain(struct bw_err *e);

/* keeper_send.c */
void keeper_send(void); /* whatever there is, as far as the socket takes it */
void keeper_greeted(void);
void keeper_ask(enum hands_asked what);

/* keeper_stand.c: standing orders */
void keeper_stand(char *order, size_t n, const int *fds, unsigned n_fds); /* WIRE_STAND's bytes */
void keeper_stand_down(uint32_t child);
void keeper_stand_down_all(void); /* and no credit */
void keeper_credit(int32_t n);
/* Its end is to be told as followed; then keeper_follow is to come. */
bool keeper_is_followed(const struct brood_event *ev);
void keeper_follow(uint32_t child);

/* keeper_upgrade.c */
void keeper_upgrade(void); /* comes back only when it could not */

#endif
