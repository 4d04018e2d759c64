/* in_hand.c: see in_hand.h. A loop's thread takes a list when it first works on a request and keeps
 * it; the lists are static, so that a crash report finds them whatever has happened to the heap. */
#include "rest/in_hand.h"

#include <stdatomic.h>

#include "net/fiber.h"

#define LISTS    256
#define LINE_MAX 512

static struct bw_req *lists[LISTS];
static _Atomic unsigned taken;
static _Thread_local struct bw_req **mine;

static struct bw_req **take(void)
{
    unsigned i = atomic_fetch_add(&taken, 1);
    if (i < LISTS)
        return mine = &lists[i];
    atomic_fetch_sub(&taken, 1);
    return NULL;
}

void in_hand_add(struct bw_req *rq)
{
    struct bw_req **first = fiber_current() ? (mine ? mine : take()) : NULL;
    rq->hand_at = first;
    if (!first)
        return;
    rq->hand_next = *first;
    if (*first)
        (*first)->hand_at = &rq->hand_next;
    *first = rq;
}

void in_hand_remove(struct bw_req *rq)
{
    if (!rq->hand_at)
        return;
    *rq->hand_at = rq->hand_next;
    if (rq->hand_next)
        rq->hand_next->hand_at = rq->hand_at;
}

static size_t put(char *line, size_t n, bw_str s)
{
    for (size_t i = 0; i < s.n && n < LINE_MAX - 1; i++)
        line[n++] = s.p[i] < ' ' || s.p[i] == 127 ? ' ' : s.p[i];
    return n;
}

static void dump(int fd, const struct bw_req *rq)
{
    char line[LINE_MAX];
    size_t n = put(line, 0, BW_LIT("in hand: "));
    n = put(line, n, rq->http->method_text);
    n = put(line, n, BW_LIT(" "));
    n = put(line, n, rq->http->path);
    n = put(line, n, BW_LIT(" "));
    n = put(line, n, bw_cstr(rq->name));
    line[n++] = '\n';
    ssize_t written = write(fd, line, n);
    (void)written;
}

static void dump_list(int fd, const struct bw_req *rq)
{
    for (int most = 100; rq && most > 0; most--, rq = rq->hand_next)
        dump(fd, rq);
}

void in_hand_dump(int fd)
{
    unsigned n = atomic_load(&taken);
    if (mine)
        dump_list(fd, *mine);
    for (unsigned i = 0; i < n && i < LISTS; i++)
        if (&lists[i] != mine)
            dump_list(fd, lists[i]);
}
