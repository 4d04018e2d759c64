/* keeper.c: the keeper's life: signals, the one wait, the end. */
#include "angel/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "angel/keeper_int.h"
#include "core/clock.h"
#include "os/notify.h"

#define END_GRACE    (5 * CLOCK_SECOND)
#define BATCH        32
#define ORPHAN_NAP   (5 * CLOCK_MS)
#define REAP_AFTER   (20 * CLOCK_MS)
#define ORPHAN_GRACE (5 * CLOCK_SECOND)

struct keeper keeper = {.epoll = -1, .signals = -1, .pidfd = -1, .story.socket = -1};

void keeper_say(const char *fmt, ...)
{
    char text[600];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text - 1, fmt, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text - 1 ? (size_t)n : sizeof text - 2;
    text[len++] = '\n';
    (void)!write(STDERR_FILENO, "angel: ", 7);
    (void)!write(STDERR_FILENO, text, len);
}

bool keeper_watch(int fd, uint32_t tag, uint32_t events, int op)
{
    struct epoll_event ev = {.events = events, .data.u32 = tag};
    return epoll_ctl(keeper.epoll, op, fd, &ev) == 0;
}

/* ---- signals ---- */

static void stop(void)
{
    if (!keeper.story.stopping)
        notify_send("STOPPING=1\nSTATUS=Stopping what it has started");
    keeper.story.stopping = 1;
    keeper_stand_down_all();
    keeper_ask(HANDS_STOP);
}

static void reload(void)
{
    keeper.reloading = true;
    notify_send("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_mono() / 1000));
    keeper_ask(HANDS_RELOAD);
}

static void caught(uint32_t number)
{
    switch (number) {
    case SIGCHLD:
        break; /* brood_reap comes in each turn */
    case SIGHUP:
        reload();
        break;
    case SIGUSR1:
        keeper_ask(HANDS_REOPEN);
        break;
    case SIGUSR2:
        keeper.upgrade = true;
        break;
    default:
        stop();
    }
}

/* True when a child of ours may have ended. If it was a unit's its pidfd has told already; orphans
 * are looked for a moment later, since that is a walk over all children: nobody waits for it. */
static bool take_signals(void)
{
    struct signalfd_siginfo si[16];
    ssize_t n;
    bool child = false;
    while ((n = read(keeper.signals, si, sizeof si)) > 0)
        for (size_t i = 0; i < (size_t)n / sizeof si[0]; i++) {
            child = child || si[i].ssi_signo == SIGCHLD;
            caught(si[i].ssi_signo);
        }
    return child;
}

static bool open_signals(struct bw_err *e)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaddset(&set, numbers[i]);
    signal(SIGPIPE, SIG_IGN);
    /* Ignored, as under nohup, it would make the kernel reap before we know. */
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &set, &keeper.before);
    keeper.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return keeper.signals >= 0 || bw_fail_sys(e, errno, "waiting for signals");
}

/* ---- the one wait ---- */

static void sooner(int64_t *when, int64_t other)
{
    if (other && (!*when || other < *when))
        *when = other;
}

static int patience(void)
{
    int64_t when = 0;
    sooner(&when, keeper.next_brain);
    sooner(&when, keeper.leave_at);
    sooner(&when, keeper.ping_at);
    sooner(&when, keeper.reap_at);
    sooner(&when, keeper.look_at);
    if (!when)
        return -1;
    int64_t wait = when - clock_mono();
    return wait <= 0 ? 0 : (int)((wait + CLOCK_MS - 1) / CLOCK_MS);
}

/* The service manager's watchdog is fed for each answer of the brain. One that does not answer for
 * half of the manager's patience is ended, so that another answers in the other half. */
static void ping(int64_t now)
{
    keeper.ping_at = now + keeper.ping_every;
    if (keeper.answered < keeper.pinged && now - keeper.pinged < 2 * keeper.ping_every)
        return;
    if (keeper.answered < keeper.pinged && keeper.story.brain) {
        keeper_say("the brain (pid %d) does not answer and is ended", keeper.story.brain);
        identity_signal(keeper.pidfd, SIGKILL);
    }
    keeper.pinged = now;
    keeper.answered = keeper.story.brain ? keeper.answered : now;
    keeper.ping = true;
    keeper_send();
}

static void due(void)
{
    int64_t now = clock_mono();
    if (keeper.next_brain && now >= keeper.next_brain)
        keeper_start_brain();
    if (keeper.leave_at && now >= keeper.leave_at) {
        keeper.leave_at = now + END_GRACE;
        identity_signal(keeper.pidfd, SIGKILL);
    }
    if (keeper.look_at && now >= keeper.look_at)
        keeper_brain_look();
    if (keeper.ping_at && now >= keeper.ping_at)
        ping(now);
    if (keeper.reap_at && now >= keeper.reap_at) {
        keeper.reap_at = 0;
        brood_reap(keeper.brood);
    }
    if (keeper.upgrade) {
        keeper.upgrade = false;
        keeper_upgrade();
    }
}

