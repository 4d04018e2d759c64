/* brood_life.c: the beginning and end of a brood, adoption, and its handing over from one program
 * to the next in the same process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "angel/brood_int.h"
#include "core/clock.h"

#define HANDED 0x42574232u /* "BWB2": grows with each change of struct slot */

/* Descriptors: two for each child. What children get is what we got. */
static void raise_open_files(struct brood *b)
{
    getrlimit(RLIMIT_NOFILE, &b->open_files);
    struct rlimit most = {.rlim_cur = b->open_files.rlim_max, .rlim_max = b->open_files.rlim_max};
    setrlimit(RLIMIT_NOFILE, &most);
}

static bool open_watch(struct brood *b, struct bw_err *e)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = (uint64_t)UINT32_MAX << 32};
    b->epoll = epoll_create1(EPOLL_CLOEXEC);
    b->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return (b->epoll >= 0 && b->timer >= 0 &&
            epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->timer, &ev) == 0) ||
           bw_fail_sys(e, errno, "making what children are waited for with");
}

static void find_groups(struct brood *b)
{
    uint8_t fresh = 0;
    groups_open(&b->groups, b->children.head->id);
    int fd = b->groups.base < 0 ? -1 : group_open(&b->groups, "try", &fresh);
    if (fd < 0)
        return;
    b->by_hand = !spawn_into_works(fd);
    group_close(fd);
    group_remove(&b->groups, "try");
}

static struct brood *make(const struct brood_opts *o, struct bw_err *e)
{
    struct identity self;
    /* Addresses only: a page is memory when its slot is used. */
    struct brood *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b == MAP_FAILED) {
        bw_fail_sys(e, errno, "taking memory for the table of children");
        return NULL;
    }
    b->epoll = b->timer = b->children.file.fd = b->children.notes.fd = b->groups.base = -1;
    b->lock = o->lock;
    b->keeper = o->keeper;
    bool ok = identity_look(getpid(), &self) ||
              bw_fail(e, BW_SYS,
                      "/proc does not tell about processes; without it none can be known again");
    if (ok && o->keeper && prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        ok = bw_fail_sys(e, errno, "becoming the parent of orphans");
    if (ok && open_watch(b, e) && children_open(&b->children, o->state, e)) {
        if (!o->no_groups)
            find_groups(b);
        raise_open_files(b);
        return b;
    }
    brood_close(b);
    return NULL;
}

struct brood *brood_open(const struct brood_opts *o, struct bw_err *e)
{
    struct brood *b = make(o, e);
    if (b)
        brood_adopt(b);
    return b;
}

void brood_close(struct brood *b)
{
    if (!b)
        return;
    brood_bury(b);
    for (uint32_t i = 1; i <= b->top; i++) {
        struct slot *s = &b->slots[i];
        if (s->stage == SLOT_GONE)
            brood_forget(b, s);
        if (s->stage == SLOT_FREE)
            continue;
        /* Processes go on, and so do their records. */
        identity_close(s->pidfd);
        if (s->errors >= 0)
            close(s->errors);
    }
    groups_close(&b->groups);
    children_close(&b->children);
    if (b->timer >= 0)
        close(b->timer);
    if (b->epoll >= 0)
        close(b->epoll);
    munmap(b, sizeof *b);
}

int brood_fd(const struct brood *b)
{
    return b->epoll;
}

/* ---- adoption ---- */

static bool is_sound(const struct child_record *r)
{
    return r->unit[0] && memchr(r->unit, 0, sizeof r->unit) && r->pid > 0;
}

/* Not when the angel before us was in another cgroup than we are, or in none it could use. */
static bool has_group(const struct brood *b, const struct slot *s)
{
    char group[GROUP_NAME];
    group_name(s->unit, s->child, group);
    return b->groups.base >= 0 && group_exists(&b->groups, group);
}

static void adopt(struct brood *b, struct child_record *r)
{
    /* Two records of one number: the later life is the one that counts, and only it was started. */
    struct slot *s = brood_slot(b, r->child) ? NULL : brood_new_slot(b, r->child);
    if (!s) {
        children_drop(r);
        return;
    }
    s->run = r->run;
    s->pid = r->pid;
    s->helper = r->helper != 0;
    s->adopted = 1;
    s->record = (uint32_t)(r - b->children.at) + 1;
    s->ooms = (struct group_ooms){.killed = r->ooms, .own = r->own_ooms};
    memcpy(s->unit, r->unit, sizeof s->unit);
    s->grouped = has_group(b, s);
    s->pidfd = identity_open(r->pid, r->started);
    s->stage = s->pidfd >= 0 ? SLOT_RUNS : SLOT_ENDED;
    if (s->pidfd >= 0 && brood_watch(b, s))
        return;
    s->at = clock_mono();
    if (s->grouped)
        brood_ask_group(b, s);
    brood_put_event(b, s, BROOD_EXITED); /* its tree may live: it is for the brain to sweep */
}

