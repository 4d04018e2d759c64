#include "help/t.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

#include "core/clock.h"
#include "core/metric.h"
#include "os/process.h"

static pthread_barrier_t gate;

static void *stay(void *arg)
{
    pthread_barrier_wait(&gate);
    pthread_barrier_wait(&gate);
    return arg;
}

static void *nothing(void *arg)
{
    return arg;
}

static void looks(void **state)
{
    (void)state;
    struct process before, after;
    struct rlimit limit;
    pthread_t t;
    check(pthread_create(&t, NULL, nothing, NULL) ==
          0); /* with the first a sanitizer starts its own */
    pthread_join(t, NULL);
    process_look(&before);
    check(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    check_int(before.max_fds, limit.rlim_cur == RLIM_INFINITY ? -1 : (int64_t)limit.rlim_cur);
    check(before.resident > 0 && before.virtual >= before.resident);
    int64_t now = clock_wall_ms() * CLOCK_MS;
    check(before.started <= now && before.started > now - 3600 * CLOCK_SECOND);
    pthread_barrier_init(&gate, NULL, 2);
    check(pthread_create(&t, NULL, stay, NULL) == 0);
    pthread_barrier_wait(&gate);
    int fd = open("/dev/null", O_RDONLY);
    process_look(&after);
    check_int(after.fds, before.fds + 1);
    check_int(after.threads, before.threads + 1);
    check_int(after.started, before.started);
    close(fd);
    pthread_barrier_wait(&gate);
    pthread_join(t, NULL);
    pthread_barrier_destroy(&gate);
}

static void counts_cpu(void **state)
{
    (void)state;
    struct process before, after;
    process_look(&before);
    process_look(&after);
    check(before.cpu > 0 && after.cpu > before.cpu);
}

static void as_metrics(void **state)
{
    (void)state;
    struct bw_buf b;
    process_metrics();
    process_metrics();
    bw_buf_init(&b, 1 << 20);
    metric_write(&b, true);
    check(strstr(bw_buf_cstr(&b), "# TYPE process_cpu_seconds counter\n"));
    check(strstr(bw_buf_cstr(&b), "\nprocess_cpu_seconds_total 0."));
    check(strstr(bw_buf_cstr(&b), "\nprocess_start_time_seconds 1"));
    check(strstr(bw_buf_cstr(&b), "\nprocess_open_fds "));
    bw_buf_release(&b);
    metric_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(looks), cmocka_unit_test(counts_cpu),
                                       cmocka_unit_test(as_metrics)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