static void turn(void)
{
    struct epoll_event ev[BATCH];
    bool hear = false, ended = false;
    int n = epoll_wait(keeper.epoll, ev, BATCH, patience());
    for (int i = 0; i < n; i++)
        switch (ev[i].data.u32) {
        case WATCH_BROOD:
            brood_turn(keeper.brood);
            keeper_send(); /* before all else: somebody waits for a successor */
            break;
        case WATCH_SIGNALS:
            if (take_signals() && !keeper.reap_at)
                keeper.reap_at = clock_mono() + REAP_AFTER;
            break;
        case WATCH_SOCKET:
            hear = hear || ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR);
            keeper.blocked = keeper.blocked && !(ev[i].events & EPOLLOUT);
            break;
        default:
            ended = true;
        }
    /* The brain's last words come before its end. */
    if (hear || ended)
        keeper_hear(ended);
    if (ended)
        keeper_brain_ended();
    due();
    keeper_send();
    brood_bury(keeper.brood);
}

/* ---- sockets of the service manager ---- */

/* Several of one name: "web", "web#2"; one without a name has its number. */
static void name_socket(const struct notify_fd *all, unsigned i, char name[WIRE_NAME])
{
    unsigned nth = 1;
    for (unsigned k = 0; k < i; k++)
        nth += !strcmp(all[k].name, all[i].name);
    if (!*all[i].name)
        snprintf(name, WIRE_NAME, "listen/fd:%d", all[i].fd);
    else if (nth == 1)
        snprintf(name, WIRE_NAME, "listen/fd:%s", all[i].name);
    else
        snprintf(name, WIRE_NAME, "listen/fd:%s#%u", all[i].name, nth);
}

/* For services whose Listen says "fd:NAME": kept under the name that the brain asks for. */
static void take_sockets(void)
{
    struct notify_fd given[NOTIFY_FDS];
    unsigned n = notify_take_fds(given);
    for (unsigned i = 0; i < n; i++) {
        struct kept *k = &keeper.kept[keeper.story.n_kept++];
        name_socket(given, i, k->name);
        k->fd = given[i].fd;
    }
}

/* ---- life ---- */

bool keeper_begin(struct bw_err *e)
{
    ssize_t n = readlink("/proc/self/exe", keeper.self, sizeof keeper.self - 1);
    keeper.self[n > 0 ? n : 0] = 0;
    keeper.epoll = epoll_create1(EPOLL_CLOEXEC);
    keeper.ping_every = notify_watchdog() / 4;
    if (keeper.ping_every)
        keeper.ping_at = clock_mono() + keeper.ping_every;
    if (keeper.epoll < 0)
        return bw_fail_sys(e, errno, "making what the keeper waits with");
    if (!open_signals(e))
        return false;
    return (keeper_watch(brood_fd(keeper.brood), WATCH_BROOD, EPOLLIN, EPOLL_CTL_ADD) &&
            keeper_watch(keeper.signals, WATCH_SIGNALS, EPOLLIN, EPOLL_CTL_ADD)) ||
           bw_fail_sys(e, errno, "watching children and signals");
}

/* What got away from every unit has nobody who would end it. */
static void end_orphans(void)
{
    int64_t deadline = clock_mono() + ORPHAN_GRACE;
    unsigned living = 0;
    while ((living = brood_end_orphans(keeper.brood, 0)) != 0 && clock_mono() < deadline) {
        nanosleep(&(struct timespec){.tv_nsec = ORPHAN_NAP}, NULL);
        brood_turn(keeper.brood);
        brood_reap(keeper.brood);
    }
    brood_reap(keeper.brood);
    if (!living)
        return;
    keeper.status = keeper.status ? keeper.status : 1;
    keeper_say("%u of the processes that its children left behind could not be ended", living);
}

int keeper_live(void)
{
    while (!keeper.done || keeper.story.brain)
        turn();
    if (keeper.in_order)
        end_orphans();
    if (keeper.unreaped) /* it holds the lock, too */
        flock(keeper.story.lock, LOCK_UN);
    if (keeper_berths_are_free()) /* else its records are still written to */
        brood_close(keeper.brood);
    return keeper.status;
}

bool keeper_run(const struct keeper_opts *o, int *status, struct bw_err *e)
{
    keeper.opts = *o;
    keeper.story.lock = o->lock;
    keeper.story.no_groups = o->no_groups;
    take_sockets();
    const struct brood_opts b = {
        .state = o->state, .lock = o->lock, .keeper = true, .no_groups = o->no_groups};
    keeper.brood = brood_open(&b, e);
    if (!keeper.brood || !keeper_begin(e))
        return false;
    keeper.next_brain = clock_mono();
    *status = keeper_live();
    return true;
}
