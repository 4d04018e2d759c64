/* brain_memory.c: what the next brain should know of a replica, kept by the keeper as a few bytes:
 * whether it is wanted (who was told to stop stays stopped), and how often it has failed (a brain
 * that dies does not give a crash loop a fresh start). */
#include "angel/brain_int.h"

#include <inttypes.h>
#include <stdio.h>

void replica_remember(struct replica *r)
{
    const struct brain *b = r->brain;
    const struct crew_unit *u = &b->crew.units.p[r->slot];
    char text[192];
    struct bw_err e;
    /* What stops with the angel is to run again with it. */
    bool wanted = b->stopping || u->leaving || life_is_wanted(u->state);
    int n = snprintf(text, sizeof text,
                     "1 %d %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %d", wanted,
                     u->failures, r->run, r->runs, r->restarts, r->started, r->troubled);
    if (!hands_note(b->hands, r->name, bw_str_of(text, (size_t)n), &e))
        brain_say(r->brain, r, "note", "%s", e.text);
}

bool replica_recall(struct replica *r)
{
    struct brain *b = r->brain;
    bw_str s = hands_noted(b->hands, r->name);
    char text[192];
    int wanted, troubled = 0;
    uint32_t failures;
    uint64_t run, runs, restarts;
    int64_t started;
    if (!s.n || s.n >= sizeof text)
        return true;
    snprintf(text, sizeof text, "%.*s", BW_FMT(s));
    if (sscanf(text, "1 %d %" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %d", &wanted,
               &failures, &run, &runs, &restarts, &started, &troubled) < 6)
        return true;
    b->crew.units.p[r->slot].failures = failures;
    if (run > r->run)
        r->run = run;
    r->runs = runs;
    r->restarts = restarts;
    r->troubled = troubled; /* people are to hear when that is over */
    if (!r->started)
        r->started = started;
    return wanted;
}
