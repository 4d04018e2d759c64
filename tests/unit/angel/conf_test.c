/* The angel's settings: the example of the issue as it is, each key, each sentence with its place,
 * placeholders, order, folders. */
#include "angel/conf.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "help/t.h"

/* The file of the issue, unchanged. */
static const char example[] =
    "{ \"Services\": [\n"
    "  { \"Name\": \"api\", \"Description\": \"REST API Server\", \"Run\": "
    "\"/opt/app/api-server\",\n"
    "    \"Start\": [ \"start:%run%\" ], \"Stop\": [ \"stop:%run%\" ], \"Watch\": [ "
    "\"http://127.0.0.1:8080/health=200\" ],\n"
    "    \"WatchDelaySec\": 60, \"RetryStableSec\": 120, \"RedirectLogFile\": "
    "\"%log%api-console.log\", \"RedirectLogRotateFiles\": 5, \"RedirectLogRotateBytes\": "
    "10485760,\n"
    "    \"Notify\": \"admin@example.com,%log%alerts.log\" },\n"
    "  { \"Name\": \"worker\", \"Description\": \"Background Worker\", \"Run\": "
    "\"/opt/app/worker\", \"Start\": [ \"start:%run%\" ], \"Stop\": [ \"stop:%run%\" ], "
    "\"AbortExitCodes\": [ 99 ] } ] }\n";

struct bed {
    struct angel_conf c;
    struct bw_err e;
};

static bool parse(struct bed *b, const char *text)
{
    memset(b, 0, sizeof *b);
    return angel_conf_parse(&b->c, "a.json", bw_cstr(text), &b->e);
}

static void good(struct bed *b, const char *text)
{
    check_ok(parse(b, text), &b->e);
}

static void refused(const char *text, const char *says)
{
    struct bed b;
    check(!parse(&b, text));
    check_says(&b.e, says);
}

#define ONE(keys) "{\"Services\": [{\"Name\": \"a\", \"Run\": \"/bin/a\", " keys "}]}"

static void takes_the_example(void **state)
{
    (void)state;
    struct bed b;
    good(&b, example);
    check_int(b.c.n_units, 2);
    const struct unit_conf *api = &b.c.units[0], *worker = &b.c.units[1];
    assert_string_equal(api->name, "api");
    assert_string_equal(api->description, "REST API Server");
    assert_string_equal(api->argv[0], "/opt/app/api-server");
    check(!api->argv[1] && !api->disabled && api->os_matches);
    check(api->start.n == 1 && api->stop.n == 1 && api->watch.n == 1);
    check(api->start.p[0].argv == api->argv);
    check(api->watch_delay == 60 * CLOCK_SECOND && api->stable == 120 * CLOCK_SECOND);
    check(api->log.rotate.count == 5 && api->log.rotate.size == 10485760);
    char path[300];
    snprintf(path, sizeof path, "%sapi-console.log", b.c.log_folder);
    assert_string_equal(api->log.path, path);
    assert_string_equal(api->notify[0], "admin@example.com");
    snprintf(path, sizeof path, "%salerts.log", b.c.log_folder);
    assert_string_equal(api->notify[1], path);
    check(!api->notify[2]);
    check(worker->n_abort_codes == 1 && worker->abort_codes[0] == 99);
    check(!b.c.notes[0]);
    angel_conf_release(&b.c);
}

static void run_alone_is_enough(void **state)
{
    (void)state;
    struct bed b;
    good(&b, "{\"Services\": [{\"Name\": \"a\", \"Run\": \"/bin/a -x 'b c'\"}]}");
    const struct unit_conf *u = &b.c.units[0];
    assert_string_equal(u->argv[1], "-x");
    assert_string_equal(u->argv[2], "b c");
    check(!u->argv[3] && u->start.n == 0 && u->stop.n == 0);
    check(u->level == 1 && u->replicas == 1 && u->stop_signal == SIGTERM && !u->reload_signal);
    check(u->umask == 022 && !u->user && !u->cwd && u->restart == RESTART_ALWAYS);
    check(u->stop_grace == 10 * CLOCK_SECOND && u->stable == 60 * CLOCK_SECOND);
    check(u->backoff.base == 2 * CLOCK_SECOND && u->backoff.factor == 2);
    check(u->backoff.cap == 240 * CLOCK_SECOND && u->backoff.jitter == 100);
    check(u->n_success_codes == 1 && u->success_codes[0] == 0 && u->n_abort_codes == 0);
    check(strstr(u->log.path, "/a.log") != NULL && u->log.full == CAPTURE_DROP_OLDEST);
    angel_conf_release(&b.c);
}

