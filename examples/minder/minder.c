/* minder.c: a program that minds programs of its own. Each argument is NAME=COMMAND; they are
 * started, started again when they fail, and end with this program, whatever they have started:
 *
 *     minder 'web=python3 -m http.server 8000' 'beat=sleep 60'
 *
 * burrow/angel.h in one page. The settings are those of `burrow angel` (docs/angel.md); here they
 * are made from the command line. */
#include <burrow/angel.h>
#include <burrow/json.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Called on the angel's thread, in order. */
static void tell(void *arg, const struct bw_angel_event *ev)
{
    (void)arg;
    printf("%s\n", ev->text);
    fflush(stdout);
}

static bool write_settings(int n, char **words, struct bw_buf *out, struct bw_err *e)
{
    struct bw_json_writer w;
    char here[4096];
    if (!getcwd(here, sizeof here))
        return bw_fail_sys(e, errno, "finding the current folder");
    bw_json_init(&w, out);
    bw_json_object(&w);
    bw_json_key(&w, BW_LIT("Services"));
    bw_json_array(&w);
    for (int i = 0; i < n; i++) {
        bw_str name, command = bw_cstr(words[i]);
        bw_str_cut(&command, '=', &name);
        if (!name.n || !command.n)
            return bw_fail(e, BW_BAD, "'%s' is not NAME=COMMAND", words[i]);
        bw_json_object(&w);
        bw_json_put_text(&w, "Name", name);
        bw_json_put_text(&w, "Run", command);
        bw_json_put_text(&w, "StartWorkDir", bw_cstr(here));
        bw_json_end(&w);
    }
    bw_json_end(&w);
    bw_json_end(&w);
    return true;
}

int main(int argc, char **argv)
{
    struct bw_err e;
    struct bw_buf settings;
    sigset_t ends;
    int number;
    if (argc < 2) {
        fprintf(stderr, "usage: %s NAME=COMMAND ...\n", argv[0]);
        return 2;
    }
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL); /* before there are threads */

    bw_buf_init(&settings, 1 << 20);
    struct bw_angel *angel = NULL;
    if (write_settings(argc - 1, argv + 1, &settings, &e))
        angel = bw_angel_open(
            &(struct bw_angel_opts){.settings = bw_buf_str(&settings), .event = tell}, &e);
    bw_buf_release(&settings);
    if (!angel) {
        fprintf(stderr, "%s: %s\n", argv[0], e.text);
        return 1;
    }
    sigwait(&ends, &number);
    bw_angel_close(angel); /* stops them all */
    return 0;
}
