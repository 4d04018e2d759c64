/* http_server_refuse.c: what the server itself has to say: problems (RFC 9457) with the members
 * errorCode and errorText, as all answers of Burrow have them. Sentences are constants of ours and
 * need no escaping. */
#include "net/http_server_int.h"

#include "core/metric.h"

static void write_problem(struct bw_buf *b, int status, const char *why)
{
    bw_buf_printf(b,
                  "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\","
                  "\"errorCode\":%d,\"errorText\":\"%s\"}",
                  http_reason(status), status, why, status, why);
}

unsigned http_refuse_metric(struct http_server *s, int status)
{
    bw_must(status >= 400 && status < 600);
    _Atomic unsigned *known = &s->m_refused[status - 400];
    unsigned series = atomic_load_explicit(known, memory_order_relaxed);
    char labels[64];
    if (series)
        return series;
    snprintf(labels, sizeof labels, "socket=\"%s\",status=\"%d\"", s->own_only ? "admin" : "public",
             status);
    series = metric_new(METRIC(http_refused), labels);
    atomic_store_explicit(known, series, memory_order_relaxed);
    return series;
}

void http_refuse_write(struct http_worker *k, struct bw_buf *out, int status, const char *why)
{
    struct bw_buf body;
    bw_buf_init(&body, 4096);
    write_problem(&body, status, why);
    http_write_status(out, status);
    bw_buf_put(out, http_answer_date(k));
    bw_buf_put(out, BW_LIT("Content-Type: application/problem+json\r\n"));
    http_write_length(out, (int64_t)body.n);
    if (status == 503)
        bw_buf_put(out, BW_LIT("Retry-After: 1\r\n"));
    bw_buf_put(out, BW_LIT("Connection: close\r\n\r\n"));
    bw_buf_put(out, bw_buf_str(&body));
    bw_buf_release(&body);
    http_count(&k->refused, 1);
    metric_add(http_refuse_metric(k->server, status), 1);
}

void http_refuse(struct http_conn *c, int status, const char *why)
{
    struct bw_buf b;
    bw_buf_init(&b, 8192);
    http_refuse_write(c->worker, &b, status, why);
    bw_str bytes = bw_buf_str(&b);
    stream_write(c->stream, &bytes, 1);
    bw_buf_release(&b);
    http_conn_linger(c);
}

void http_refuse_instead(struct http_res *rs, int status, const char *why)
{
    rs->status = status;
    rs->n_fields = 0;
    rs->borrowed = bw_str_of(NULL, 0);
    rs->length = -1;
    bw_buf_clear(rs->body);
    http_res_field(rs, "Content-Type", BW_LIT("application/problem+json"));
    write_problem(rs->body, status, why);
}
