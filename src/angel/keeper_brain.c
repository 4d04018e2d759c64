/* keeper_brain.c: the brain's process, and what it orders. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "angel/keeper_int.h"
#include "core/clock.h"
#include "os/notify.h"

#define STABLE      (60 * CLOCK_SECOND) /* a brain that lived so long begins the count anew */
#define FIRST_PAUSE (100 * CLOCK_MS)
#define LONG_PAUSE  (10 * CLOCK_SECOND)
#define LEAVE_GRACE (5 * CLOCK_SECOND)
#define DONE_GRACE  (10 * CLOCK_SECOND)
#define LOOK        CLOCK_SECOND /* at a brain that may not end by signals */
#define BURST       64

/* ---- its process ---- */

static _Noreturn void become_brain(int socket)
{
    static const char *const ours[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                       "LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        unsetenv(ours[i]);
    setsid(); /* what is typed at the keeper's terminal is not for it */
    int lock = fcntl(keeper.story.lock, F_DUPFD_CLOEXEC, KEEPER_LOCK + 1);
    socket = fcntl(socket, F_DUPFD_CLOEXEC, KEEPER_LOCK + 1);
    if (lock >= 0 && socket >= 0 && dup2(socket, KEEPER_SOCKET) >= 0 &&
        dup2(lock, KEEPER_LOCK) >= 0) {
        syscall(SYS_close_range, KEEPER_LOCK + 1, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
        signal(SIGPIPE, SIG_DFL);
        sigprocmask(SIG_SETMASK, &keeper.before, NULL);
        execv(keeper.opts.brain[0], (char *const *)(uintptr_t)keeper.opts.brain);
    }
    keeper_say("%s cannot be run: %s", keeper.opts.brain[0], strerror(errno));
    _exit(126);
}

bool keeper_watch_brain(struct bw_err *e)
{
    keeper.hangs = false;
    keeper.look_at = 0;
    keeper.pidfd = identity_hold(keeper.story.brain);
    keeper.blocked = keeper.watching_out = false;
    return (keeper.pidfd >= 0 && keeper_watch(keeper.pidfd, WATCH_BRAIN, EPOLLIN, EPOLL_CTL_ADD) &&
            keeper_watch(keeper.story.socket, WATCH_SOCKET, EPOLLIN, EPOLL_CTL_ADD)) ||
           bw_fail_sys(e, errno, "watching the brain");
}

static void try_later(void)
{
    int64_t pause = FIRST_PAUSE << (keeper.story.failures < 16 ? keeper.story.failures : 16);
    keeper.story.failures++;
    keeper.next_brain = clock_mono() + (pause < LONG_PAUSE ? pause : LONG_PAUSE);
}

/* A new keeper ends one that hangs: it is known by this. */
static void record_brain(pid_t pid)
{
    struct children_head *head = brood_children(keeper.brood)->head;
    struct identity id;
    brood_spare(keeper.brood, pid);
    head->brain = 0;
    if (pid && identity_look(pid, &id)) {
        head->brain_started = id.started;
        head->brain = pid;
    }
}

void keeper_start_brain(void)
{
    int ends[2];
    struct bw_err e;
    keeper.next_brain = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        keeper_say("a brain cannot be started: %s; trying again", strerror(errno));
        try_later();
        return;
    }
    pid_t pid = fork();
    if (pid == 0)
        become_brain(ends[1]);
    close(ends[1]);
    if (pid < 0) {
        keeper_say("a brain cannot be started: %s; trying again", strerror(errno));
        close(ends[0]);
        try_later();
        return;
    }
    keeper.story.brain = pid;
    keeper.story.socket = ends[0];
    keeper.brain_at = clock_mono();
    keeper.phase = SEND_NOTHING;
    record_brain(pid);
    if (!keeper_watch_brain(&e)) {
        keeper_say("%s", e.text);
        kill(pid, SIGKILL); /* our own child, not waited for: the number is still its */
    }
}

static const char *how(int status, char room[64])
{
    if (WIFSIGNALED(status))
        snprintf(room, 64, "was ended by signal %d", WTERMSIG(status));
    else
        snprintf(room, 64, "ended with exit code %d", WEXITSTATUS(status));
    return room;
}

/* Nobody has served yet, and it says by its exit code that it cannot: it would not the next time.
 */
static bool is_hopeless(int status)
{
    return !keeper.story.ready && !keeper.leave_at && WIFEXITED(status) && WEXITSTATUS(status);
}

static void plan_next(int status)
{
    char room[64];
    bool asked = keeper.leave_at != 0;
    keeper.leave_at = 0;
    if (asked) {
        keeper.next_brain = clock_mono();
        return;
    }
    keeper.story.brains++;
    keeper.story.last_status = status;
    if (clock_mono() - keeper.brain_at > STABLE)
        keeper.story.failures = 0;
    if (keeper.story.failures == 0) {
        keeper.story.failures = 1;
        keeper.next_brain = clock_mono();
    } else {
        try_later();
    }
    keeper_say("the brain (pid %d) %s; its children stay, another brain starts", keeper.story.brain,
               how(status, room));
}

static void after_brain(int status)
{
    identity_close(keeper.pidfd);
    close(keeper.story.socket);
    keeper.pidfd = keeper.story.socket = -1;
    keeper.phase = SEND_NOTHING;
    keeper_stand_down_all();
    brood_end_helpers(keeper.brood);
    if (!keeper.done && is_hopeless(status)) {
        keeper.done = true;
        keeper.status = WEXITSTATUS(status);
    }
    if (!keeper.done)
        plan_next(status);
    keeper.story.brain = 0;
    record_brain(0);
    brood_reap(keeper.brood);
}

void keeper_brain_ended(void)
{
    int status = 0;
    struct rusage used;
    if (!keeper.story.brain || identity_ended(keeper.pidfd, &status, &used) == IDENTITY_LIVES)
        return;
    identity_reap(keeper.pidfd);
    after_brain(status);
}

/* Its first thread is a zombie as soon as all are told to end; one in a disk call does not. */
static bool is_zombie(pid_t pid)
{
    struct identity id;
    return identity_look(pid, &id) && id.state == 'Z';
}

/* Whoever connects there would take it for one that lives. */
static void drop_control(void)
{
    char path[512];
    if ((size_t)snprintf(path, sizeof path, "%s/control.sock", keeper.opts.state) < sizeof path)
        unlink(path);
}

void keeper_brain_look(void)
{
    keeper.look_at = 0;
    if (!keeper.story.brain || !keeper.hangs)
        return;
    keeper.look_at = clock_mono() + LOOK;
    if (!is_zombie(keeper.story.brain))
        return;
    keeper_hear(true);
    keeper_say("the brain (pid %d) has ended but for disk calls that do not come back, of logs on "
               "a disk that does not answer; nobody waits for it",
               keeper.story.brain);
    keeper.unreaped = true;
    drop_control();
    keeper.hangs = false;
    keeper.look_at = 0;
    after_brain(SIGKILL);
}

void keeper_leave(void)
{
    if (!keeper.story.brain || keeper.leave_at)
        return;
    keeper.leave = true;
    keeper.leave_at = clock_mono() + LEAVE_GRACE;
    keeper_stand_down_all(); /* it might not hear of it any more */
    keeper_send();
}

void keeper_end_lost_brain(const char *state)
{
    struct mapfile m;
    char path[512];
    if ((size_t)snprintf(path, sizeof path, "%s/children", state) >= sizeof path ||
        access(path, F_OK) != 0 ||
        !mapfile_open(&m, path, sizeof(struct child_record) * CHILDREN_MAX, NULL))
        return;
    const struct children_head *head = (const void *)m.p;
    int fd = m.size >= sizeof *head ? identity_open(head->brain, head->brain_started) : -1;
    if (identity_signal(fd, SIGKILL))
        keeper_say("the brain (pid %d) of a keeper that has gone is ended", head->brain);
    identity_close(fd);
    mapfile_close(&m);
}

/* ---- what it orders ---- */

struct heard {
    ssize_t n;
    unsigned n_fds;
    bool cut, lost; /* longer than any message; descriptors did not get through */
    int fds[ORDER_FDS];
    _Alignas(8) char bytes[ORDER_MAX];
};
static struct heard heard;

static void receive(struct heard *r)
{
    struct iovec part = {.iov_base = r->bytes, .iov_len = sizeof r->bytes};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int) * ORDER_FDS)];
    } c;
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = c.room, .msg_controllen = sizeof c.room};
    r->n_fds = 0;
    do
        r->n = recvmsg(keeper.story.socket, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (r->n < 0 && errno == EINTR);
    r->cut = m.msg_flags & MSG_TRUNC;
    r->lost = m.msg_flags & MSG_CTRUNC;
    const struct cmsghdr *got = r->n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (!got || got->cmsg_type != SCM_RIGHTS)
        return;
    r->n_fds = (unsigned)((got->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(r->fds, CMSG_DATA(got), r->n_fds * sizeof(int));
}

static void spawn(const struct heard *r)
{
    struct berth *b = keeper_berth();
    struct order_head head;
    size_t n = (size_t)r->n;
    memcpy(b->message, r->bytes, n);
    if (!r->lost && order_read(&b->order, b->message, n, r->fds, r->n_fds)) {
        keeper_stand_down(b->order.head.child);
        brood_spawn(keeper.brood, &b->order, &b->spawn);
        return;
    }
    /* Read without descriptors it still says whose it is. */
    if (n < sizeof head)
        return;
    memcpy(&head, r->bytes, sizeof head);
    head.std = 0;
    head.n_listen = 0;
    memcpy(b->message, &head, sizeof head);
    if (order_read(&b->order, b->message, n, NULL, 0))
        brood_refuse(keeper.brood, &b->order, r->lost ? EMFILE : EINVAL);
}

static struct kept *find_kept(const char *name)
{
    for (uint32_t i = 0; i < keeper.story.n_kept; i++)
        if (!strcmp(keeper.kept[i].name, name))
            return &keeper.kept[i];
    return NULL;
}

static void keep(struct heard *r, const struct wire_named *m)
{
    struct kept *k = find_kept(m->name);
    if (!r->n_fds || (!k && keeper.story.n_kept == KEEPER_KEPT)) {
        keeper_say("'%s' cannot be kept: %s", m->name,
                   r->n_fds ? "there is no room for more" : strerror(EMFILE));
        return;
    }
    if (k)
        close(k->fd);
    else
        k = &keeper.kept[keeper.story.n_kept++];
    memcpy(k->name, m->name, sizeof k->name);
    k->fd = r->fds[0];
    r->n_fds = 0;
}

static void forget(const struct wire_named *m)
{
    struct kept *k = find_kept(m->name);
    if (!k)
        return;
    close(k->fd);
    *k = keeper.kept[--keeper.story.n_kept];
}

static void ready(const struct wire_named *m)
{
    notify_send("MAINPID=%ld\nREADY=1\nSTATUS=%.*s", (long)getpid(), (int)m->n, m->bytes);
    keeper.reloading = false;
    if (!keeper.story.ready && keeper.opts.ready)
        keeper.opts.ready(keeper.opts.arg);
    keeper.story.ready = 1;
}

static void take_named(struct heard *r)
{
    struct wire_named m;
    size_t head = offsetof(struct wire_named, bytes);
    if ((size_t)r->n < head)
        return;
    memset(&m, 0, sizeof m);
    memcpy(&m, r->bytes, (size_t)r->n < sizeof m ? (size_t)r->n : sizeof m);
    m.name[sizeof m.name - 1] = 0;
    if (m.n > (size_t)r->n - head || m.n > sizeof m.bytes)
        return;
    struct bw_err e = {.code = BW_OK};
    switch (m.kind) {
    case WIRE_KEEP:
        keep(r, &m);
        break;
    case WIRE_FORGET:
        forget(&m);
        break;
    case WIRE_NOTE:
        if (!children_note(brood_children(keeper.brood), m.name, bw_str_of(m.bytes, m.n), &e))
            keeper_say("%s", e.text);
        break;
    default:
        ready(&m);
    }
}

static void done(const struct wire_small *m)
{
    keeper.done = keeper.in_order = true;
    keeper.status = m->a;
    keeper.leave_at = clock_mono() + DONE_GRACE; /* if it does not end by itself */
}

static void greet(const struct wire_small *m)
{
    if (m->a == WIRE_VERSION) {
        keeper_greeted();
        return;
    }
    keeper_say("the brain is of another version than this keeper; SIGUSR2 renews both");
    keeper_leave();
}

static void hangs(const struct wire_small *m)
{
    keeper.hangs = m->a > 0;
    keeper.look_at = keeper.hangs ? clock_mono() + LOOK : 0;
}

static void take_small(const struct heard *r)
{
    struct wire_small m;
    if ((size_t)r->n < sizeof m)
        return;
    memcpy(&m, r->bytes, sizeof m);
    switch (m.kind) {
    case WIRE_HELLO:
        greet(&m);
        break;
    case WIRE_SIGNAL:
        brood_signal(keeper.brood, m.child, m.a, m.b == HANDS_TREE ? HANDS_TREE : HANDS_MAIN);
        break;
    case WIRE_DOWN:
        keeper_stand_down(m.child);
        break;
    case WIRE_CREDIT:
        keeper_credit(m.a);
        break;
    case WIRE_SWEEP:
        keeper_stand_down(m.child);
        brood_sweep(keeper.brood, m.child, m.n);
        break;
    case WIRE_RELEASE:
        keeper_stand_down(m.child);
        brood_release(keeper.brood, m.child);
        break;
    case WIRE_DONE:
        done(&m);
        break;
    case WIRE_UPGRADE:
        keeper.upgrade = true;
        break;
    case WIRE_HANGS:
        hangs(&m);
        break;
    case WIRE_PONG:
        keeper.answered = clock_mono();
        notify_send("WATCHDOG=1");
        break;
    default:
        break;
    }
}

static void obey(struct heard *r)
{
    uint32_t kind;
    memcpy(&kind, r->bytes, sizeof kind);
    if (kind == WIRE_SPAWN)
        spawn(r);
    else if (kind == WIRE_STAND && !r->lost)
        keeper_stand(r->bytes, (size_t)r->n, r->fds, r->n_fds);
    else if (kind >= WIRE_KEEP && kind <= WIRE_READY)
        take_named(r);
    else
        take_small(r);
}

void keeper_hear(bool all)
{
    for (int i = 0; keeper.story.socket >= 0 && (all || i < BURST); i++) {
        receive(&heard);
        if (heard.n <= 0)
            break;
        if ((size_t)heard.n >= sizeof(uint32_t) && !heard.cut)
            obey(&heard);
        for (unsigned f = 0; f < heard.n_fds; f++)
            close(heard.fds[f]);
    }
}
