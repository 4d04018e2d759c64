/* fetch_curl.c: mail through libcurl. It is loaded at first use, so that an angel without mail
 * neither needs nor carries it; each transfer blocks a worker thread, never the loop. */
#include <curl/curl.h> /* before banned.h's names meet its own */

#include "angel/fetch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "core/clock.h"
#include "net/loop.h"

static struct {
    CURL *(*init)(void);
    CURLcode (*set)(CURL *, CURLoption, ...);
    CURLcode (*perform)(CURL *);
    void (*cleanup)(CURL *);
    struct curl_slist *(*add)(struct curl_slist *, const char *);
    void (*free_list)(struct curl_slist *);
    const char *(*words)(CURLcode);
    bool there;
} lib;

static void load(void)
{
    static const char *const names[] = {
        "curl_easy_init",    "curl_easy_setopt",    "curl_easy_perform", "curl_easy_cleanup",
        "curl_slist_append", "curl_slist_free_all", "curl_easy_strerror"};
    void *h = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    CURLcode (*global)(long) = NULL;
    bool all = h != NULL;
    if (!h)
        return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *f = dlsym(h, names[i]);
        all &= f != NULL;
        memcpy((char *)&lib + i * sizeof(void *), &f, sizeof f); /* in the order of the struct */
    }
    void *f = dlsym(h, "curl_global_init");
    memcpy(&global, &f, sizeof f);
    lib.there = all && global && global(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

struct transfer {
    const struct fetch_mail *mail;
    size_t sent;
    struct bw_err e;
    bool ok;
};

/* What the server has to say beside its answers. */
static size_t drop(char *p, size_t one, size_t n, void *arg)
{
    (void)p;
    (void)arg;
    return one * n;
}

static size_t give(char *p, size_t one, size_t n, void *arg)
{
    struct transfer *t = arg;
    bw_str text = t->mail->text;
    size_t left = text.n - t->sent, k = left < one * n ? left : one * n;
    memcpy(p, text.p + t->sent, k);
    t->sent += k;
    return k;
}

static void common(CURL *c, int64_t deadline)
{
    const char *trusted = getenv("SSL_CERT_FILE"); /* as for https:// */
    int64_t ms = deadline ? (deadline - clock_mono()) / CLOCK_MS : 60000;
    lib.set(c, CURLOPT_NOSIGNAL, 1L);
    lib.set(c, CURLOPT_TIMEOUT_MS, (long)(ms > 1 ? ms : 1));
    lib.set(c, CURLOPT_WRITEFUNCTION, drop);
    if (trusted)
        lib.set(c, CURLOPT_CAINFO, trusted);
}

static struct curl_slist *set_mail(CURL *c, struct transfer *t)
{
    const struct fetch_mail *m = t->mail;
    struct curl_slist *to = NULL;
    for (size_t i = 0; m->to[i]; i++)
        to = lib.add(to, m->to[i]);
    lib.set(c, CURLOPT_URL, m->url);
    lib.set(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    lib.set(c, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
    if (m->user) { /* a password never goes over an open line */
        lib.set(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
        lib.set(c, CURLOPT_USERNAME, m->user);
        lib.set(c, CURLOPT_PASSWORD, m->password ? m->password : "");
    }
    lib.set(c, CURLOPT_MAIL_FROM, m->from);
    lib.set(c, CURLOPT_MAIL_RCPT, to);
    lib.set(c, CURLOPT_READFUNCTION, give);
    lib.set(c, CURLOPT_READDATA, t);
    lib.set(c, CURLOPT_UPLOAD, 1L);
    return to;
}

static void transfer(void *arg)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct transfer *t = arg;
    const char *url = t->mail->url;
    pthread_once(&once, load);
    CURL *c = lib.there ? lib.init() : NULL;
    if (!c) {
        bw_fail(&t->e, BW_SYS, "%s needs libcurl (the package libcurl4), which is not there", url);
        return;
    }
    common(c, t->mail->deadline);
    struct curl_slist *list = set_mail(c, t);
    CURLcode code = lib.perform(c);
    t->ok = code == CURLE_OK;
    if (!t->ok)
        bw_fail(&t->e, code == CURLE_OPERATION_TIMEDOUT ? BW_LATE : BW_DOWN, "%s: %s", url,
                lib.words(code));
    lib.free_list(list);
    lib.cleanup(c);
}

bool fetch_mail(const struct fetch_mail *m, struct bw_err *e)
{
    struct transfer t = {.mail = m};
    worker_run(transfer, &t);
    if (!t.ok && e)
        *e = t.e;
    return t.ok;
}
