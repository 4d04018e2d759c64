/* inprocess.h: a request to a server in the same process, without any socket: the same
 * server_handle, on the calling fiber or thread. For the in-process client and for tests. */
#ifndef REST_INPROCESS_H
#define REST_INPROCESS_H

#include "net/http.h"

struct bw_server;
struct inprocess_answer;

/* All borrowed until the call returns. */
struct inprocess_ask {
    bw_str method, target; /* "GET", "/api/Article?limit=3" (still encoded) */
    const struct http_field *fields;
    size_t n_fields;
    bw_str body;
    /* Instead of body: gives the next piece, n == 0 at the end. May wait. */
    bool (*read)(void *arg, bw_str *piece, struct bw_err *e);
    /* Instead of collecting: takes the answer's body piece by piece; status and fields of `a` are
     * there from the first call on. False breaks the request off. May wait. */
    bool (*write)(void *arg, const struct inprocess_answer *a, bw_str piece, struct bw_err *e);
    void *arg;         /* of both */
    int64_t deadline;  /* monotonic ns, 0 = none */
    size_t max_answer; /* bytes collected or held at once; 0 = 64 MiB */
};

/* Lives in the arena the caller gave. */
struct inprocess_answer {
    int status;
    const struct http_field *fields;
    size_t n_fields;
    bw_str body; /* "" when streamed by `write` and for HEAD */
    struct bw_arena *arena;
};

/* *Waits.* as the handler does. answer->arena is set by the caller. True for every complete answer,
 * a 500 too; false when it broke off: the reader, the writer or the handler failed on the way. */
bool inprocess_ask(struct bw_server *s, const struct inprocess_ask *ask,
                   struct inprocess_answer *answer, struct bw_err *e);

#endif
