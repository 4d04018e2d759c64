/* control_help.c: the addresses of the control API for people: docs/angel-api.md. */
#include "angel/control.h"

void control_markdown(struct bw_buf *out)
{
    static const struct {
        const char *method, *path, *help;
    } all[] = {
#define ENDPOINT(id, m, p, h) {m, p, h},
#include "angel/control.def"
#undef ENDPOINT
    };
    bw_buf_put(out, BW_LIT("| method | address | what |\n|---|---|---|\n"));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        bw_buf_printf(out, "| %s | `%s` | %s |\n", all[i].method, all[i].path, all[i].help);
}
