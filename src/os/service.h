/* service.h: services as the system's manager keeps them. Here systemd, through systemctl
 * (service_systemd.c); another system gets a sibling file. All of it blocks the thread. */
#ifndef OS_SERVICE_H
#define OS_SERVICE_H

#include <burrow/str.h>

/* Keeps the definition (a unit) and lets it start with the system. */
bool service_install(const char *name, bw_str definition, struct bw_err *e);
bool service_uninstall(const char *name, struct bw_err *e); /* stops it first */
bool service_start(const char *name, struct bw_err *e);     /* comes back when it is ready */
bool service_stop(const char *name, struct bw_err *e);
/* Absolute paths: of this program, and of a file. */
bool service_self(char out[512], struct bw_err *e);
bool service_path(const char *file, char out[512], struct bw_err *e);

#endif
