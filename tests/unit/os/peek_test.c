#include "help/t.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/peek.h"

#define MANY 300 /* of names this long: more than one look of the kernel gives */

static char folder[] = "/tmp/burrow-peek-XXXXXX";
static int fd;

static void make(const char *name, const char *text)
{
    int file = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    check(file >= 0);
    check_int(write(file, text, strlen(text)), strlen(text));
    close(file);
}

static int open_folder(void **state)
{
    (void)state;
    fd = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return fd < 0;
}

static int close_folder(void **state)
{
    (void)state;
    close(fd);
    return rmdir(folder);
}

static void gives_the_beginning_of_a_file(void **state)
{
    char out[8];
    (void)state;
    make("seven", "1234567");
    make("eight", "12345678");
    make("empty", "");
    check_int(peek_file(fd, "seven", out, sizeof out), 7);
    assert_string_equal(out, "1234567");
    check_int(peek_file(fd, "eight", out, sizeof out), 7);
    assert_string_equal(out, "1234567");
    check_int(peek_file(fd, "empty", out, sizeof out), 0);
    assert_string_equal(out, "");
    out[0] = 'x';
    check_int(peek_file(fd, "none", out, sizeof out), 0);
    assert_string_equal(out, "");
    out[0] = 'x';
    check_int(peek_file(AT_FDCWD, folder, out, sizeof out), 0);
    assert_string_equal(out, "");
    for (const char *name = "seven\0eight\0empty\0"; *name; name += strlen(name) + 1)
        check_int(unlinkat(fd, name, 0), 0);
}

struct seen {
    unsigned files, folders, most;
    bool removes;
};

static bool see(void *arg, const char *name, bool is_folder)
{
    struct seen *s = arg;
    s->folders += is_folder;
    s->files += !is_folder;
    if (s->removes)
        check_int(unlinkat(fd, name, is_folder ? AT_REMOVEDIR : 0), 0);
    return s->files + s->folders < s->most;
}

static void lists_every_entry(void **state)
{
    struct seen all = {.most = 2 * MANY}, few = {.most = 3}, gone = {.most = MANY, .removes = true};
    (void)state;
    for (int i = 0; i < MANY - 2; i++) {
        char name[64];
        snprintf(name, sizeof name, "a-file-whose-name-is-not-short-%d", i);
        make(name, "");
    }
    check_int(mkdirat(fd, "folder", 0700), 0);
    check_int(mkdirat(fd, "another", 0700), 0);
    make(".hidden", "");
    peek_folder(fd, see, &all);
    check_int(all.files, MANY - 2);
    check_int(all.folders, 2);
    peek_folder(fd, see, &few);
    check_int(few.files + few.folders, 3);
    peek_folder(fd, see, &gone); /* from its beginning again */
    check_int(gone.files + gone.folders, MANY);
    check_int(unlinkat(fd, ".hidden", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_beginning_of_a_file),
        cmocka_unit_test(lists_every_entry),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
