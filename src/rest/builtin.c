/* builtin.c: puts the builtins of builtins.def into a server's registry. */
#include "rest/builtin.h"

static const struct endpoint *const all[] = {
#define BUILTIN(name) &builtin_##name,
#include "rest/builtins.def"
#undef BUILTIN
};

static const char *path_of(struct bw_server *s, const char *path)
{
    size_t n = strlen(BUILTIN_ROOT);
    if (strncmp(path, BUILTIN_ROOT, n) != 0)
        return path;
    const char *root = s->opts.root;
    return bw_arena_printf(&s->arena, "/%s%s%s", root, *root ? "/" : "", path + n).p;
}

bool builtins_register(struct bw_server *s, struct bw_err *e)
{
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct endpoint ep = *all[i];
        ep.kind = ENDPOINT_BUILTIN;
        ep.path = path_of(s, ep.path);
        if (!registry_add(&s->registry, &ep, e))
            return false;
    }
    return true;
}
