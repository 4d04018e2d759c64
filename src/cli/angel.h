/* angel.h: a verb of `burrow angel`: a descriptor in its own angel_*.c and a line in
 * angel_verbs.def. */
#ifndef CLI_ANGEL_H
#define CLI_ANGEL_H

#include "cli/command.h"
#include "cli/ctl.h"

struct angel_ask {
    const struct command *command;
    const struct args *args;
    const char *const *words; /* behind the verb */
    size_t n_words;
};

struct angel_verb {
    const char *name;
    const char *usage; /* behind "burrow angel NAME " */
    const char *help;
    size_t min_words, max_words;
    int (*run)(const struct angel_ask *k); /* the exit status: 0, 1 failed, 2 wrong use */
};
extern const struct angel_verb *const angel_verbs[]; /* NULL-terminated */

/* Runs a verb of `burrow ctl` for the same angel. */
int angel_ctl(const struct angel_ask *k, int (*run)(struct ctl *c));

#endif
