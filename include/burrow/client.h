/* client.h: one client API for three places: a server in this process, an http(s):// URL (and a
 * ws(s):// URL); code that uses it cannot tell which. A client belongs to one thread or one fiber
 * at a time. Every call that reaches the server *Waits.*: on a loop's fiber it parks the fiber, on
 * any other thread it blocks.
 *
 * Memory: texts inside records, results and rows live in the client's arena, until bw_client_clear
 * or the client's end. The client of a request (bw_req_client) uses the request's arena. */
#ifndef BURROW_CLIENT_H
#define BURROW_CLIENT_H

#include <burrow/query.h>

struct bw_server;
struct bw_client;
struct bw_rows;

struct bw_client_opts {
    int64_t timeout_ms; /* for one call as a whole; 0 = 30 s */
    const char *root;   /* NULL = "api" */
    size_t max_answer;  /* bytes of one answer held in memory; 0 = 64 MiB */
};

/* "http://host:port". opts may be NULL. Connects lazily, keeps connections alive. */
BW_API struct bw_client *bw_client_open(const char *url, const struct bw_client_opts *opts,
                                        struct bw_err *e);
BW_API struct bw_client *bw_client_local(struct bw_server *s);
BW_API void
bw_client_close(struct bw_client *c); /* NULL is fine; a request's client is not closed */
BW_API void bw_client_clear(struct bw_client *c);
BW_API struct bw_arena *bw_client_arena(struct bw_client *c);

/* `rec` points to the table's C struct. */
BW_API bool bw_get(struct bw_client *c, const struct bw_table *t, int64_t id, void *rec,
                   struct bw_err *e);
/* All records of the query (at most its limit), fetched page by page as they are read. Ends with
 * bw_rows_close. */
BW_API struct bw_rows *bw_list(struct bw_client *c, const struct bw_query *q, struct bw_err *e);
/* 1: *rec filled; 0: end; -1: failed. A very long list may call bw_client_clear on its way. */
BW_API int bw_rows_next(struct bw_rows *r, void *rec, struct bw_err *e);
/* Where bw_after would go on behind the page read last; p == NULL when there is nothing more. */
BW_API bw_str bw_rows_cursor(const struct bw_rows *r);
BW_API void bw_rows_close(struct bw_rows *r);
BW_API bool bw_count(struct bw_client *c, const struct bw_query *q, int64_t *n, struct bw_err *e);
/* Adds; the new id is stored in the record and in *id (may be NULL). */
BW_API bool bw_add(struct bw_client *c, const struct bw_table *t, void *rec, int64_t *id,
                   struct bw_err *e);
/* Writes `fields` ("title,views"; NULL = every field a client may set) of the record rec->id. When
 * the table has a version field and the record's is not 0 it must still match, else BW_CHANGED. */
BW_API bool bw_update(struct bw_client *c, const struct bw_table *t, const void *rec,
                      const char *fields, struct bw_err *e);
BW_API bool bw_delete(struct bw_client *c, const struct bw_table *t, int64_t id, struct bw_err *e);
BW_API bool bw_delete_where(struct bw_client *c, const struct bw_query *q, int64_t *n,
                            struct bw_err *e);

/* Many writes in one exchange. atomic: all or none. */
struct bw_batch;
BW_API struct bw_batch *bw_batch_new(struct bw_client *c, bool atomic);
BW_API void bw_batch_add(struct bw_batch *b, const struct bw_table *t, const void *rec);
BW_API void bw_batch_update(struct bw_batch *b, const struct bw_table *t, const void *rec,
                            const char *fields);
BW_API void bw_batch_delete(struct bw_batch *b, const struct bw_table *t, int64_t id);
/* Sends and frees the batch. ids[i] (may be NULL; as many as writes were put in) gets the id
 * written, 0 for one that failed. False when nothing was done, or when any single write failed (the
 * first failure is in e). */
BW_API bool bw_batch_send(struct bw_batch *b, int64_t *ids, struct bw_err *e);

/* A service method: args is a JSON array or object, *result the JSON array of the answer's
 * "result". */
BW_API bool bw_invoke(struct bw_client *c, const char *method, bw_str args, bw_str *result,
                      struct bw_err *e);

struct bw_blob_at {
    const struct bw_table *table;
    int64_t id;
    const char *field;
};
struct bw_blob_data {
    bw_str bytes, content_type; /* content_type "" = application/octet-stream */
};
BW_API bool bw_blob_get(struct bw_client *c, const struct bw_blob_at *at, struct bw_blob_data *out,
                        struct bw_err *e);
BW_API bool bw_blob_put(struct bw_client *c, const struct bw_blob_at *at,
                        const struct bw_blob_data *blob, struct bw_err *e);

#endif
