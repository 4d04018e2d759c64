/* ctl_screen.c: a terminal that shows the same again and again, from its top left corner, until
 * somebody presses q. The terminal is left as it was, also by Ctrl-C and when the angel goes. */
#include "cli/ctl.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static volatile sig_atomic_t ended;

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

bool ctl_colours(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && (!no || !*no) && term && strcmp(term, "dumb") != 0;
}

static void enter(void)
{
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, &before) == 0) {
        raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    struct sigaction sa = {.sa_handler = end};
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    fputs("\x1b[?1049h\x1b[?25l", stdout); /* the other screen, no cursor */
}

static void leave(void)
{
    fputs("\x1b[?25h\x1b[?1049l", stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* So many lines as there is room for. Colours take no room, so only lines are counted; the terminal
 * cuts what is too wide. */
static void show(bw_str text)
{
    struct winsize size = {.ws_row = 24};
    bw_str line;
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    unsigned rows = size.ws_row ? size.ws_row : 24;
    fputs("\x1b[H\x1b[?7l", stdout);
    for (unsigned i = 0; i + 1 < rows && bw_str_cut(&text, '\n', &line) && (line.n || text.n); i++)
        printf("%.*s\x1b[K\r\n", BW_FMT(line));
    fputs("\x1b[J\x1b[2mq ends\x1b[0m\x1b[?7h", stdout);
    fflush(stdout);
}

static bool is_over(int ms)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    char c;
    if (poll(&p, 1, ms) > 0 && (read(STDIN_FILENO, &c, 1) != 1 || c == 'q' || c == 'Q'))
        return true;
    return ended;
}

int ctl_screen(struct ctl *c, int ms, bool (*draw)(void *arg, struct bw_buf *out, struct bw_err *e),
               void *arg)
{
    struct bw_buf out;
    struct bw_err e = {.code = BW_OK};
    bool ok = true;
    bw_buf_init(&out, 64u << 20);
    enter();
    do {
        bw_buf_clear(&out);
        ok = draw(arg, &out, &e);
        if (ok)
            show(bw_buf_str(&out));
    } while (ok && !is_over(ms));
    leave();
    bw_buf_release(&out);
    return ok ? CTL_OK : ctl_complain(c, &e, ctl_status_of(&e));
}
