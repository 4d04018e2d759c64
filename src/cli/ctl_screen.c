/* ctl_screen.c: a terminal (top_terminal.c) that shows the same again and again, from its top left
 * corner, until somebody presses q. */
#include "cli/ctl.h"

#include <unistd.h>

#include "cli/top.h"
#include "core/clock.h"

bool ctl_colours(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && (!no || !*no) && term && strcmp(term, "dumb") != 0;
}

/* So many lines as there is room for. Colours take no room, so only lines are counted; the terminal
 * cuts what is too wide. */
static void show(bw_str text)
{
    unsigned columns, rows;
    bw_str line;
    top_terminal_size(&columns, &rows);
    fputs("\033[H\033[?7l", stdout);
    for (unsigned i = 0; i + 1 < rows && bw_str_cut(&text, '\n', &line) && (line.n || text.n); i++)
        printf("%.*s\033[K\r\n", BW_FMT(line));
    fputs("\033[J\033[2mq quit\033[0m\033[?7h", stdout);
    fflush(stdout);
}

int ctl_screen(struct ctl *c, int ms, bool (*draw)(void *arg, struct bw_buf *out, struct bw_err *e),
               void *arg)
{
    struct bw_buf out;
    struct bw_err e = {.code = BW_OK};
    bool ok = true;
    int key = 0;
    bw_buf_init(&out, 64u << 20);
    top_terminal_open();
    while (ok && key != 'q' && key != 'Q') {
        bw_buf_clear(&out);
        ok = draw(arg, &out, &e);
        if (!ok)
            break;
        show(bw_buf_str(&out));
        key = top_terminal_key(clock_mono() + ms * CLOCK_MS);
    }
    top_terminal_close();
    bw_buf_release(&out);
    return ok ? CTL_OK : ctl_complain(c, &e, ctl_status_of(&e));
}
