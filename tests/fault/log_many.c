/* log_many.c: many threads log to one file, for tests/fault/test_logs.py: FILE THREADS RECORDS
 * ROTATE_SIZE PAD (bytes of text in each). Says "done" and the longest call in ns, and for each
 * line on standard input logs one more record; at its end says how many records were put and lost.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"

static int records;
static char pad[4096];
static size_t pad_n;
static _Atomic int64_t longest;

static void *many(void *arg)
{
    for (int i = 1; i <= records; i++) {
        int64_t began = clock_mono();
        log_info("test", "record", LOG_NUM("thread", (intptr_t)arg), LOG_NUM("n", i),
                 LOG_TEXT("pad", bw_str_of(pad, pad_n)));
        int64_t took = clock_mono() - began, most = longest;
        while (took > most && !atomic_compare_exchange_weak(&longest, &most, took))
            ;
        if (i % (pad_n ? 50 : 500) == 0)
            nanosleep(&(struct timespec){.tv_nsec = pad_n ? 4000000 : 1000000}, NULL);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[64];
    struct bw_err e;
    char line[16];
    if (argc != 6)
        return 2;
    int n = (int)strtol(argv[2], NULL, 10), extra = 0;
    records = (int)strtol(argv[3], NULL, 10);
    pad_n = (size_t)strtol(argv[5], NULL, 10);
    bw_must(pad_n <= sizeof pad);
    memset(pad, 'x', pad_n);
    struct log_opts o = {.level = LOG_LEVEL_INFO,
                         .json = true,
                         .path = argv[1],
                         .rotate = {.count = 1000, .size = strtoll(argv[4], NULL, 10)}};
    if (!o.rotate.size)
        o.rotate.count = 0;
    if (!log_start(&o, &e))
        return fprintf(stderr, "%s\n", e.text), 1;
    for (intptr_t i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, many, (void *)i);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    log_flush();
    printf("done %lld\n", (long long)longest);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        extra++;
        log_info("test", "record", LOG_NUM("thread", n), LOG_NUM("n", extra));
        log_flush();
        puts("ok");
        fflush(stdout);
    }
    log_stop();
    printf("put %d lost %llu\n", n * records + extra, (unsigned long long)log_lost());
    return 0;
}
