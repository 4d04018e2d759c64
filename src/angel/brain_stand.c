/* brain_stand.c: standing orders: what is decided while all is well. A replica that has proved
 * itself is started again at once should it end, so the hands are told beforehand: then its
 * successor comes without this process being woken, and also while it hangs. Each needs a place in
 * the budget of all; a few are reserved for whoever ends next. */
#include "angel/brain_int.h"
#include "angel/probe_int.h"

#include <signal.h>

#define CREDIT 16

static void give_credit(struct brain *b)
{
    if (b->credit > CREDIT / 2)
        return;
    unsigned more = crew_reserve(&b->crew, CREDIT - b->credit, clock_mono());
    b->credit += more;
    if (more)
        hands_credit(b->hands, more);
}

static void ends_of(const struct unit_conf *c, struct hands_ends *out)
{
    struct hands_exit x = {.known = true};
    *out = (struct hands_ends){.signals = 0};
    for (int code = 0; code < 256; code++) {
        x.status = code << 8; /* as waitpid says it */
        if (brain_sense(c, &x) == EVENT_AGAIN)
            out->codes[code / 8] |= (uint8_t)(1u << code % 8);
    }
    for (int number = 1; number < 64; number++) {
        x.status = number;
        if (brain_sense(c, &x) == EVENT_AGAIN)
            out->signals |= UINT64_C(1) << number;
    }
}

/* Such a probe may miss what a successor says before it is listened to. */
static bool is_told(const struct unit_conf *c)
{
    for (int i = 0; i < PROBE_KINDS; i++)
        if (c->probes[i].kind && !c->probes[i].kind->look)
            return true;
    return false;
}

void replica_stand(struct replica *r)
{
    struct brain *b = r->brain;
    struct hands_ends when;
    struct bw_err e;
    if (r->standing || r->removed || r->bare || b->stopping || b->applying ||
        r->conf->start.n > 1 || is_told(r->conf) ||
        !crew_may_promise(&b->crew, r->slot, clock_mono()))
        return;
    ends_of(r->conf, &when);
    r->standing = replica_spawn(r, &when, &e);
    if (r->standing)
        give_credit(b);
}

void replica_stand_down(struct replica *r)
{
    if (r->standing)
        hands_stand_down(r->brain->hands, r->child);
    r->standing = false;
}

void replica_is_followed(struct replica *r)
{
    struct brain *b = r->brain;
    b->credit -= b->credit > 0;
    if (r->standing) {
        crew_promise(&b->crew, r->slot);
        r->follows = true;
    } else {
        /* We had told it to end, which the keeper had not heard: what it started goes with the
         * rest. */
        crew_squander(&b->crew, r->slot, clock_mono());
        r->run++;
        r->empty = false;
    }
    r->standing = false;
    give_credit(b);
}

void brain_stand_all(struct brain *b)
{
    for (size_t i = 0; i < b->in_order.n; i++) {
        const struct crew_unit *u = &b->crew.units.p[b->in_order.p[i]->slot];
        if (u->state == LIFE_READY && !u->due)
            replica_stand(b->in_order.p[i]);
    }
}
