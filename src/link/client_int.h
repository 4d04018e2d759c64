/* client_int.h: the seam between what a client says (client.c, rows.c, client_batch.c) and where it
 * says it: in this process (local.c) or over HTTP (remote.c). A kind carries one exchange. */
#ifndef LINK_CLIENT_INT_H
#define LINK_CLIENT_INT_H

#include <burrow/client.h>
#include <burrow/json.h>

#include "core/vec.h"
#include "link/query_int.h"
#include "orm/record.h"

struct client_ask {
    const char *method;
    bw_str target;            /* "/api/Article/7?select=…", encoded */
    const char *content_type; /* of body; NULL without one */
    const char *prefer;       /* value of Prefer; NULL = none */
    bw_str body;
};

struct client_answer { /* texts in the client's arena */
    int status;
    bw_str body, content_type, link, range;
};

struct client_kind {
    const char *name;
    bool (*ask)(struct bw_client *c, const struct client_ask *ask, struct client_answer *answer,
                struct bw_err *e);
    void (*close)(struct bw_client *c);
};

struct bw_client {
    const struct client_kind *kind;
    struct bw_arena own, *arena;
    const char *prefix; /* of every path: "/api", or "" */
    int64_t timeout;    /* ns for one call */
    size_t max_answer;
    void *place;                /* the kind's */
    bool of_request;            /* its arena and life are a request's */
    const struct model *model;  /* of the server in this process: its plans serve; NULL elsewhere */
    struct bw_arena plans;      /* of tables */
    VEC(struct table *) tables; /* made ready for this client, one per descriptor used */
};

extern const struct client_kind client_local, client_http;

void client_init(struct bw_client *c, const struct client_kind *kind,
                 const struct bw_client_opts *o);
/* `a` lives as long as the client. */
void client_set_root(struct bw_client *c, const char *root, struct bw_arena *a);
/* One exchange; an answer of 400 and more becomes the error its problem body tells. */
bool client_exchange(struct bw_client *c, const struct client_ask *ask,
                     struct client_answer *answer, struct bw_err *e);
/* The plan of a table for this client; made at first use. */
struct table *client_table(struct bw_client *c, const struct bw_table *t, struct bw_err *e);
/* "/root/Article" + rest (printf-like), in the arena. */
bw_str client_target(struct bw_client *c, const char *fmt, ...) BW_PRINTF(2, 3);
/* Writes the record's fields as a JSON object: those of the set. */
void client_write(const struct table *t, const void *rec, const struct column_set *set,
                  struct bw_json_writer *w);
/* The same for an addition (nulls left out, so that defaults apply) and for an update (with the
 * version to match). */
void client_write_new(const struct table *t, const void *rec, struct bw_json_writer *w);
bool client_write_changed(const struct table *t, const void *rec, const char *fields,
                          struct bw_json_writer *w, struct bw_err *e);
/* "title,views" → set; NULL = all a client may set. */
bool client_fields(const struct table *t, const char *fields, struct column_set *set,
                   struct bw_err *e);
/* One JSON object of the table → the C struct. Its texts live in the arena `a`; with the reader's
 * own arena they may also stay where they are in the input. */
bool client_read(const struct table *t, struct bw_json_reader *r, struct bw_arena *a, void *rec,
                 struct bw_err *e);
/* A problem body (RFC 9457) or any other text → the error. */
void client_problem(int status, bw_str body, struct bw_err *e);

#endif
