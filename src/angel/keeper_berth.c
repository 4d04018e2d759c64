/* keeper_berth.c: berths: where an order is while its child comes to life. A child may live in our
 * memory until exec (spawn.h), so neither the order nor its words may give way to the next one
 * before that: some microseconds, or as long as a disk does not answer. Then there are others, and
 * when all are taken the child gets a copy of everything. */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "angel/keeper_int.h"
#include "core/clock.h"

#define SHARED   4
#define PATIENCE (20 * CLOCK_MS)

static struct berth berths[SHARED], spare;
static struct spawn_room rooms[SHARED];
static int64_t taken[SHARED];
static unsigned last;

static bool is_free(unsigned i)
{
    return !atomic_load_explicit(&rooms[i].busy, memory_order_acquire);
}

/* For what a start takes at most, not for a disk. The kernel wakes who waits for what it clears. */
static bool frees_soon(unsigned i)
{
    int64_t left = taken[i] + PATIENCE - clock_mono();
    const struct timespec t = {.tv_nsec = left};
    if (!is_free(i) && left > 0)
        syscall(SYS_futex, &rooms[i].busy, FUTEX_WAIT, 1, &t, NULL, 0);
    return is_free(i);
}

struct berth *keeper_berth(void)
{
    unsigned i = last; /* its pages are warm */
    for (unsigned k = 0; k < SHARED && !is_free(i); k++)
        i = (i + 1) % SHARED;
    if (!frees_soon(i)) /* all are taken, i last: of the others some may long wait for a disk */
        return &spare;
    last = i;
    taken[i] = clock_mono();
    berths[i].spawn.room = &rooms[i];
    return &berths[i];
}

bool keeper_berths_are_free(void)
{
    bool all = true;
    for (unsigned i = 0; i < SHARED; i++)
        all = frees_soon(i) && all;
    return all;
}
