/* args.h: the command line as a table of switches. One table gives the parser, --help and "did you
 * mean". A switch is --name, --name=VALUE or --name VALUE, and also /name as in the chapter; "--"
 * ends the switches. Wrong use is BW_BAD and exits 2. */
#ifndef HOST_ARGS_H
#define HOST_ARGS_H

#include <burrow/buf.h>

#include "core/vec.h"

struct arg {
    const char *name;  /* without the dashes */
    const char *takes; /* "FILE": it needs a value; "[FILE]": it may have one; NULL: a flag */
    const char *help;
    bool rest; /* all behind it are words, whatever they look like: another program's own */
};

struct arg_given {
    const struct arg *arg;
    bw_str value; /* NUL behind it; p == NULL for a flag */
};

struct args {
    const struct arg *known;     /* ended by name == NULL */
    VEC(struct arg_given) given; /* in order */
    VEC(const char *) words;     /* what is no switch */
    VEC(struct arg_given)
    settings; /* --section.key=value: arg is NULL, value "section.key=value" */
};

/* The texts point into argv. argv[0] is skipped. */
bool args_parse(struct args *a, const struct arg *known, int argc, char **argv, struct bw_err *e);
void args_release(struct args *a);
bool args_has(const struct args *a, const char *name);
/* The value given last, or `otherwise`. */
const char *args_value(const struct args *a, const char *name, const char *otherwise);
/* The switches, two columns. */
void args_help(const struct arg *known, struct bw_buf *out);

#endif
