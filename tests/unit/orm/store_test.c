/* store_test.c: the conformance suite over every kind of store there is, in each of its shapes. */
#include "conformance.h"

#include <unistd.h>

static char folder[] = "/tmp/burrow_store_XXXXXX";
static char path[64];

static struct store *open_kind(const char *kind, const char *file, struct table *const *tables,
                               unsigned n)
{
    struct bw_err e;
    struct store_opts o = {.name = "default", .path = file, .sync = "off", .sync_schema = true};
    struct store *s = store_open(kind, &o, tables, n, &e);
    check_ok(s != NULL, &e);
    return s;
}

static const char *fresh_file(void)
{
    static unsigned count;
    snprintf(path, sizeof path, "%s/%u", folder, count++);
    return path;
}

static struct store *open_sqlite(struct table *const *tables, unsigned n)
{
    return open_kind("sqlite", fresh_file(), tables, n);
}

static struct store *open_sqlite_memory(struct table *const *tables, unsigned n)
{
    return open_kind("sqlite", "", tables, n);
}

static struct store *open_memory(struct table *const *tables, unsigned n)
{
    return open_kind("memory", "", tables, n);
}

static struct store *open_memory_file(struct table *const *tables, unsigned n)
{
    return open_kind("memory", fresh_file(), tables, n);
}

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock", "-lock", ".new"};
    for (size_t i = 0; path[0] && i < sizeof ends / sizeof *ends; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
    path[0] = 0;
}

static void close_store(struct store *s)
{
    store_close(s);
    remove_files();
}

static const struct conformance_kind kinds[] = {
    {"sqlite file", open_sqlite, close_store},
    {"sqlite in memory", open_sqlite_memory, close_store},
    {"memory", open_memory, close_store},
    {"memory kept in a file", open_memory_file, close_store},
};

static void unknown_kind(void **state)
{
    struct bw_err e;
    (void)state;
    check(!store_open("sqlit", &(struct store_opts){.name = "x"}, NULL, 0, &e));
    check_int(e.code, BW_BAD);
    check_says(&e, "did you mean 'sqlite'?");
}

static void unknown_sync(void **state)
{
    struct bw_err e;
    (void)state;
    check(!store_open("sqlite", &(struct store_opts){.name = "x", .sync = "ful"}, NULL, 0, &e));
    check_says(&e, "did you mean 'full'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(unknown_kind),
                                       cmocka_unit_test(unknown_sync)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (!mkdtemp(folder))
        return 1;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        failed += conformance_run(&kinds[i]);
    rmdir(folder);
    return failed;
}
