/* Contexts and sessions without a network: two sessions that hand each other their bytes. */
#include "help/certs.h"
#include "core/clock.h"
#include "net/tls.h"

static struct certs certs;

static struct tls_context *server_of(const char *pem)
{
    struct bw_err e = {0};
    struct tls_context *c = tls_server_new(&(struct tls_server_opts){.cert = pem}, &e);
    check_ok(c != NULL, &e);
    return c;
}

static struct tls_context *client_of(const char *ca)
{
    struct bw_err e = {0};
    struct tls_context *c = tls_client_new(ca, &e);
    check_ok(c != NULL, &e);
    return c;
}

struct side {
    struct tls *tls;
    enum tls_did did;
    struct bw_err e;
};

/* A byte at a time when asked to: no cut of the bytes may matter. */
static void pass(struct tls *from, struct side *to, bool trickle)
{
    if (to->did != TLS_MORE) /* tickets: for tls_read */
        return;
    struct bw_buf wire = *tls_out(from);
    bw_buf_init(tls_out(from), wire.max);
    size_t step = trickle ? 1 : wire.n;
    for (size_t at = 0; at < wire.n && to->did == TLS_MORE; at += step) {
        bw_str in = bw_str_of(wire.p + at, step);
        to->did = tls_shake(to->tls, &in, &to->e);
    }
    bw_buf_release(&wire);
}

static void shake(struct side *client, struct side *server, bool trickle)
{
    bw_str none = {0};
    client->did = tls_shake(client->tls, &none, &client->e);
    check_int(client->did, TLS_MORE);
    server->did = TLS_MORE;
    for (int i = 0; i < 4; i++) {
        pass(client->tls, server, trickle);
        pass(server->tls, client, trickle);
    }
}

/* The client's sentence for a server with that certificate; "" when they get along. */
static void meet(const char *pem, const char *ca, const char *host, char out[512])
{
    struct tls_context *sc = server_of(pem), *cc = client_of(ca);
    struct side server = {.tls = tls_new(sc, NULL, NULL)};
    struct side client = {.tls = tls_new(cc, host, NULL)};
    shake(&client, &server, false);
    snprintf(out, 512, "%s", client.did == TLS_FAILED ? client.e.text : "");
    check(client.did != TLS_MORE);
    tls_free(server.tls);
    tls_free(client.tls);
    tls_context_free(sc);
    tls_context_free(cc);
}

static void has(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("'%s' does not say '%s'", text, words);
}

static void verifies(void **state)
{
    const struct {
        const char *pem, *ca, *host, *said; /* NULL: all is well */
    } rows[] = {
        {certs.good, certs.ca, "127.0.0.1", NULL},
        {certs.good, certs.ca, "localhost", NULL},
        {certs.old, certs.ca, "127.0.0.1", "its certificate has expired, on 20"},
        {certs.other, certs.ca, "127.0.0.1",
         "its certificate is for 'elsewhere.example', not for '127.0.0.1'"},
        {certs.good, certs.ca, "api.example",
         "its certificate is for 127.0.0.1, 'localhost', not for 'api.example'"},
        {certs.nobody, certs.ca, "127.0.0.1",
         "its certificate is signed by 'Nobody', who is not trusted here"},
        {certs.good, certs.nobody, "127.0.0.1",
         "signed by 'The Test Authority', who is not trusted here"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char said[512];
        meet(rows[i].pem, rows[i].ca, rows[i].host, said);
        if (rows[i].said)
            has(said, rows[i].said);
        else
            assert_string_equal(said, "");
    }
}

static void passes_bytes(void **state)
{
    (void)state;
    struct tls_context *sc = server_of(certs.good), *cc = client_of(certs.ca);
    struct side server = {.tls = tls_new(sc, NULL, NULL)};
    struct side client = {.tls = tls_new(cc, "localhost", NULL)};
    char plain[TLS_RECORD];
    size_t n = 0;
    struct bw_err e = {0};
    shake(&client, &server, true);
    check_int(client.did, TLS_DONE);
    check_int(server.did, TLS_DONE);
    check_ok(tls_write(client.tls, BW_LIT("to the server"), &e), &e);
    tls_end(client.tls);
    bw_str wire = bw_buf_str(tls_out(client.tls));
    check_int(tls_read(server.tls, &wire, plain, &n, &e), TLS_DONE);
    check_str(bw_str_of(plain, n), "to the server");
    check_int(tls_read(server.tls, &wire, plain, &n, &e), TLS_END);
    check_int(wire.n, 0);
    check_ok(tls_write(server.tls, BW_LIT("and back"), &e), &e); /* half closed only */
    wire = bw_buf_str(tls_out(server.tls));
    check_int(tls_read(client.tls, &wire, plain, &n, &e), TLS_DONE);
    check_str(bw_str_of(plain, n), "and back");
    bw_buf_clear(tls_out(server.tls));
    check_ok(tls_write(server.tls, BW_LIT("forged"), &e), &e);
    tls_out(server.tls)->p[8] ^= 1;
    wire = bw_buf_str(tls_out(server.tls));
    check_int(tls_read(client.tls, &wire, plain, &n, &e), TLS_FAILED);
    tls_free(server.tls);
    tls_free(client.tls);
    tls_context_free(sc);
    tls_context_free(cc);
}

static void knows_other_tongues(void **state)
{
    (void)state;
    struct tls_context *sc = server_of(certs.good), *cc = client_of(certs.ca);
    struct side server = {.tls = tls_new(sc, NULL, NULL)};
    struct side client = {.tls = tls_new(cc, "localhost", NULL)};
    bw_str http = BW_LIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), none = {0};
    check_int(tls_shake(server.tls, &http, &server.e), TLS_FAILED);
    check(tls_met_http(server.tls));
    check_says(&server.e, "it speaks HTTP without TLS");
    check_int(tls_shake(client.tls, &none, &client.e), TLS_MORE);
    bw_str answer = BW_LIT("HTTP/1.1 400 Bad Request\r\n\r\n");
    check_int(tls_shake(client.tls, &answer, &client.e), TLS_FAILED);
    check_says(&client.e, "it does not speak TLS at that port");
    tls_free(server.tls);
    tls_free(client.tls);
    tls_context_free(sc);
    tls_context_free(cc);
}

