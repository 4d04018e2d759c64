/* top_terminal.c: the terminal of `burrow top`: as it was found it is left, also when a signal ends
 * the program. */
#include "cli/top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

static struct termios before;
static bool opened, typed_at;
static volatile sig_atomic_t ended, resized;

static void note(int number)
{
    if (number == SIGWINCH)
        resized = 1;
    else
        ended = 1;
}

static void say(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

bool top_terminal_open(void)
{
    if (!isatty(STDOUT_FILENO))
        return false;
    struct sigaction a = {.sa_handler = note};
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGHUP, &a, NULL);
    sigaction(SIGWINCH, &a, NULL);
    typed_at = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    if (typed_at) {
        struct termios raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    opened = true;
    say("\033[?1049h\033[?25l"); /* the other screen, no cursor */
    return true;
}

void top_terminal_close(void)
{
    if (!opened)
        return;
    opened = false;
    say("\033[?25h\033[?1049l");
    if (typed_at)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void top_terminal_size(unsigned *columns, unsigned *rows)
{
    struct winsize w;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 && w.ws_row > 0;
    *columns = known ? w.ws_col : 80;
    *rows = known ? w.ws_row : 24;
}

static int read_key(void)
{
    char c;
    ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n == 0) /* nobody types any more */
        return 'q';
    return n == 1 ? (unsigned char)c : 0;
}

int top_terminal_key(int64_t deadline)
{
    struct pollfd p = {.fd = typed_at ? STDIN_FILENO : -1, .events = POLLIN};
    for (;;) {
        if (ended)
            return 'q';
        if (resized) {
            resized = 0;
            return 0;
        }
        int64_t left = deadline - clock_mono();
        if (left <= 0)
            return 0;
        int n = poll(&p, 1, (int)(left / CLOCK_MS) + 1);
        if (n > 0)
            return read_key();
    }
}