static void takes_every_key(void **state)
{
    (void)state;
    struct bed b;
    good(&b,
         "{ // comments\n \"servicename\": \"m\", \"HTTPTIMEOUTMS\": 300, \"StartDelayMS\": 5,\n"
         "\"StartTimeoutSec\": 7, "
         "\"GuardPercent\": 20, \"Services\": [{\"name\": \"a\", \"run\": [\"/bin/a b\", \"c\"],"
         "\"LEVEL\": 3, \"os\": \"oslinux\", \"StartEnv\": [\"A=1\"], \"Env\": {\"B\": 2, \"C\": "
         "true, \"A\": \"3\"},"
         "\"StartWorkDir\": \"/tmp\", \"User\": \"0:0\", \"Umask\": \"077\", \"Limits\": "
         "{\"nofile\": 1024, \"CORE\": \"unlimited\", \"as\": \"1K:2K\"}, \"Nice\": 5,"
         "\"MemoryMax\": \"1M\", \"CpuMax\": 1.5, \"PidsMax\": 9, \"Replicas\": 2,"
         "\"Listen\": {\"http\": \"127.0.0.1:0\"}, \"StopSignal\": \"int\", \"ReloadSignal\": "
         "\"SIGHUP\", \"StopRunAbortTimeoutSec\": \"1.5s\", \"Restart\": \"on-failure\","
         "\"AbortSignals\": \"KILL, SEGV\", \"SuccessExitCodes\": [0, 3], \"RetryJitter\": 0,"
         "\"RestartGroup\": \"g\", \"Strategy\": \"rest\", \"RedirectLogFull\": \"block\","
         "\"RedirectLogDaily\": true, \"RedirectLogFile\": \"x.log\", \"Rolling\": 0,"
         "\"StartOptions\": [\"soReplaceEnv\"], \"WatchCountRestart\": 0, \"Watch\": "
         "\"http://127.0.0.1:1/\", }]}");
    const struct unit_conf *u = &b.c.units[0];
    assert_string_equal(b.c.name, "m");
    check(b.c.http_timeout == 300 * CLOCK_MS && strstr(b.c.notes[0], "StartDelayMS: not used"));
    check(u->start_timeout == 7 * CLOCK_SECOND && u->watch.p[0].timeout == 300 * CLOCK_MS);
    check(b.c.guard_share == 200 && u->level == 3 && u->os_matches);
    assert_string_equal(u->argv[0], "/bin/a b");
    assert_string_equal(u->run, "\"/bin/a b\" c");
    check(strncmp(u->env[0], "PATH=", 5) == 0);
    assert_string_equal(u->cwd, "/tmp");
    check(u->user && u->user->uid == 0 && u->umask == 077 && u->nice == 5);
    check(u->n_limits == 3 && u->limits[0].what == RLIMIT_NOFILE);
    check(u->limits[0].value.rlim_cur == 1024 && u->limits[1].value.rlim_max == RLIM_INFINITY);
    check(u->limits[2].value.rlim_cur == 1024 && u->limits[2].value.rlim_max == 2048);
    check(u->memory_max == 1 << 20 && u->cpu_per_mille == 1500 && u->pids_max == 9);
    check(u->replicas == 2 && u->n_listen == 1 && u->rolling_surge == 0);
    assert_string_equal(u->listen[0].name, "http");
    assert_string_equal(u->listen[0].address, "127.0.0.1:0");
    check(u->stop_signal == SIGINT && u->reload_signal == SIGHUP);
    check(u->stop_grace == 1500 * CLOCK_MS && u->restart == RESTART_ON_FAILURE);
    check(u->n_abort_signals == 2 && u->abort_signals[1] == SIGSEGV && u->n_success_codes == 2);
    check(u->backoff.jitter == 0 && u->strategy == STRATEGY_REST && u->log.full == CAPTURE_BLOCK);
    check(u->log.rotate.daily && u->watch_failures == 0);
    struct bw_arena a;
    bw_arena_init(&a);
    check(strstr(angel_conf_log_path(u, 2, &a), "/x-2.log") != NULL);
    bw_arena_release(&a);
    angel_conf_release(&b.c);
}

