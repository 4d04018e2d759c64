/* notice_mail.c: e-mail by the server of Smtp ("user:password@host:port"): port 465 is TLS from the
 * start, at others STARTTLS is used where the server has it. */
#include "angel/fetch.h"
#include "angel/notice_int.h"
#include "core/hash.h"

static const char *is(const char *target)
{
    if (!strncmp(target, "mailto:", 7))
        return target + 7;
    return strchr(target, '@') && !strchr(target, '/') ? target : NULL;
}

struct server {
    const char *url, *user, *password;
};

static bool read_server(const struct notice_job *j, struct server *s, struct bw_err *e)
{
    bw_str rest = bw_cstr(j->smtp), user = {.p = NULL}, host, port;
    const char *at = strrchr(j->smtp, '@');
    if (at) {
        user = bw_str_of(j->smtp, (size_t)(at - j->smtp));
        rest = bw_cstr(at + 1);
    }
    bw_str password = user;
    if (user.p && bw_str_cut(&password, ':', &user) && password.p)
        s->password = bw_arena_cstr(j->arena, password);
    if (user.p)
        s->user = bw_arena_cstr(j->arena, user);
    if (strstr(rest.p, "://")) {
        s->url = rest.p;
        return true;
    }
    port = rest;
    bw_str_cut(&port, ':', &host);
    if (!host.n)
        return bw_fail(e, BW_BAD, "Smtp names no host: 'user:password@host:port'");
    bool tls = port.p && bw_str_eq(port, BW_LIT("465"));
    s->url = bw_arena_printf(j->arena, "%s://%.*s:%.*s", tls ? "smtps" : "smtp", BW_FMT(host),
                             BW_FMT(port.p ? port : BW_LIT("25")))
                 .p;
    return true;
}

/* One line of a header; beyond ASCII as RFC 2047 says. */
static void put_word(struct bw_buf *b, const char *text)
{
    bool plain = true;
    for (const char *p = text; *p; p++)
        plain = plain && *p >= ' ' && *p < 127;
    if (plain) {
        bw_buf_put(b, bw_cstr(text));
        return;
    }
    bw_buf_put(b, BW_LIT("=?UTF-8?B?"));
    size_t n = strlen(text) > 240 ? 240 : strlen(text);
    while (n > 0 && n < strlen(text) && (text[n] & 0xC0) == 0x80)
        n--;
    base64_write(b, bw_str_of(text, n));
    bw_buf_put(b, BW_LIT("?="));
}

static void put_date(struct bw_buf *b, bw_time t)
{
    char date[40];
    struct tm tm;
    time_t s = (time_t)(t / BW_TIME_SECOND);
    if (gmtime_r(&s, &tm) && strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm))
        bw_buf_printf(b, "Date: %s\r\n", date);
}

static void write_mail(const struct notice_job *j, struct bw_buf *b)
{
    const struct notice_item *it = j->item;
    unsigned char id[12];
    const char *subject = bw_arena_printf(j->arena, "[%s %s] %s: %.120s", j->host,
                                          *it->unit ? it->unit : "angel", it->kind, it->text)
                              .p;
    hash_random(id, sizeof id);
    bw_buf_printf(b, "From: %s\r\nTo: %s\r\nSubject: ", j->smtp_from, j->target);
    put_word(b, subject);
    bw_buf_put(b, BW_LIT("\r\n"));
    put_date(b, it->at);
    bw_buf_put(b, BW_LIT("Message-ID: <"));
    hex_write(b, bw_str_of((const char *)id, sizeof id));
    bw_buf_printf(b,
                  "@%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
                  "\r\n",
                  j->host);
    for (const char *p = it->text; *p; p++) {
        if (*p == '\n')
            bw_buf_char(b, '\r');
        bw_buf_char(b, *p);
    }
    bw_buf_printf(b, "\r\n\r\n%s\r\n", notice_line(j));
}

static bool tell(const struct notice_job *j, struct bw_err *e)
{
    struct server s = {.url = NULL};
    struct bw_buf text;
    if (!j->smtp || !*j->smtp)
        return bw_fail(e, BW_BAD, "there is no server for mail: set Smtp");
    if (!j->smtp_from || !*j->smtp_from)
        return bw_fail(e, BW_BAD, "mail has no sender: set SmtpFrom");
    if (!read_server(j, &s, e))
        return false;
    bw_buf_init(&text, 64 * 1024);
    write_mail(j, &text);
    struct fetch_mail m = {.url = s.url,
                           .user = s.user,
                           .password = s.password,
                           .from = j->smtp_from,
                           .to = (const char *const[]){j->target, NULL},
                           .text = bw_buf_str(&text),
                           .deadline = j->deadline};
    bool ok = fetch_mail(&m, e);
    bw_buf_release(&text);
    return ok;
}

const struct notice_kind notice_mail = {
    .name = "mail",
    .help = "NAME@HOST or mailto:NAME@HOST: e-mail through Smtp, from SmtpFrom.",
    .is = is,
    .send = tell,
};
