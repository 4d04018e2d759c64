/* app.h: an application is a model (tables), services and routes; bw_main hosts it. */
#ifndef BURROW_APP_H
#define BURROW_APP_H

#include <burrow/route.h>

struct bw_app {
    const char *name; /* names the database file, the log area, --help */
    const char *version;
    const char *help;                         /* one sentence */
    const struct bw_table *const *tables;     /* NULL-terminated; may be NULL */
    const struct bw_service *const *services; /* NULL-terminated; may be NULL */
    const struct bw_route *routes;            /* ended by path == NULL; may be NULL */
    bool (*start)(struct bw_server *s, void *user,
                  struct bw_err *e); /* stores are open, nothing listens yet; may be NULL */
    void (*stop)(struct bw_server *s, void *user);
    void *user;
};

#define BW_APP(n)                   \
    {                               \
        .name = (n), .version = "0" \
    }

/* Reads the command line and settings, serves until told to stop. The program's exit status:
 * 0 stopped in order, 1 failed, 2 wrong command line. */
BW_API int bw_main(const struct bw_app *app, int argc, char **argv);

/* Without a listener: for tests, tools, desktop programs. Opens the stores under `data_dir` ("" =
 * in memory). */
BW_API struct bw_server *bw_server_open(const struct bw_app *app, const char *data_dir,
                                        struct bw_err *e);
BW_API void bw_server_close(struct bw_server *s);
BW_API void *bw_server_user(struct bw_server *s);

BW_API const char *bw_version(void);

#endif