void brood_adopt(struct brood *b)
{
    for (size_t i = 0; i < b->children.room; i++) {
        struct child_record *r = &b->children.at[i];
        if (!r->used)
            continue;
        if (is_sound(r))
            adopt(b, r);
        else
            children_drop(r); /* it never lived: a child records itself before all else */
    }
    brood_end_helpers(b);
}

bool brood_found(const struct brood *b, size_t *i, struct hands_found *out)
{
    while (*i < b->top) {
        const struct slot *s = &b->slots[++*i];
        if (s->stage == SLOT_FREE || s->stage == SLOT_GONE || s->helper)
            continue;
        const struct child_record *r = s->record ? &b->children.at[s->record - 1] : NULL;
        *out = (struct hands_found){.child = s->child,
                                    .run = s->run,
                                    .pid = s->stage == SLOT_FAILED ? 0 : s->pid,
                                    .started = r ? r->at : 0,
                                    .adopted = s->adopted};
        memcpy(out->unit, s->unit, sizeof out->unit);
        return true;
    }
    return false;
}

size_t brood_count(const struct brood *b)
{
    return b->count - b->gone;
}

unsigned brood_limits(const struct brood *b)
{
    return b->groups.limits;
}

struct children *brood_children(struct brood *b)
{
    return &b->children;
}

/* ---- from one program to the next ---- */

struct handed {
    uint32_t magic, slot_size, free, top, events_first, events_last;
    uint64_t count;
    struct rlimit open_files;
};

static void keep_open(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, 0);
}

static bool put(int fd, const void *p, size_t n, struct bw_err *e)
{
    return write(fd, p, n) == (ssize_t)n || bw_fail_sys(e, errno, "handing children over");
}

bool brood_hand_over(struct brood *b, int fd, struct bw_err *e)
{
    struct handed h = {.magic = HANDED,
                       .slot_size = sizeof(struct slot),
                       .free = b->free,
                       .top = b->top,
                       .events_first = b->events_first,
                       .events_last = b->events_last,
                       .count = b->count,
                       .open_files = b->open_files};
    brood_bury(b);
    if (!put(fd, &h, sizeof h, e) || !put(fd, b->slots, (b->top + 1) * sizeof b->slots[0], e))
        return false;
    for (uint32_t i = 1; i <= b->top; i++)
        if (b->slots[i].stage != SLOT_FREE) {
            keep_open(b->slots[i].pidfd);
            keep_open(b->slots[i].errors);
        }
    return true;
}

static void take_slot(struct brood *b, struct slot *s)
{
    s->in_work = 0;
    if (s->stage == SLOT_FREE)
        return;
    uint32_t *bucket = &b->buckets[s->child % BROOD_BUCKETS];
    s->next = 0;
    if (s->helper <= 1) {
        s->next = *bucket;
        *bucket = (uint32_t)(s - b->slots);
    }
    if (s->pidfd >= 0)
        fcntl(s->pidfd, F_SETFD, FD_CLOEXEC);
    if (s->errors >= 0)
        fcntl(s->errors, F_SETFD, FD_CLOEXEC);
    if (s->pidfd >= 0 && (s->stage == SLOT_BORN || s->stage == SLOT_RUNS))
        bw_must(brood_watch(b, s));
    b->gone += s->stage == SLOT_GONE;
    if (s->sweeping || s->limbo || s->stage == SLOT_GONE)
        brood_add_work(b, s, clock_mono());
}

struct brood *brood_take_over(const struct brood_opts *o, int fd, struct bw_err *e)
{
    struct handed h;
    struct brood *b = make(o, e);
    if (!b)
        return NULL;
    if (read(fd, &h, sizeof h) != sizeof h || h.magic != HANDED ||
        h.slot_size != sizeof(struct slot) || h.top > CHILDREN_MAX ||
        read(fd, b->slots, (h.top + 1) * sizeof b->slots[0]) !=
            (ssize_t)((h.top + 1) * sizeof b->slots[0])) {
        /* Another layout: the records tell the same, but for what was not taken yet. */
        brood_adopt(b);
        return b;
    }
    b->free = h.free;
    b->top = h.top;
    b->events_first = h.events_first;
    b->events_last = h.events_last;
    b->count = h.count;
    b->open_files = h.open_files;
    for (uint32_t i = 1; i <= b->top; i++)
        take_slot(b, &b->slots[i]);
    return b;
}
