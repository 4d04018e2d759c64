/* place.c: see place.h. Of the settings only State and Control are looked at, whatever else is
 * wrong with them: somebody may be in the middle of a change while the angel runs. */
#include "angel/place.h"

#include <limits.h>
#include <unistd.h>

#include <burrow/json.h>

#include "core/limits.h"
#include "os/file.h"

const char *place_settings(const char *given, struct bw_arena *a)
{
    char exe[PATH_MAX];
    if (given)
        return bw_arena_cstr(a, bw_cstr(given));
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe);
    if (n > 0 && n < (ssize_t)sizeof exe) {
        const char *beside = bw_arena_printf(a, "%.*s.settings", (int)n, exe).p;
        if (access(beside, F_OK) == 0)
            return beside;
    }
    return "/etc/burrow/angel.json";
}

static const char *folder_in_env(const char *name)
{
    const char *v = getenv(name);
    return v && *v == '/' ? v : NULL;
}

const char *place_state(struct bw_arena *a)
{
    const char *given = folder_in_env("STATE_DIRECTORY"); /* systemd gives several with ':' */
    if (given)
        return bw_arena_cstr(a, bw_str_of(given, strcspn(given, ":")));
    if (geteuid() == 0)
        return "/var/lib/burrow/angel";
    const char *home = folder_in_env("XDG_STATE_HOME");
    if (home)
        return bw_arena_printf(a, "%s/burrow/angel", home).p;
    home = folder_in_env("HOME");
    return bw_arena_printf(a, "%s/.local/state/burrow/angel", home ? home : "/tmp").p;
}

/* The two texts among the outermost members. */
static void read_two(bw_str text, struct bw_arena *a, const char **state, const char **control)
{
    struct bw_json_reader r;
    bw_str name;
    bw_json_open(&r, a, text);
    r.comments = true;
    if (bw_json_next(&r) != BW_JSON_OBJECT)
        return;
    while (bw_json_member(&r, &name)) {
        enum bw_json_kind kind = bw_json_next(&r);
        const char **to = bw_str_ieq(name, BW_LIT("State"))     ? state
                          : bw_str_ieq(name, BW_LIT("Control")) ? control
                                                                : NULL;
        if (to && kind == BW_JSON_TEXT && r.text.n)
            *to = bw_arena_cstr(a, r.text);
        bw_json_skip(&r, kind);
    }
}

/* A relative folder is beside the settings. */
static const char *beside(const char *settings, const char *path, struct bw_arena *a)
{
    if (*path == '/')
        return path;
    char *real = realpath(settings, NULL);
    if (!real)
        return path;
    *strrchr(real, '/') = 0;
    const char *out = bw_arena_printf(a, "%s/%s", real, path).p;
    free(real);
    return out;
}

const char *place_control(const char *settings, const char *state, struct bw_arena *a)
{
    const char *said = NULL, *control = NULL;
    bw_str text;
    if (!state && file_read(settings, LIMIT_SETTINGS, a, &text, NULL)) {
        read_two(text, a, &said, &control);
        if (said && !strchr(said, '%'))
            state = beside(settings, said, a);
    }
    if (control && !strchr(control, '%'))
        return control;
    char *real = state && *state != '/' ? realpath(state, NULL) : NULL; /* as typed: from here */
    if (real)
        state = bw_arena_cstr(a, bw_cstr(real));
    free(real);
    return bw_arena_printf(a, "unix:%s/control.sock", state ? state : place_state(a)).p;
}
