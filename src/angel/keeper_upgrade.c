/* keeper_upgrade.c: a new program takes this one's place in the same process: execve, with the
 * descriptors inherited and the rest in a memory file. Children notice nothing, not even another
 * parent. The new program is tried first: one that cannot take over must not become the keeper. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "angel/keeper_int.h"
#include "core/clock.h"
#include "os/notify.h"

#define MAGIC     0x4b455052u
#define TRY_GRACE (5 * CLOCK_SECOND)
#define TRY_NAP   CLOCK_MS
#define TEXT_MAX  8192

struct handed {
    uint32_t magic, story_size, text_size, spare;
    struct keeper_story story;
};

/* ---- before ---- */

static void command(const char *last, const char *words[KEEPER_WORDS + 2])
{
    size_t n = 0;
    for (; keeper.opts.resume[n] && n < KEEPER_WORDS; n++)
        words[n] = keeper.opts.resume[n];
    words[n++] = last;
    words[n] = NULL;
}

/* Run as a child: does it say that it could? */
static bool can_take_over(void)
{
    const char *words[KEEPER_WORDS + 2];
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        command("try", words);
        sigprocmask(SIG_SETMASK, &keeper.before, NULL);
        execv(words[0], (char *const *)(uintptr_t)words);
        _exit(126);
    }
    int64_t deadline = clock_mono() + TRY_GRACE;
    pid_t ended = 0;
    while (pid > 0 && (ended = waitpid(pid, &status, WNOHANG)) == 0 && clock_mono() < deadline)
        nanosleep(&(struct timespec){.tv_nsec = TRY_NAP}, NULL);
    if (pid > 0 && ended == 0) {
        kill(pid, SIGKILL); /* our own child, not waited for: the number is still its */
        waitpid(pid, &status, 0);
        return false;
    }
    return ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- over ---- */

static bool put(int fd, const void *p, size_t n)
{
    return write(fd, p, n) == (ssize_t)n;
}

/* State folder, then the brain's words, then resume's, each list ended by an empty one. */
static size_t write_text(char text[TEXT_MAX])
{
    size_t n = (size_t)snprintf(text, TEXT_MAX, "%s", keeper.opts.state) + 1;
    const char *const *lists[] = {keeper.opts.brain, keeper.opts.resume};
    for (size_t i = 0; i < 2; i++) {
        for (const char *const *w = lists[i]; *w && n < TEXT_MAX; w++)
            n += (size_t)snprintf(text + n, TEXT_MAX - n, "%s", *w) + 1;
        if (n < TEXT_MAX)
            text[n++] = 0;
    }
    return n;
}

static void set_flags(int flags)
{
    fcntl(keeper.story.lock, F_SETFD, flags);
    if (keeper.story.socket >= 0)
        fcntl(keeper.story.socket, F_SETFD, flags);
    for (uint32_t i = 0; i < keeper.story.n_kept; i++)
        fcntl(keeper.kept[i].fd, F_SETFD, flags);
}

static bool write_all(int fd, struct bw_err *e)
{
    char text[TEXT_MAX];
    size_t n = write_text(text);
    const struct handed h = {.magic = MAGIC,
                             .story_size = sizeof h.story,
                             .text_size = (uint32_t)n,
                             .story = keeper.story};
    if (n >= TEXT_MAX)
        return bw_fail(e, BW_TOOBIG, "the command line is too long to be handed over");
    if (!put(fd, &h, sizeof h) || !put(fd, text, n) ||
        !put(fd, keeper.kept, keeper.story.n_kept * sizeof keeper.kept[0]))
        return bw_fail_sys(e, errno, "handing over");
    return brood_hand_over(keeper.brood, fd, e) && lseek(fd, 0, SEEK_SET) == 0;
}

static bool hand_over(struct bw_err *e)
{
    const char *words[KEEPER_WORDS + 2];
    char number[16];
    int fd = memfd_create("burrow-keeper", 0);
    if (fd < 0)
        return bw_fail_sys(e, errno, "handing over");
    if (write_all(fd, e)) {
        snprintf(number, sizeof number, "%d", fd);
        command(number, words);
        set_flags(0);
        /* Blocked signals stay so over exec, and wait. */
        execv(words[0], (char *const *)(uintptr_t)words);
        bw_fail_sys(e, errno, "running %s", words[0]);
        set_flags(FD_CLOEXEC);
    }
    close(fd);
    return false;
}

void keeper_upgrade(void)
{
    struct bw_err e = {.code = BW_OK};
    if (!can_take_over())
        bw_fail(&e, BW_SYS, "%s does not run as a keeper", keeper.opts.resume[0]);
    else
        hand_over(&e);
    keeper_say("no upgrade, everything goes on as before: %s", e.text);
    keeper_ask(HANDS_STAYS);
}

/* ---- after ---- */

static char text[TEXT_MAX];
static const char *words[2][KEEPER_WORDS + 1];

static bool read_text(size_t n)
{
    char *p = text, *end = text + n;
    if (n == 0 || text[n - 1])
        return false;
    keeper.opts.state = p;
    for (size_t list = 0; list < 2; list++) {
        size_t w = 0;
        for (p += strlen(p) + 1; p < end && *p; p += strlen(p) + 1)
            if (w < KEEPER_WORDS)
                words[list][w++] = p;
        if (p >= end || w == 0)
            return false;
    }
    keeper.opts.brain = words[0];
    keeper.opts.resume = words[1];
    return true;
}

static bool read_all(int fd, struct bw_err *e)
{
    struct handed h;
    size_t kept;
    bool ok = read(fd, &h, sizeof h) == sizeof h && h.magic == MAGIC &&
              h.story_size == sizeof h.story && h.text_size <= sizeof text &&
              read(fd, text, h.text_size) == (ssize_t)h.text_size && read_text(h.text_size) &&
              h.story.n_kept <= KEEPER_KEPT;
    kept = ok ? h.story.n_kept * sizeof keeper.kept[0] : 0;
    if (!ok || read(fd, keeper.kept, kept) != (ssize_t)kept)
        return bw_fail(e, BW_BAD, "what the keeper before left cannot be read");
    keeper.story = h.story;
    set_flags(FD_CLOEXEC);
    return true;
}

bool keeper_resume(int fd, void (*ended)(const char *state, int lock), int *status,
                   struct bw_err *e)
{
    if (!read_all(fd, e))
        return false;
    const struct brood_opts b = {.state = keeper.opts.state,
                                 .lock = keeper.story.lock,
                                 .keeper = true,
                                 .no_groups = keeper.story.no_groups};
    keeper.brood = brood_take_over(&b, fd, e);
    close(fd);
    if (!keeper.brood || !keeper_begin(e))
        return false;
    notify_send("MAINPID=%ld\nSTATUS=The keeper is renewed", (long)getpid());
    if (!keeper.story.brain)
        keeper.next_brain = clock_mono();
    else if (!keeper_watch_brain(e))
        return false;
    keeper.brain_at = clock_mono();
    brood_spare(keeper.brood, keeper.story.brain);
    brood_reap(keeper.brood); /* signals that came in between are not told again */
    keeper_leave();
    *status = keeper_live();
    if (ended)
        ended(keeper.opts.state, keeper.story.lock);
    return true;
}
