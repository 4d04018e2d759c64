/* mode_service.c: --install, --uninstall, --start, --stop: the program as a service of the system:
 * the unit `burrow deploy systemd` writes, for this very program and settings file. */
#include "deploy/deploy.h"
#include "host/mode.h"
#include "os/service.h"

int mode_install(struct launch *l);
int mode_uninstall(struct launch *l);
int mode_start(struct launch *l);
int mode_stop(struct launch *l);

/* A unit names the settings file; what only this command line says would be lost. */
static bool only_a_file(const struct launch *l, struct bw_err *e)
{
    bool more = l->args->settings.n || args_has(l->args, "listen") || args_has(l->args, "data");
    return !more || bw_fail(e, BW_BAD,
                            "a service takes its settings from its file: put what this command "
                            "line sets into it");
}

static bool install(struct launch *l, struct bw_err *e)
{
    char self[512], settings[512];
    struct bw_buf unit;
    struct deploy d = {.name = l->app.name, .exec = self};
    conf_to_deploy(&l->conf, &d);
    if (!only_a_file(l, e) || !service_self(self, e))
        return false;
    if (l->file && *l->file != '@' && !service_path(l->file, settings, e))
        return false;
    if (l->file)
        d.settings = *l->file == '@' ? l->file : settings;
    bw_buf_init(&unit, 1u << 20);
    bool ok = deploy_unit(&d, &unit, e) && service_install(d.name, bw_buf_str(&unit), e);
    bw_buf_release(&unit);
    return ok;
}

static int report(struct launch *l, bool ok, const struct bw_err *e, const char *done)
{
    if (!ok)
        return launch_complain(l, e, 1);
    printf("%s %s\n", l->app.name, done);
    return 0;
}

int mode_install(struct launch *l)
{
    struct bw_err e = {.code = BW_OK};
    bool ok = install(l, &e);
    return report(l, ok, &e, "is installed; --start starts it");
}

int mode_uninstall(struct launch *l)
{
    struct bw_err e = {.code = BW_OK};
    bool ok = service_uninstall(l->app.name, &e);
    return report(l, ok, &e, "is no service any more; its data is kept");
}

int mode_start(struct launch *l)
{
    struct bw_err e = {.code = BW_OK};
    bool ok = service_start(l->app.name, &e);
    return report(l, ok, &e, "serves");
}

int mode_stop(struct launch *l)
{
    struct bw_err e = {.code = BW_OK};
    bool ok = service_stop(l->app.name, &e);
    return report(l, ok, &e, "has ended");
}
