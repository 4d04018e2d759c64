/* appfile.h: an application declared in a JSON file: its settings and its tables. What most
 * commands begin with. */
#ifndef CLI_APPFILE_H
#define CLI_APPFILE_H

#include "cli/command.h"
#include "host/host.h"

struct appfile {
    struct conf conf;
    struct bw_app app; /* name, version, help of the file; tables stay in conf */
};

#define APPFILE_SWITCHES                                                          \
    {"app", "FILE", "the application: a JSON file with its tables and settings"}, \
        {"data", "FOLDER", "where the database files are (data)"},                \
    {                                                                             \
        "help", NULL, "this"                                                      \
    }

/* `file` NULL: from --app. Released by appfile_release also when it failed. */
bool appfile_load(struct appfile *f, const char *file, const struct args *a, struct bw_err *e);
void appfile_release(struct appfile *f);

#endif
