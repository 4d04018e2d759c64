/* launch.h: one start of a program that hosts: what it was asked on its command line, and the
 * settings in force. The same for bw_main and `burrow serve`; every run mode (modes.def) gets one.
 */
#ifndef HOST_LAUNCH_H
#define HOST_LAUNCH_H

#include <burrow/app.h>

#include "host/args.h"
#include "host/conf.h"

struct launch {
    const char *program; /* how its complaints begin: "blog", "burrow serve" */
    const struct args *args;
    const char *file;  /* of settings, NULL = none; "@NAME" = a credential of systemd's */
    const char *home;  /* a daemon: the folder it was started in; paths are relative to it */
    struct bw_app app; /* name NULL: that of the settings, or of their file */
    struct conf conf;
};

/* The switches every launch knows; behind them come the modes. */
#define LAUNCH_SWITCHES                                                                           \
    {"listen", "ADDR:PORT", "listen there instead; port 0 picks a free one; may be given again"}, \
        {"data", "FOLDER", "where the database files are (data)"},

/* Reads the settings into l->conf and runs the mode the command line names: the exit status. */
int launch_run(struct launch *l);
/* The settings anew: file, environment, command line. Of `conf` (conf_init has been called). */
bool launch_load(const struct launch *l, struct conf *conf, struct bw_err *e);
/* A daemon's settings: paths made absolute, and a log file where none is named. */
void launch_settle(const struct launch *l, struct conf *conf);
/* "blog: sentence" on standard error; gives back status. */
int launch_complain(const struct launch *l, const struct bw_err *e, int status);
/* The pid file: server.pid_file, or <data>/<name>.pid. In the arena of the settings. */
bool launch_pid_file(struct launch *l, const char **path, struct bw_err *e);

/* The admin socket: admin.socket, or <data>/<name>.admin.sock, or beside the locks of this user
 * where there is no data folder or its path is too long for a socket. "" = none wanted. */
#define LAUNCH_SOCKET 108
bool launch_admin_socket(struct launch *l, char path[LAUNCH_SOCKET], struct bw_err *e);

/* How the process lives while it serves. */
enum launch_life {
    LAUNCH_CONSOLE, /* on a terminal */
    LAUNCH_RUN,     /* in the foreground, under a service manager */
    LAUNCH_FORK     /* a daemon of its own; the parent waits until it is ready */
};
/* Opens, serves until told to stop, closes: the exit status. */
int launch_serve(struct launch *l, enum launch_life life);

#endif
