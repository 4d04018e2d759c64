/* mutefs.c: a FUSE file system that takes questions and never answers: who looks up a name in it
 * waits where no signal ends it (in state D, once one has come). When this program is killed, all
 * of them go on.
 *
 *   mutefs MOUNTPOINT     prints "mounted", then "asked" for each question */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>

/* The folder itself answers, so that it can be mounted and gone into. */
static void getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct stat st = {.st_ino = ino, .st_mode = S_IFDIR | 0755, .st_nlink = 2};
    (void)file;
    fuse_reply_attr(req, &st, 1e6);
}

static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    (void)req;
    (void)parent;
    (void)name;
    puts("asked");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const struct fuse_lowlevel_ops ops = {.getattr = getattr, .lookup = lookup};
    char *words[] = {argv[0], NULL};
    struct fuse_args args = FUSE_ARGS_INIT(1, words);
    struct fuse_session *s = fuse_session_new(&args, &ops, sizeof ops, NULL);
    if (argc != 2 || !s || fuse_session_mount(s, argv[1]) != 0)
        return 1;
    puts("mounted");
    fflush(stdout);
    return fuse_session_loop(s);
}
