/* notice_exec.c: a program: the notice comes in its environment and as its last words, never
 * through a shell. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "angel/notice_int.h"
#include "core/words.h"

static const char *is(const char *target)
{
    struct stat st;
    if (!strncmp(target, "exec:", 5))
        return target + 5;
    bool program = *target == '/' && stat(target, &st) == 0 && S_ISREG(st.st_mode) &&
                   access(target, X_OK) == 0;
    return program ? target : NULL;
}

static const char **words_of(const struct notice_job *j, struct bw_err *e)
{
    const struct notice_item *it = j->item;
    const char **w = words_split(bw_cstr(j->target), j->arena, e);
    size_t n = 0;
    bool places = false;
    if (!w)
        return NULL;
    while (w[n]) {
        places = places || notice_has_places(w[n]);
        w[n] = notice_fill(j, w[n], false);
        n++;
    }
    const char **all = BW_NEW_N(j->arena, const char *, n + 4);
    memcpy(all, w, n * sizeof *w);
    if (!places) {
        all[n] = it->kind;
        all[n + 1] = it->unit;
        all[n + 2] = it->text;
    }
    if (!n)
        bw_fail(e, BW_BAD, "there is no program to run");
    return n ? all : NULL;
}

static bool tell(const struct notice_job *j, struct bw_err *e)
{
    const struct notice_item *it = j->item;
    struct bw_buf time;
    int status;
    const char **argv = words_of(j, e);
    if (!argv)
        return false;
    bw_buf_init(&time, 64);
    bw_time_write(&time, it->at);
    const char *env[] = {
        bw_arena_printf(j->arena, "NOTICE_KIND=%s", it->kind).p,
        bw_arena_printf(j->arena, "NOTICE_UNIT=%s", it->unit).p,
        bw_arena_printf(j->arena, "NOTICE_TEXT=%s", it->text).p,
        bw_arena_printf(j->arena, "NOTICE_HOST=%s", j->host).p,
        bw_arena_printf(j->arena, "NOTICE_TIME=%.*s", BW_FMT(bw_buf_str(&time))).p,
        it->good ? "NOTICE_GOOD=1" : "NOTICE_GOOD=0",
        NULL,
    };
    bw_buf_release(&time);
    struct helper_spec s = {.unit = "angel-notice",
                            .argv = (const char *const *)argv,
                            .env = env,
                            .out = -1,
                            .deadline = j->deadline};
    if (!helper_run(j->helpers, &s, &status, e))
        return false;
    if (!WIFEXITED(status))
        return bw_fail(e, BW_DOWN, "%s was ended by a signal", argv[0]);
    return WEXITSTATUS(status) == 0 ||
           bw_fail(e, BW_DOWN, "%s ended with %d", argv[0], WEXITSTATUS(status));
}

const struct notice_kind notice_exec = {
    .name = "exec",
    .help =
        "a program's path, or exec:PROGRAM WORDS: it gets NOTICE_KIND, _UNIT, _TEXT, _TIME, _HOST.",
    .is = is,
    .send = tell,
};
