/* keeper_stand.c: standing orders: who is started as soon as the one before has ended, before the
 * brain has heard of it. The brain has decided that already, when all was well; what is saved are
 * two of three wake-ups on the way to the successor (decision 029).
 *
 * An order lies here as it came, but for what most have in common: the places for limits, and the
 * environment, which is kept once for all that have the same. Where memory or descriptors are
 * lacking an order does not stand: nothing but a little time is lost. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "angel/keeper_int.h"
#include "core/map.h"

/* The last bytes of an order. */
struct words {
    struct words *next;
    size_t uses, n;
    char bytes[];
};

struct stand {
    struct hands_ends when;
    uint64_t run; /* to be started */
    struct words *env;
    uint32_t n, n_fds; /* bytes; descriptors, which come first */
    bool one_output;   /* standard output and error are the same descriptor */
    _Alignas(8) char room[];
};

#define HEAD    offsetof(struct order_head, limits)
#define ENVS    256 /* lists */
#define STD_OUT 2u
#define STD_ERR 4u

static struct stand *stands[CHILDREN_MAX + 1]; /* by number of child */
static uint32_t top;                           /* none above */
static struct words *envs[ENVS];
static int32_t credit;
static struct order order; /* one that is to stand */

/* ---- environments ---- */

static struct words **env_list(const char *p, size_t n)
{
    return &envs[map_hash(bw_str_of(p, n)) % ENVS];
}

static struct words *take_env(const char *p, size_t n)
{
    struct words **list = env_list(p, n), *w = *list;
    while (w && (w->n != n || memcmp(w->bytes, p, n) != 0))
        w = w->next;
    if (!w && (w = malloc(sizeof *w + n))) {
        *w = (struct words){.next = *list, .n = n};
        memcpy(w->bytes, p, n);
        *list = w;
    }
    if (w)
        w->uses++;
    return w;
}

static void drop_env(struct words *w)
{
    if (!w || --w->uses)
        return;
    struct words **at = env_list(w->bytes, w->n);
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    free(w);
}

/* ---- keeping ---- */

static int *fds_of(struct stand *s)
{
    return (int *)(void *)s->room;
}

static void drop(struct stand *s)
{
    for (uint32_t i = 0; i < s->n_fds; i++)
        close(fds_of(s)[i]);
    drop_env(s->env);
    free(s);
}

static bool are_one(int a, int b)
{
    struct stat x, y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino &&
           S_ISFIFO(x.st_mode);
}

/* Error is not kept where it is output's twin: the FIFO that is captured. */
static bool keep_fds(struct stand *s, const struct order_head *h, const int *fds, unsigned n)
{
    unsigned out = h->std & 1u, err = out + 1;
    s->one_output =
        (h->std & STD_OUT) && (h->std & STD_ERR) && n > err && are_one(fds[out], fds[err]);
    for (unsigned i = 0; i < n; i++) {
        if (s->one_output && i == err)
            continue;
        int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, KEEPER_LOCK + 1);
        if (fd < 0)
            return false;
        fds_of(s)[s->n_fds++] = fd;
    }
    return true;
}

static char *put(char *to, const void *p, size_t n)
{
    memcpy(to, p, n);
    return to + n;
}

/* Its bytes: the head, the limits there are, what is between them and the environment. */
static struct stand *pack(const char *bytes, size_t n, unsigned n_fds)
{
    const struct order_head *h = &order.head;
    size_t limits = h->n_limits * sizeof h->limits[0],
           env = h->n_env ? (size_t)(order.env[0] - bytes) : n;
    size_t room = sizeof(int) * n_fds + HEAD + limits + (env - sizeof *h);
    struct stand *s = malloc(sizeof *s + room);
    if (!s)
        return NULL;
    *s = (struct stand){.run = h->run, .n = (uint32_t)(HEAD + limits + (env - sizeof *h))};
    char *to = put(s->room + sizeof(int) * n_fds, h, HEAD + limits);
    put(to, bytes + sizeof *h, env - sizeof *h);
    s->env = take_env(bytes + env, n - env);
    if (s->env)
        return s;
    free(s);
    return NULL;
}

void keeper_stand(char *bytes, size_t n, const int *fds, unsigned n_fds)
{
    struct hands_ends when;
    if (n < sizeof when)
        return;
    n -= sizeof when;
    memcpy(&when, bytes + n, sizeof when);
    if (!order_read(&order, bytes, n, fds, n_fds) || order.head.child > CHILDREN_MAX ||
        order.head.helper)
        return;
    keeper_stand_down(order.head.child);
    struct stand *s = pack(bytes, n, n_fds);
    if (!s)
        return;
    s->when = when;
    if (!keep_fds(s, &order.head, fds, n_fds)) {
        drop(s);
        return;
    }
    stands[order.head.child] = s;
    if (order.head.child > top)
        top = order.head.child;
}

void keeper_stand_down(uint32_t child)
{
    if (child > CHILDREN_MAX || !stands[child])
        return;
    drop(stands[child]);
    stands[child] = NULL;
}

void keeper_stand_down_all(void)
{
    for (uint32_t i = 0; i <= top; i++)
        keeper_stand_down(i);
    top = 0;
    credit = 0;
}

void keeper_credit(int32_t n)
{
    credit += n;
}

/* ---- carrying out ---- */

static bool is_among(const struct hands_ends *when, int status)
{
    if (WIFEXITED(status))
        return when->codes[WEXITSTATUS(status) / 8] >> WEXITSTATUS(status) % 8 & 1;
    return WIFSIGNALED(status) && WTERMSIG(status) < 64 && when->signals >> WTERMSIG(status) & 1;
}

bool keeper_is_followed(const struct brood_event *ev)
{
    if (ev->what != BROOD_EXITED || credit <= 0 || ev->child > CHILDREN_MAX || !stands[ev->child])
        return false;
    const struct stand *s = stands[ev->child];
    return ev->exit.known && ev->exit.empty && ev->exit.run + 1 == s->run &&
           is_among(&s->when, ev->exit.status);
}

/* As it came: its length. */
static size_t unpack(struct stand *s, char message[ORDER_MAX])
{
    struct order_head *h = (void *)message;
    const char *p = s->room + sizeof(int) * (s->n_fds + s->one_output);
    memset(h, 0, sizeof *h);
    memcpy(h, p, HEAD);
    size_t limits = h->n_limits * sizeof h->limits[0];
    memcpy(h->limits, p + HEAD, limits);
    char *end = put(message + sizeof *h, p + HEAD + limits, s->n - HEAD - limits);
    end = put(end, s->env->bytes, s->env->n);
    return (size_t)(end - message);
}

static unsigned unfold_fds(struct stand *s, unsigned std, int fds[ORDER_FDS])
{
    unsigned n = 0, err = (std & 1u) + 1;
    for (uint32_t i = 0; i < s->n_fds; i++) {
        if (s->one_output && n == err)
            fds[n++] = fds_of(s)[err - 1];
        fds[n++] = fds_of(s)[i];
    }
    if (s->one_output && n == err)
        fds[n++] = fds_of(s)[err - 1];
    return n;
}

void keeper_follow(uint32_t child)
{
    int fds[ORDER_FDS];
    struct stand *s = stands[child];
    struct berth *b = keeper_berth();
    size_t n = unpack(s, b->message);
    unsigned n_fds = unfold_fds(s, ((const struct order_head *)(void *)b->message)->std, fds);
    stands[child] = NULL;
    credit--;
    if (order_read(&b->order, b->message, n, fds, n_fds))
        brood_spawn(keeper.brood, &b->order, &b->spawn);
    drop(s);
}
