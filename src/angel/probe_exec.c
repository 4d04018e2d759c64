/* probe_exec.c: exec:words: a program, as the unit's user and in its folder, ends with 0. */
#include <sys/wait.h>

#include "angel/probe_int.h"
#include "core/words.h"
#include "os/signame.h"

static bool check(struct probe_conf *c, struct bw_arena *a, struct bw_err *e)
{
    const char **words = words_split(bw_cstr(c->target), a, e);
    c->argv = (const char *const *)words;
    return words && (words[0] || bw_fail(e, BW_BAD, "there is no program to run"));
}

static bool look(const struct probe_look *k, struct bw_err *e)
{
    struct helper_spec s = {.unit = k->unit,
                            .conf = k->unit_conf,
                            .argv = k->conf->argv,
                            .out = -1,
                            .deadline = k->deadline};
    char name[24];
    int status;
    if (!helper_run(k->helpers, &s, &status, e))
        return false;
    if (WIFSIGNALED(status))
        return bw_fail(e, BW_DOWN, "%s was ended by %s", k->conf->argv[0],
                       signame_of(WTERMSIG(status), name));
    return WEXITSTATUS(status) == 0 ||
           bw_fail(e, BW_DOWN, "%s ended with %d", k->conf->argv[0], WEXITSTATUS(status));
}

const struct probe_kind probe_exec = {
    .name = "exec",
    .help = "exec:PROGRAM WORDS: it ends with 0.",
    .places = 1u << PROBE_STARTUP | 1u << PROBE_READY | 1u << PROBE_LIVE,
    .check = check,
    .look = look,
};
