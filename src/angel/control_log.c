/* control_log.c: what a service prints: the last 64 KiB, and on request what comes. Following looks
 * at the tail a few times a second, only while somebody follows: the capture thread is never asked
 * to wait for a reader. */
#include "angel/control_int.h"

#include "core/clock.h"

#define LOOK (200 * CLOCK_MS)
#define SURE 256 /* bytes that say where the last look ended */

/* What is new in `tail`, of which `delta` bytes should be. The tail and the count are not of the
 * same moment, so the bytes before have the last word. p == NULL: more was printed than is kept. */
static bw_str news(bw_str before, bw_str tail, size_t delta)
{
    size_t n = before.n < SURE ? before.n : SURE;
    const char *mark = before.p + before.n - n;
    if (!n)
        return tail;
    if (delta + n <= tail.n && !memcmp(tail.p + tail.n - delta - n, mark, n))
        return bw_str_of(tail.p + tail.n - delta, delta);
    for (size_t at = tail.n; at >= n; at--) {
        if (!memcmp(tail.p + at - n, mark, n))
            return bw_str_of(tail.p + at, tail.n - at);
    }
    return (bw_str){0};
}

static void put_news(struct bw_buf *out, bw_str new, bw_str tail)
{
    if (new.p) {
        bw_buf_put(out, new);
        return;
    }
    bw_buf_put(out, BW_LIT("\n[more was printed than could be shown here]\n"));
    bw_buf_put(out, tail);
}

static bool is_there(struct control_ask *k, size_t *at)
{
    return brain_find(k->b, k->name, at) == 1;
}

/* *Waits.* Until the client goes, the service or the angel. */
static bool follow(struct control_ask *k, struct bw_buf *before, struct bw_err *e)
{
    struct bw_buf now;
    struct brain_unit u;
    size_t at;
    int64_t seen = -1;
    bool ok = k->rs->flush(k->rs, e);
    bw_buf_init(&now, 2 * CAPTURE_TAIL);
    while (ok && is_there(k, &at) && !k->c->ending) {
        brain_look(k->b, at, &u);
        if (u.log.bytes != seen) {
            bw_buf_clear(&now);
            brain_tail(k->b, at, &now);
            size_t delta = seen < 0 ? 0 : (size_t)(u.log.bytes - seen);
            put_news(k->rs->body, news(bw_buf_str(before), bw_buf_str(&now), delta),
                     bw_buf_str(&now));
            seen = u.log.bytes;
            struct bw_buf swap = *before;
            *before = now;
            now = swap;
        }
        ok = !k->rs->body->n || k->rs->flush(k->rs, e);
        if (ok && wait_until(clock_mono() + LOOK) == WAIT_CANCELLED)
            break;
    }
    bw_buf_release(&now);
    return ok || k->rs->started;
}

/* The last n lines. */
static bw_str last_lines(bw_str text, int64_t n)
{
    size_t at = text.n;
    if (at && text.p[at - 1] == '\n')
        at--;
    while (at > 0 && (text.p[at - 1] != '\n' || --n > 0))
        at--;
    return bw_str_of(text.p + at, text.n - at);
}

bool control_at_log(struct control_ask *k, struct bw_err *e)
{
    size_t first, n;
    int64_t lines = 0;
    struct bw_buf tail;
    const char *said = control_param(k, "lines");
    if (!control_find(k, &first, &n, e))
        return false;
    if (n > 1)
        return bw_fail(e, BW_CONFLICT, "%s has %zu replicas: name one, such as %s#1", k->name, n,
                       k->name);
    if (said && (!bw_str_int(bw_cstr(said), &lines) || lines < 0))
        return bw_fail(e, BW_BAD, "lines is a number of lines");
    http_res_set(k->rs, "content-type", BW_LIT("text/plain; charset=utf-8"));
    bw_buf_init(&tail, 2 * CAPTURE_TAIL);
    brain_tail(k->b, first, &tail);
    bw_str shown = said && !lines ? (bw_str){.p = "", .n = 0} : bw_buf_str(&tail);
    bw_buf_put(k->rs->body, lines ? last_lines(shown, lines) : shown);
    bool ok = !control_param(k, "follow") || follow(k, &tail, e);
    bw_buf_release(&tail);
    return ok;
}
