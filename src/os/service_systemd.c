/* service_systemd.c: see service.h. What systemctl has to say it says itself, on our standard
 * error. */
#include "os/service.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "os/file.h"

#define UNITS "/etc/systemd/system"

extern char **environ;

static bool systemctl(const char *verb, const char *unit, struct bw_err *e)
{
    const char *const words[] = {"systemctl", verb, unit, NULL};
    pid_t child;
    int status = 0;
    int sys =
        posix_spawnp(&child, "systemctl", NULL, NULL, (char *const *)(uintptr_t)words, environ);
    if (sys)
        return bw_fail_sys(e, sys, "starting systemctl: services need systemd here");
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    return bw_fail(e, BW_SYS, "'systemctl %s%s%s' failed (exit code %d)", verb, unit ? " " : "",
                   unit ? unit : "", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void unit_of(const char *name, char unit[128])
{
    snprintf(unit, 128, "%s.service", name);
}

static void path_of(const char *name, char path[192])
{
    snprintf(path, 192, UNITS "/%.120s.service", name);
}

bool service_install(const char *name, bw_str definition, struct bw_err *e)
{
    char unit[128], path[192];
    unit_of(name, unit);
    path_of(name, path);
    if (!file_replace(path, definition, e))
        return bw_because(e, "installing needs systemd, and root");
    if (chmod(path, 0644) != 0)
        return bw_fail_sys(e, errno, "letting everybody read %s", path);
    return systemctl("daemon-reload", NULL, e) && systemctl("enable", unit, e);
}

bool service_uninstall(const char *name, struct bw_err *e)
{
    char unit[128], path[192];
    unit_of(name, unit);
    path_of(name, path);
    if (access(path, F_OK) != 0)
        return bw_fail(e, BW_MISSING, "%s is not installed (there is no %s)", name, path);
    if (!systemctl("stop", unit, e) || !systemctl("disable", unit, e))
        return false;
    if (unlink(path) != 0)
        return bw_fail_sys(e, errno, "removing %s", path);
    return systemctl("daemon-reload", NULL, e);
}

bool service_start(const char *name, struct bw_err *e)
{
    char unit[128];
    unit_of(name, unit);
    return systemctl("start", unit, e);
}

bool service_stop(const char *name, struct bw_err *e)
{
    char unit[128];
    unit_of(name, unit);
    return systemctl("stop", unit, e);
}

bool service_path(const char *file, char out[512], struct bw_err *e)
{
    char full[PATH_MAX];
    if (!realpath(file, full))
        return bw_fail_sys(e, errno, "finding %s", file);
    if ((size_t)snprintf(out, 512, "%s", full) >= 512)
        return bw_fail(e, BW_BAD, "the path %.80s… is too long", full);
    return true;
}

bool service_self(char out[512], struct bw_err *e)
{
    return service_path("/proc/self/exe", out, e);
}
