/* service.h: services and their methods. POST /api/Calculator.Add with [1,2] or {"n1":1,"n2":2}
 * reads the parameters by their descriptors before the function runs: it finds them present and
 * of the right type, or the caller got a 400 that names the wrong one. */
#ifndef BURROW_SERVICE_H
#define BURROW_SERVICE_H

#include <burrow/client.h>
#include <burrow/json.h>

struct bw_call;

struct bw_param {
    const char *name;
    enum bw_type type; /* INT REAL TEXT BLOB BOOL TIME JSON ENUM */
    bool optional;
    const char *const *names; /* ENUM */
    const char *help;
};

/* Runs on a fiber; may wait. On failure the error becomes the answer. */
typedef bool bw_method_fn(struct bw_call *c, struct bw_err *e);

struct bw_method {
    const char *name;
    const char *help;
    bw_method_fn *run;
    const struct bw_param *in; /* ended by name == NULL; may be NULL */
    const struct bw_param *out;
    bool safe; /* changes nothing: GET is allowed too */
};

struct bw_service {
    const char *name;
    const char *help;
    const struct bw_method *methods; /* ended by name == NULL */
    void *user;
};

/* Remaining members by designators: BW_PARAM("n1", INT, .optional = true),
 * BW_METHOD("Add", add, two_ints, int_result, .safe = true). */
#define BW_PARAM(n, ...) BW_PARAM_(n, __VA_ARGS__, )
#define BW_PARAM_(n, kind, ...)                          \
    {                                                    \
        .name = (n), .type = BW_TYPE_##kind, __VA_ARGS__ \
    }
#define BW_METHOD(n, f, i, ...) BW_METHOD_(n, f, i, __VA_ARGS__, )
#define BW_METHOD_(n, f, i, o, ...)                                 \
    {                                                               \
        .name = (n), .run = (f), .in = (i), .out = (o), __VA_ARGS__ \
    }

/* Parameters, by their place in `in`; bw_must on a wrong place or type. */
BW_API bool bw_arg_given(const struct bw_call *c, unsigned i);
BW_API int64_t bw_arg_int(const struct bw_call *c, unsigned i);
BW_API double bw_arg_real(const struct bw_call *c, unsigned i);
BW_API bool bw_arg_bool(const struct bw_call *c, unsigned i);
BW_API bw_str bw_arg_text(const struct bw_call *c,
                          unsigned i); /* TEXT, BLOB (decoded), JSON (as written) */
BW_API bw_time bw_arg_time(const struct bw_call *c, unsigned i);
BW_API int bw_arg_enum(const struct bw_call *c, unsigned i);
/* Results, in the order of `out`; each returns true. What is not set is null. */
BW_API bool bw_give_int(struct bw_call *c, int64_t v);
BW_API bool bw_give_real(struct bw_call *c, double v);
BW_API bool bw_give_bool(struct bw_call *c, bool v);
BW_API bool bw_give_text(struct bw_call *c, bw_str s);
BW_API bool bw_give_time(struct bw_call *c, bw_time t);
BW_API bool bw_give_json(struct bw_call *c, bw_str json);
BW_API struct bw_client *bw_call_client(struct bw_call *c); /* in-process, arena of the call */
BW_API struct bw_arena *bw_call_arena(struct bw_call *c);
BW_API void *bw_call_user(struct bw_call *c);

#endif
