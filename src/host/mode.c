/* mode.c: the table of the run modes. */
#include "host/mode.h"

#define MODE(id, name, unknown, help) int mode_##id(struct launch *l);
#include "host/modes.def"
#undef MODE

static const struct mode modes[] = {
#define MODE(id, name, unknown, help) {name, unknown, mode_##id},
#include "host/modes.def"
#undef MODE
};

const struct mode *mode_chosen(const struct args *a, struct bw_err *e)
{
    const struct mode *chosen = NULL;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (!args_has(a, modes[i].name))
            continue;
        if (chosen) {
            bw_fail(e, BW_BAD, "--%s and --%s exclude each other", chosen->name, modes[i].name);
            return NULL;
        }
        chosen = &modes[i];
    }
    return chosen ? chosen : &modes[0];
}
