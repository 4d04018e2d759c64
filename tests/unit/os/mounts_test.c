/* Where a path is mounted, by the kernel's list. */
#include "help/t.h"

#include <stdlib.h>
#include <string.h>

#include "os/mounts.h"

static void finds_the_longest(void **state)
{
    struct mounts m;
    (void)state;
    mounts_parse(&m, strdup("21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                            "30 21 0:40 / /srv rw shared:1 - nfs4 host:/a rw\n"
                            "31 30 0:41 / /srv/two\\040words rw - tmpfs none rw\n"
                            "broken\n"));
    check_int(m.n, 3);
    check_str(bw_cstr(mounts_find(&m, "/srvx/a.log")), "/");
    check_str(bw_cstr(mounts_find(&m, "/srv")), "/srv");
    check_str(bw_cstr(mounts_find(&m, "/srv/logs/a.log")), "/srv");
    check_str(bw_cstr(mounts_find(&m, "/srv/two words/a.log")), "/srv/two words");
    check(mounts_find(&m, "/srv/a") == mounts_find(&m, "/srv/b/c"));
    check(mounts_find(&m, "relative") == NULL);
    mounts_release(&m);
}

static void reads_this_machines(void **state)
{
    struct mounts m;
    (void)state;
    mounts_read(&m);
    check(m.n > 0);
    check(mounts_find(&m, "/proc/self/stat") != NULL);
    mounts_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_longest),
                                       cmocka_unit_test(reads_this_machines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
