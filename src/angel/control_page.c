/* control_page.c: a page of how things are, for people: GET / of the control API, and the file that
 * StateFile asks for. No script, no other file. */
#include "angel/control_int.h"

#include "core/clock.h"

static const char *const states[] = {
#define X(id, name) [LIFE_##id] = #name,
    LIFE_STATES(X)
#undef X
};

static const char head[] =
    "<meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"5\">\n"
    "<style>body{font:15px system-ui,sans-serif;margin:2em}table{border-collapse:collapse}"
    "td,th{text-align:left;padding:.3em 1em .3em 0;border-bottom:1px solid #ccc}"
    ".ready{color:#070}.failed,.stuck{color:#b00}.backoff,.waiting,.starting,.running{color:#960}"
    "</style>\n";

static void put_escaped(struct bw_buf *out, const char *text)
{
    for (; text && *text; text++) {
        switch (*text) {
        case '&':
            bw_buf_put(out, BW_LIT("&amp;"));
            break;
        case '<':
            bw_buf_put(out, BW_LIT("&lt;"));
            break;
        case '>':
            bw_buf_put(out, BW_LIT("&gt;"));
            break;
        case '"':
            bw_buf_put(out, BW_LIT("&quot;"));
            break;
        default:
            bw_buf_char(out, *text);
        }
    }
}

static void put_row(struct bw_buf *out, const struct brain_unit *u)
{
    bw_buf_printf(out, "<tr><td>");
    put_escaped(out, u->name);
    bw_buf_printf(out, "<td class=\"%s\">%s<td>", states[u->state], states[u->state]);
    if (u->pid > 0)
        bw_buf_int(out, u->pid);
    bw_buf_put(out, BW_LIT("<td>"));
    bw_buf_int(out, (int64_t)u->restarts);
    bw_buf_put(out, BW_LIT("<td>"));
    bw_time_write(out, u->since * 1000);
    bw_buf_put(out, BW_LIT("<td>"));
    put_escaped(out, u->why);
    bw_buf_put(out, BW_LIT("</tr>\n"));
}

void control_page(const struct brain *b, struct bw_buf *out)
{
    const struct angel_conf *c = brain_conf(b);
    bw_buf_put(out, BW_LIT("<!doctype html>\n<html lang=\"en\"><title>"));
    put_escaped(out, c->state_title);
    bw_buf_put(out, BW_LIT("</title>"));
    bw_buf_put(out, bw_cstr(head));
    bw_buf_put(out, BW_LIT("<h1>"));
    put_escaped(out, c->state_title);
    bw_buf_put(out, BW_LIT("</h1>\n<p>"));
    bw_time_write(out, clock_wall_ms() / 1000 * BW_TIME_SECOND);
    bw_buf_printf(out,
                  ", %zu services\n<table><tr><th>Name<th>State<th>Pid<th>Restarts<th>Since"
                  "<th>Why</tr>\n",
                  brain_count(b));
    for (size_t i = 0; i < brain_count(b); i++) {
        struct brain_unit u;
        brain_look(b, i, &u);
        put_row(out, &u);
    }
    bw_buf_put(out, BW_LIT("</table></html>\n"));
}

bool control_at_page(struct control_ask *k, struct bw_err *e)
{
    (void)e;
    http_res_set(k->rs, "content-type", BW_LIT("text/html; charset=utf-8"));
    http_res_set(k->rs, "content-security-policy",
                 BW_LIT("default-src 'none'; style-src 'unsafe-inline'"));
    control_page(k->b, k->rs->body);
    return true;
}
