#include "help/t.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "os/file.h"

static char folder[] = "/tmp/burrow-file-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][256];
    static unsigned turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static void check_content(const char *path, const char *want)
{
    struct bw_arena a;
    struct bw_err e;
    bw_str text;
    bw_arena_init(&a);
    check_ok(file_read(path, 1000, &a, &text, &e), &e);
    check_str(text, want);
    bw_arena_release(&a);
}

static void replaces_and_keeps_the_mode(void **state)
{
    (void)state;
    struct bw_err e;
    struct stat st;
    const char *path = in_folder("a.json");
    check_ok(file_replace(path, BW_LIT("one"), &e), &e);
    check_content(path, "one");
    check(stat(path, &st) == 0);
    check_int(st.st_mode & 0777, 0600);
    check(chmod(path, 0644) == 0);
    check_ok(file_replace(path, BW_LIT(""), &e), &e);
    check_content(path, "");
    check(stat(path, &st) == 0);
    check_int(st.st_mode & 0777, 0644);
}

static void tells_what_cannot_be_read(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_err e;
    bw_str text;
    bw_arena_init(&a);
    check(!file_read(in_folder("none"), 10, &a, &text, &e));
    check_says(&e, "No such file");
    check(!file_read(folder, 10, &a, &text, &e));
    check_says(&e, "is a folder");
    check_ok(file_replace(in_folder("big"), BW_LIT("12345678901"), &e), &e);
    check(!file_read(in_folder("big"), 10, &a, &text, &e));
    check_says(&e, "11 bytes; at most 10");
    check(!file_read("/dev/zero", 10, &a, &text, &e));
    check_int(e.code, BW_TOOBIG);
    bw_arena_release(&a);
}

static void makes_folders(void **state)
{
    (void)state;
    struct bw_err e;
    check_ok(file_make_folders(in_folder("x/y/z"), &e), &e);
    check_ok(file_make_folders(in_folder("x/y/z"), &e), &e);
    check_ok(file_replace(in_folder("x/y/z/f"), BW_LIT("1"), &e), &e);
    check(!file_make_folders(in_folder("x/y/z/f/g"), &e));
    check_says(&e, "Not a directory");
}

static void a_lock_keeps_others_out_and_names_its_holder(void **state)
{
    (void)state;
    struct file_lock one, two;
    struct bw_err e;
    char by[128];
    const char *path = in_folder("lock");
    check_ok(file_lock(&one, path, "blog (pid 7)", NULL, &e), &e);
    check(!file_lock(&two, path, "other", by, &e));
    check_int(e.code, BW_CONFLICT);
    check_says(&e, "is locked by blog (pid 7)");
    check_str(bw_cstr(by), "blog (pid 7)");
    file_unlock(&two);
    file_unlock(&one);
    check(access(path, F_OK) != 0);
    check_ok(file_lock(&two, path, "other", by, &e), &e);
    file_unlock(&two);
}

static void a_lock_ends_with_its_process(void **state)
{
    (void)state;
    struct file_lock l;
    struct bw_err e;
    const char *path = in_folder("dying");
    pid_t child = fork();
    if (child == 0)
        _exit(file_lock(&l, path, "child", NULL, &e) ? 0 : 1);
    int status;
    check_int(waitpid(child, &status, 0), child);
    check_int(status, 0);
    check_ok(file_lock(&l, path, "parent", NULL, &e), &e);
    file_unlock(&l);
}

static void a_nameless_file_leaves_nothing(void **state)
{
    (void)state;
    struct bw_err e;
    struct stat st;
    int fd = file_nameless(&e);
    check(fd >= 0);
    check(fstat(fd, &st) == 0);
    check_int(st.st_nlink, 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_and_keeps_the_mode),
        cmocka_unit_test(tells_what_cannot_be_read),
        cmocka_unit_test(makes_folders),
        cmocka_unit_test(a_lock_keeps_others_out_and_names_its_holder),
        cmocka_unit_test(a_lock_ends_with_its_process),
        cmocka_unit_test(a_nameless_file_leaves_nothing),
    };
    if (!mkdtemp(folder))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (fork() == 0)
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
    return failed;
}
