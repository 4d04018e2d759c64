/* command.h: one command of the burrow program: a descriptor in its own file and a line in
 * commands.def. Help, completion and the list of commands come from the descriptors. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "host/args.h"

struct command {
    const char *name;
    const char *usage;             /* behind "burrow NAME " */
    const char *help;              /* one line */
    const char *text;              /* more, for `burrow help NAME`; may be NULL */
    const struct arg *switches;    /* ended by name == NULL */
    unsigned min_words, max_words; /* words that are no switches, behind the command's name */
    bool settings;                 /* takes --section.key=value */
    /* The exit status: 0, 1 failed (told on standard error), 2 wrong use. */
    int (*run)(const struct command *c, const struct args *a);
};

extern const struct command *const commands[]; /* NULL-terminated */

/* "burrow import: <sentence>" on standard error; gives back status. */
int command_complain(const struct command *c, const struct bw_err *e, int status);

#endif
