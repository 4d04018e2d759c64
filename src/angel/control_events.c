/* control_events.c: what happens, as a stream: one JSON object a line, or server-sent events. Every
 * event has a number, so a client that was cut off goes on where it was (?after=SEQ,
 * Last-Event-ID); what the ring no longer holds is told as an event "lost" with how many. A client
 * that does not read is cut off by the server's write timeout; meanwhile nothing is kept for it. */
#include "angel/control_int.h"

#include "core/clock.h"
#include "net/fiber.h"

#define BEAT    (15 * CLOCK_SECOND) /* a comment keeps idle server-sent events alive */
#define AT_ONCE (32 * 1024)

void control_write_event(struct bw_json_writer *w, const struct brain_event *ev)
{
    bw_json_object(w);
    bw_json_put_int(w, "seq", (int64_t)ev->seq);
    bw_json_put_time(w, "at", ev->at * 1000);
    if (ev->unit[0])
        bw_json_put_text(w, "unit", bw_cstr(ev->unit));
    bw_json_put_text(w, "kind", bw_cstr(ev->kind));
    bw_json_put_text(w, "text", bw_cstr(ev->text));
    bw_json_end(w);
}

struct stream {
    struct control_ask *k;
    bool sse;
    const char *unit; /* only of this one; NULL = all */
    uint64_t next;
};

static bool is_asked_for(const struct stream *s, const struct brain_event *ev)
{
    size_t n = s->unit ? strlen(s->unit) : 0;
    return !n || (!strncmp(ev->unit, s->unit, n) && (!ev->unit[n] || ev->unit[n] == '#'));
}

static void put(struct stream *s, const struct brain_event *ev)
{
    struct bw_buf *out = s->k->rs->body;
    struct bw_json_writer w;
    if (s->sse)
        bw_buf_printf(out, "id: %llu\nevent: %s\ndata: ", (unsigned long long)ev->seq, ev->kind);
    bw_json_init(&w, out);
    control_write_event(&w, ev);
    bw_buf_put(out, s->sse ? BW_LIT("\n\n") : BW_LIT("\n"));
}

static void put_lost(struct stream *s, uint64_t lost, uint64_t before)
{
    struct brain_event ev = {.seq = before - 1, .at = clock_wall_ms(), .kind = "lost"};
    snprintf(ev.text, sizeof ev.text, "up to %llu events before this are no longer kept",
             (unsigned long long)lost);
    put(s, &ev);
}

/* *Waits.* All there are. */
static bool put_all(struct stream *s, struct bw_err *e)
{
    struct brain_event ev;
    uint64_t lost = 0;
    while (brain_event(s->k->b, s->next, &ev, &lost)) {
        if (lost && s->next)
            put_lost(s, lost, ev.seq);
        s->next = ev.seq + 1;
        if (is_asked_for(s, &ev))
            put(s, &ev);
        if (s->k->rs->body->n > AT_ONCE && !s->k->rs->flush(s->k->rs, e))
            return false;
    }
    return true;
}

/* *Waits.* Until the client or the angel goes. */
static bool follow(struct stream *s, struct bw_err *e)
{
    struct control_waiter w;
    bool ok = true;
    control_wait_begin(s->k, &w);
    while (ok) {
        ok = put_all(s, e) && s->k->rs->flush(s->k->rs, e);
        if (!ok || control_wait(s->k, &w, clock_mono() + BEAT))
            continue;
        if (s->k->c->ending || fiber_is_cancelled())
            break;
        if (s->sse)
            bw_buf_put(s->k->rs->body, BW_LIT(": still here\n\n"));
    }
    control_wait_end(&w);
    return ok || s->k->rs->started;
}

bool control_at_events(struct control_ask *k, struct bw_err *e)
{
    struct stream s = {.k = k, .unit = control_param(k, "unit")};
    const char *after = control_param(k, "after");
    bw_str last = http_req_field(k->rq, "last-event-id");
    int64_t number = 0;
    s.sse = http_accepts(http_req_field(k->rq, "accept"), "text/event-stream") &&
            !http_accepts(http_req_field(k->rq, "accept"), "application/x-ndjson");
    if (!after && last.n)
        after = bw_arena_cstr(k->rq->arena, last);
    if (after && (!bw_str_int(bw_cstr(after), &number) || number < 0))
        return bw_fail(e, BW_BAD, "after is the number of an event");
    s.next = after ? (uint64_t)number + 1 : 0;
    http_res_set(k->rs, "content-type",
                 s.sse ? BW_LIT("text/event-stream") : BW_LIT("application/x-ndjson"));
    if (s.sse || control_param(k, "follow"))
        return follow(&s, e);
    return put_all(&s, e);
}
