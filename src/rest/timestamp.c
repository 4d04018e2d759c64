/* timestamp.c: the server's clock, for clients that compare theirs. JSON; who accepts only text
 * gets the one decimal number that mORMot clients ask for first (seconds packed in bit fields). */
#include "rest/builtin.h"

#include "core/civil.h"

/* second 6 bits, minute 6, hour 5, day-1 5, month-1 4, year above. */
static int64_t time_log(bw_time now)
{
    struct civil c;
    civil_of_time(&c, now);
    int64_t date = ((int64_t)c.year << 4 | (c.month - 1)) << 5 | (c.day - 1);
    return ((date << 5 | c.hour) << 6 | c.minute) << 6 | c.second;
}

static bool timestamp_run(struct bw_req *rq, struct bw_err *e)
{
    bw_str accept = bw_req_header(rq, "accept");
    bw_time now = bw_now();
    if (!http_accepts(accept, "application/json")) {
        if (!http_accepts(accept, "text/plain"))
            return bw_fail(e, BW_ACCEPT, "this path answers with application/json or text/plain");
        http_res_set(rq->res, "Content-Type", BW_LIT("text/plain; charset=utf-8"));
        bw_buf_int(rq->res->body, time_log(now));
        return true;
    }
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_put_time(w, "timestamp", now);
    bw_json_put_int(w, "unix_ms", now / 1000);
    bw_json_put_int(w, "time_log", time_log(now));
    bw_json_end(w);
    return true;
}

const struct endpoint builtin_timestamp = {
    .method = HTTP_GET,
    .path = BUILTIN_ROOT "timestamp",
    .run = timestamp_run,
    .id = "timestamp",
    .help = "The server's clock.",
    .answer_schema =
        "{\"type\":\"object\",\"required\":[\"timestamp\",\"unix_ms\",\"time_log\"],\"properties\":"
        "{\"timestamp\":{\"type\":\"string\",\"format\":\"date-time\"},\"unix_ms\":{\"type\":"
        "\"integer\"},\"time_log\":{\"type\":\"integer\"}}}",
};
