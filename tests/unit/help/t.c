#include "help/t.h"

void t_check_str(bw_str got, bw_str want, const char *file, int line)
{
    if (bw_str_eq(got, want))
        return;
    print_error("got:  \"%.*s\"\nwant: \"%.*s\"\n", BW_FMT(got), BW_FMT(want));
    _fail(file, line);
}

void t_check_ok(bool ok, const struct bw_err *e, const char *what, const char *file, int line)
{
    if (ok)
        return;
    print_error("%s failed: %s\n", what, e ? e->text : "(no error)");
    _fail(file, line);
}

void t_check_says(const struct bw_err *e, const char *words, const char *file, int line)
{
    if (strstr(e->text, words))
        return;
    print_error("the error \"%s\"\ndoes not say \"%s\"\n", e->text, words);
    _fail(file, line);
}
