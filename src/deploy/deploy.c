/* deploy.c: the list of generators and what may be put into their templates. */
#include "deploy/deploy.h"

#define GENERATOR(n) extern const struct generator generator_##n;
#include "deploy/generators.def"
#undef GENERATOR

const struct generator *const deploy_generators[] = {
#define GENERATOR(n) &generator_##n,
#include "deploy/generators.def"
#undef GENERATOR
    NULL};

static bool plain(const char *text, const char *also)
{
    for (; *text; text++) {
        bool word = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                    (*text >= '0' && *text <= '9');
        if (!word && !strchr(also, *text))
            return false;
    }
    return true;
}

/* Spaces, quotes, '%' and '$' mean something else in each of these files. */
static bool check_path(const char *what, const char *path, bool absolute, struct bw_err *e)
{
    if (absolute && *path != '/')
        return bw_fail(e, BW_BAD, "%s '%s' must be an absolute path: it is used where it is", what,
                       path);
    return (*path && plain(path, "/-_.+@")) ||
           bw_fail(e, BW_BAD, "%s '%s': use a path of letters, digits and /-_.+@ only", what, path);
}

bool deploy_check(const struct generator *g, const struct deploy *d, struct bw_err *e)
{
    if (!*d->name || !plain(d->name, "-_.") || *d->name == '.' || *d->name == '-')
        return bw_fail(e, BW_BAD, "--name '%s': use letters, digits, '-', '_' and '.'", d->name);
    return (g->watches || check_path("--exec", d->exec, g->absolute, e)) &&
           (!d->settings || check_path("--settings", d->settings, g->absolute, e));
}

void deploy_make(const struct deploy *d, const struct artefact *a, struct bw_buf *out)
{
    struct bw_buf text;
    if (a->text) {
        deploy_fill(d, a->text, out);
        return;
    }
    bw_buf_init(&text, out->max);
    a->write(&text);
    deploy_fill(d, bw_buf_cstr(&text), out);
    bw_buf_release(&text);
}

bool deploy_unit(const struct deploy *d, struct bw_buf *out, struct bw_err *e)
{
    if (!deploy_check(&generator_systemd, d, e))
        return false;
    deploy_fill(d, generator_systemd.artefacts[0].text, out);
    return true;
}
