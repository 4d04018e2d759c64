/* brain_figures.c: how the probes of a replica go, for metrics. */
#include "angel/brain_int.h"

bool brain_probe(const struct brain *b, size_t i, enum probe_what what, struct brain_probe *out)
{
    const struct replica *r = b->in_order.p[i];
    *out = (struct brain_probe){.last = ""};
    if (!r->prober || !r->conf->probes[what].kind)
        return false;
    out->last = prober_last(r->prober, what, &out->took);
    out->n = prober_histogram(r->prober, what, &out->buckets);
    return out->n > 0;
}