static const char *env_of(const struct unit_conf *u, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; u->env[i]; i++) {
        if (!strncmp(u->env[i], name, n) && u->env[i][n] == '=')
            return u->env[i] + n + 1;
    }
    return NULL;
}

static void makes_the_environment(void **state)
{
    (void)state;
    struct bed b;
    char folder[] = "/tmp/conf_test_XXXXXX", path[64], text[300];
    check(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/env", folder);
    FILE *f = fopen(path, "w");
    fputs("# comment\n\nexport X = \"a b\"\nY='c'\r\nZ=from file\n", f);
    fclose(f);
    setenv("NOTIFY_SOCKET", "/x", 1);
    setenv("HANDED", "down", 1);
    snprintf(text, sizeof text,
             ONE("\"EnvFiles\": [\"%s\", \"-/not/there\"], \"Env\": {\"Z\": "
                 "\"%%name%%!\"}"),
             path);
    good(&b, text);
    const struct unit_conf *u = &b.c.units[0];
    assert_string_equal(env_of(u, "X"), "a b");
    assert_string_equal(env_of(u, "Y"), "c");
    assert_string_equal(env_of(u, "Z"), "a!");
    assert_string_equal(env_of(u, "HANDED"), "down");
    check(!env_of(u, "NOTIFY_SOCKET"));
    angel_conf_release(&b.c);
    good(&b, ONE("\"ClearEnv\": true, \"User\": \"root\""));
    u = &b.c.units[0];
    check(!env_of(u, "HANDED") && env_of(u, "PATH") && !strcmp(env_of(u, "HOME"), "/root"));
    angel_conf_release(&b.c);
    unsetenv("NOTIFY_SOCKET");
    f = fopen(path, "w");
    fputs("A=1\nno pair\n", f);
    fclose(f);
    check(!parse(&b, text));
    check_says(&b.e, "a.json:1:");
    check_says(&b.e, "env:2: this is no NAME=value");
    unlink(path);
    check(!parse(&b, text));
    check_says(&b.e, "No such file");
    rmdir(folder);
}

static void says_where(void **state)
{
    (void)state;
    refused("{\"Services\": [\n  {\"Name\": \"a\", \"Rum\": \"/bin/a\"}]}",
            "a.json:2:17: Services[0]: unknown setting 'Rum', did you mean 'Run'?");
    refused("{\"Servces\": []}", "a.json:1:2: unknown setting 'Servces', did you mean 'Services'?");
    refused("{\"Services\": [{\"Run\": \"/bin/a\"}]}", "Services[0] lacks 'Name'");
    refused("{\"Services\": [{\"Name\": \"a\"},\n{\"Name\": \"A\"}]}",
            "a.json:2:10: there is a service 'A' already, at a.json:1:24");
    refused(ONE("\"Needs\": [\"a\", \n\"b\"]"), "a.json:2:1: there is no service 'b'");
    refused("{\"Services\": [{\"Name\": \"api\", \"Needs\": [\n\"wroker\"]}, {\"Name\": "
            "\"worker\"}]}",
            "a.json:2:1: there is no service 'wroker', did you mean 'worker'?");
    refused(ONE("\"Run\": \"x\""), "Services[0].Run is given twice");
    refused(ONE("\"StopSignal\": \"TREM\""), "there is no signal 'TREM', did you mean 'TERM'?");
    refused(ONE("\"Limits\": {\"NOFIEL\": 1}"),
            "a.json:1:67: there is no limit 'NOFIEL', did you mean "
            "'NOFILE'?");
    refused(ONE("\"Limits\": {\"NOFILE\": \"2:1\"}"), "the soft limit is above the hard one");
    refused(ONE("\"Limits\": {\"NOFILE\": \"x\"}"), "a limit is like");
    refused(ONE("\"Umask\": \"8\""), "Umask is octal");
    refused(ONE("\"User\": \"no-such-user\""), "no-such-user");
    refused(ONE("\"Group\": \"adm\""), "a Group needs a User");
    refused(ONE("\"Nice\": 20"), "must be between -20 and 19");
    refused(ONE("\"Listen\": {\"x\": \"8080\"}"), "a socket is");
    refused(ONE("\"StartOptions\": \"soReplaceEnw\""), "did you mean 'soReplaceEnv'?");
    refused(ONE("\"OS\": \"osLinx\""), "did you mean 'osLinux'?");
    refused(ONE("\"RetryFactor\": 0.5"), "this is a factor from 1 to 100");
    refused(ONE("\"StartWorkDir\": \"x\""), "begins with '/'");
    refused("{\"Services\": [{\"Name\": \"a/b\"}]}", "a.json:1:24: a name has none of /");
    refused("{\"Services\": [{\"Name\": \"a\", \"Run\": \"a | b\"}]}", "write \"sh:…\"");
    refused("{\"Services\": [{\"Name\": \"a\", \"Run\": \"a 'b\"}]}", "a ' is not closed");
    refused("{\"ControlListen\": \"127.0.0.1:1\"}", "ControlListen needs a ControlToken");
    refused("{\"ControlListen\": \"10.0.0.1:1\", \"ControlToken\": \"x\"}",
            "a.json:1:19: ControlListen is reached from other machines and has no TLS");
    refused("{\"ControlListen\": \"any.example:1\", \"ControlToken\": \"x\"}", "set ControlCert");
    refused("{\"ControlKey\": \"key.pem\"}", "ControlKey is the key of ControlCert");
    refused("{\"Smtp\": \"@/no/such/file\"}", "a.json:1:10: Smtp: ");
    refused("{\"HmacSecret\": 17}", "is something else");
    refused("[Unit]\nDescription=x\n", "a.json is a systemd unit; `burrow angel import a.json`");
    refused("[program:x]\n", "is of supervisord");
}

static void tells_cycles(void **state)
{
    (void)state;
    refused("{\"Services\": [{\"Name\": \"a\", \"Needs\": \"b\"}, {\"Name\": \"b\", \"After\": "
            "\"c\"}, {\"Name\": \"c\", \"Needs\": \"a\"}]}",
            "services wait for each other: a waits for b waits for c waits for a");
    refused("{\"Services\": [{\"Name\": \"a\", \"Needs\": \"a\"}]}", "a waits for a");
}

static void orders(void **state)
{
    (void)state;
    struct bed b;
    good(&b,
         "{\"Services\": [{\"Name\": \"z\"}, {\"Name\": \"b\", \"Level\": 2}, {\"Name\": \"c\", "
         "\"After\": \"Y, z\"}, {\"Name\": \"y\", \"Level\": 9, \"Needs\": [\"x\"]}, "
         "{\"Name\": \"x\", \"Level\": 5}, {\"Name\": \"off\", \"Level\": 0}]}");
    static const char *const want[] = {"off", "x", "y", "z", "c", "b"};
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(b.c.units[i].name, want[i]);
    check(b.c.units[0].disabled && !b.c.units[1].disabled);
    assert_string_equal(b.c.units[4].after[0], "y"); /* as it is written there */
    angel_conf_release(&b.c);
}

static void fills_placeholders(void **state)
{
    (void)state;
    struct bed b;
    setenv("TMPDIR", "/var/tmp", 1);
    good(&b, "{\"ServiceName\": \"m\", \"Services\": [{\"Name\": \"a\", \"Description\": \"100% of "
             "%%x%% %NAME%\", \"Run\": \"%temp%app --log '%log%%name%.l' %agl.ServiceName%\", "
             "\"Start\": [\"exec:/bin/x %run% '%name% y'\", \"start:\"], \"Notify\": "
             "\"/bin/n %what% %msg%\", \"Env\": {\"D\": \"%WatchDelaySec%%Level%%agl.base%\"}}]}");
    const struct unit_conf *u = &b.c.units[0];
    assert_string_equal(u->description, "100% of %x% a");
    assert_string_equal(u->argv[0], "/var/tmp/app");
    check(strstr(u->argv[2], "/a.l") != NULL);
    assert_string_equal(u->argv[3], "m");
    assert_string_equal(u->notify[0], "/bin/n %what% %msg%");
    assert_string_equal(env_of(u, "D"), "601/");
    assert_string_equal(u->start.p[0].argv[0], "/bin/x");
    check(u->start.p[1].argv == u->argv);
    struct bw_arena a;
    bw_arena_init(&a);
    assert_string_equal(angel_conf_fill(&b.c, u, "<%name% %run% %agl.httptimeoutms%>", &a, &b.e),
                        bw_arena_printf(&a, "<a %s 2000>", u->run).p);
    check(!angel_conf_fill(&b.c, NULL, "%name%", &a, &b.e));
    check_says(&b.e, "nothing is called %name%");
    bw_arena_release(&a);
    angel_conf_release(&b.c);
    unsetenv("TMPDIR");
    refused(ONE("\"Description\": \"%nmae%\""),
            "a.json:1:61: nothing is called %nmae%, did you mean 'Name'?");
    refused(ONE("\"Description\": \"%description%\""), "placeholders contain each other");
    refused(ONE("\"Env\": {\"P\": \"%agl.Smtp%\"}"), "is a secret");
    refused(ONE("\"Env\": {\"P\": \"%agl.Bse%\"}"), "did you mean 'agl.base'?");
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    check(f != NULL);
    fputs(text, f);
    fclose(f);
}

static void reads_folders(void **state)
{
    (void)state;
    struct bed b = {0};
    char folder[] = "/tmp/conf_test_XXXXXX", path[64], services[64], command[128];
    check(mkdtemp(folder) != NULL);
    snprintf(services, sizeof services, "%s/services", folder);
    snprintf(path, sizeof path, "%s/a.settings", folder);
    mkdir(services, 0700);
    put(services, "one.service",
        "{\"Name\": \"one\", \"Run\": \"%agl.base%bin/one\", \"Level\": 10}");
    put(services, "two.service",
        "{\"Name\": \"two\", \"Run\": \"/bin/two\", \"Needs\": \"three\"}");
    put(services, "other.txt", "no JSON");
    put(folder, "a.settings",
        "{\"State\": \"state\", \"LogPath\": \"logs\", \"Services\": "
        "[{\"Name\": \"three\"}], \"CommandFile\": \"x\"}");
    check_ok(angel_conf_load(&b.c, path, &b.e), &b.e);
    check_int(b.c.n_units, 3);
    assert_string_equal(b.c.units[0].name, "three");
    assert_string_equal(b.c.units[2].name, "one");
    char want[128];
    snprintf(want, sizeof want, "%s/bin/one", folder);
    assert_string_equal(b.c.units[2].argv[0], want);
    snprintf(want, sizeof want, "%s/state", folder);
    assert_string_equal(b.c.state, want);
    snprintf(want, sizeof want, "unix:%s/state/control.sock", folder);
    assert_string_equal(b.c.control, want);
    snprintf(want, sizeof want, "%s/logs/", folder);
    assert_string_equal(b.c.log_folder, want);
    check(strstr(b.c.notes[0], "CommandFile: not read") && !b.c.notes[1]);
    angel_conf_release(&b.c);
    check_ok(angel_conf_load_at(&b.c, path, "/elsewhere", &b.e), &b.e);
    assert_string_equal(b.c.state, "/elsewhere");
    angel_conf_release(&b.c);

    put(services, "three.service", "{\n\"Name\": \"three\"}");
    check(!angel_conf_load(&b.c, path, &b.e));
    check_says(&b.e, "services/three.service:2:9: there is a service 'three' already, at ");
    put(services, "three.service", "[Unit]\n");
    check(!angel_conf_load(&b.c, path, &b.e));
    check_says(&b.e, "three.service is a systemd unit");
    put(services, "three.service", "{\"Name\": \"three\"}");
    check_ok(angel_conf_load(&b.c, services, &b.e), &b.e); /* the folder alone */
    check_int(b.c.n_units, 3);
    angel_conf_release(&b.c);
    put(folder, "a.settings", "{\"Folder\": \"nowhere\"}");
    check(!angel_conf_load(&b.c, path, &b.e));
    check_says(&b.e, "nowhere");
    snprintf(command, sizeof command, "%s/gone", folder);
    check(!angel_conf_load(&b.c, command, &b.e));
    check_says(&b.e, "gone");
    static const char *const files[] = {"services/one.service", "services/two.service",
                                        "services/three.service", "services/other.txt",
                                        "a.settings"};
    for (size_t i = 0; i < 5; i++) {
        snprintf(want, sizeof want, "%s/%s", folder, files[i]);
        unlink(want);
    }
    rmdir(services);
    rmdir(folder);
}

int main(void)
{
    unsetenv("STATE_DIRECTORY");
    unsetenv("LOGS_DIRECTORY");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_example),
        cmocka_unit_test(run_alone_is_enough),
        cmocka_unit_test(takes_every_key),
        cmocka_unit_test(makes_the_environment),
        cmocka_unit_test(says_where),
        cmocka_unit_test(tells_cycles),
        cmocka_unit_test(orders),
        cmocka_unit_test(fills_placeholders),
        cmocka_unit_test(reads_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