static void refused(const char *cert, const char *key, const char *words)
{
    struct bw_err e = {0};
    check(!tls_server_new(&(struct tls_server_opts){.cert = cert, .key = key}, &e));
    check_int(e.code, BW_BAD);
    check_says(&e, words);
}

static void refuses_files(void **state)
{
    struct bw_err e = {0};
    (void)state;
    refused("/nowhere/cert.pem", NULL,
            "cannot read the certificate, /nowhere/cert.pem: No such file");
    refused(certs.good, "/nowhere/key.pem", "the key of the certificate, /nowhere/key.pem");
    refused(certs.good, certs.other, "it belongs to another certificate");
    refused(certs.ca, NULL, "there is none in it, in PEM form");
    check(!tls_client_new("/nowhere/ca.pem", &e));
    check_says(&e, "cannot read the certificates of who is trusted, /nowhere/ca.pem");
}

/* Read anew when files have changed; a bad file leaves the old one in use. */
static void finds_new_files(void **state)
{
    char said[512];
    struct bw_err e = {0};
    int64_t now = clock_mono();
    (void)state;
    struct tls_context *sc = server_of(certs.good), *cc = client_of(certs.ca);
    const char *const contents[] = {"broken", NULL};
    clock_set(0, now);
    for (int i = 0; i < 3; i++) {
        if (i == 1) {
            FILE *f = fopen(certs.good, "w");
            check(f && fputs(contents[0], f) >= 0 && fclose(f) == 0);
        } else if (i == 2) { /* for another host, so that it can be told from the first */
            check(rename(certs.other, certs.good) == 0);
        }
        clock_set(0, now += 10 * CLOCK_SECOND);
        struct side server = {.tls = tls_new(sc, NULL, NULL)};
        struct side client = {.tls = tls_new(cc, "127.0.0.1", &e)};
        shake(&client, &server, false);
        check_int(client.did, i < 2 ? TLS_DONE : TLS_FAILED);
        snprintf(said, sizeof said, "%s", client.e.text);
        tls_free(server.tls);
        tls_free(client.tls);
    }
    has(said, "is for 'elsewhere.example'");
    clock_unset();
    tls_context_free(sc);
    tls_context_free(cc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifies),
        cmocka_unit_test(passes_bytes),
        cmocka_unit_test(knows_other_tongues),
        cmocka_unit_test(refuses_files),
        cmocka_unit_test(finds_new_files),
    };
    certs_make(&certs);
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    certs_remove(&certs);
    return r;
}
