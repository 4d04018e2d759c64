/* Importers: one file of each kind, what becomes of every key that has a counterpart, what is told
 * of the others; and that the angel takes what was made. */
#include "angel/import.h"

#include <sys/stat.h>
#include <unistd.h>

#include "angel/conf.h"
#include "help/t.h"

struct bed {
    struct import *im;
    struct bw_buf text, notes;
    char folder[32], path[64];
    struct bw_err e;
};

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    check(f != NULL);
    fputs(text, f);
    fclose(f);
}

static void read_again(struct bed *b)
{
    import_write(b->im, &b->text);
    for (size_t i = 0; import_said(b->im, i); i++)
        bw_buf_printf(&b->notes, "%s\n", import_said(b->im, i));
}

static bool read_one(struct bed *b, const char *file, const char *text)
{
    *b = (struct bed){.folder = "/tmp/import_test_XXXXXX", .im = import_new()};
    bw_buf_init(&b->text, 1 << 20);
    bw_buf_init(&b->notes, 1 << 20);
    check(mkdtemp(b->folder) != NULL);
    snprintf(b->path, sizeof b->path, "%s/%s", b->folder, file);
    put(b->path, text);
    if (!import_read(b->im, NULL, b->path, &b->e))
        return false;
    read_again(b);
    return true;
}

static void has(struct bed *b, const char *text)
{
    if (!strstr(bw_buf_cstr(&b->text), text))
        print_message("no %s in\n%s", text, bw_buf_cstr(&b->text));
    check(strstr(bw_buf_cstr(&b->text), text) != NULL);
}

static void said(struct bed *b, const char *text)
{
    if (!strstr(bw_buf_cstr(&b->notes), text))
        print_message("no %s in\n%s", text, bw_buf_cstr(&b->notes));
    check(strstr(bw_buf_cstr(&b->notes), text) != NULL);
}

/* The angel takes it; c is the caller's to release. */
static void taken(struct bed *b, struct angel_conf *c)
{
    check_ok(angel_conf_parse(c, "made", bw_buf_str(&b->text), &b->e), &b->e);
}

static void drop(struct bed *b)
{
    unlink(b->path);
    rmdir(b->folder);
    import_free(b->im);
    bw_buf_release(&b->text);
    bw_buf_release(&b->notes);
}

static void reads_supervisord(void **state)
{
    (void)state;
    struct bed b;
    struct angel_conf c;
    check_ok(
        read_one(&b, "supervisord.conf",
                 "[supervisord]\nnodaemon=true\n"
                 "; a comment\n[program:web]\n"
                 "command=/bin/web --name %(program_name)s 100%%   ; why not\n"
                 "directory=/srv\nautorestart=unexpected\nexitcodes=0,2\nautostart=false\n"
                 "environment=A=\"1,2\",B='x %% y',C=z\nstdout_logfile=/var/log/%(program_name)s."
                 "log\nstdout_logfile_maxbytes=50MB\nstdout_logfile_backups=9\n"
                 "stderr_logfile=/x\nstopwaitsecs=15\nstopsignal=INT\nnumprocs=2\n"
                 "priority=7\nstartsecs=3\nstartretries=5\nfancy=1\n"
                 "[program:two]\ncommand=/bin/sleep\n    100\nstdout_logfile=NONE\n"
                 "[group:g]\nprograms=web, two,three\n[eventlistener:e]\ncommand=x\n"),
        &b.e);
    has(&b, "\"Run\": \"/bin/web --name web 100%%\"");
    has(&b, "\"RedirectLogRotateFiles\": 10");
    has(&b, "\"RedirectLogRotateBytes\": \"50MB\"");
    said(&b, "supervisord.conf: web: line 21: 'fancy' has no counterpart");
    said(&b, "[eventlistener:e] has no counterpart");
    said(&b, "startretries=5");
    said(&b, "stderr_logfile");
    said(&b, "group g: there is no program 'three'");
    taken(&b, &c);
    const struct unit_conf *web = &c.units[1], *two = &c.units[0];
    check(web->disabled && web->replicas == 2 && web->restart == RESTART_ON_FAILURE);
    check(web->n_success_codes == 2 && web->level == 7 && web->log.rotate.size == 50000000);
    assert_string_equal(web->argv[3], "100%");
    assert_string_equal(web->cwd, "/srv");
    assert_string_equal(web->log.path, "/var/log/web.log");
    assert_string_equal(web->group, "g");
    assert_string_equal(two->argv[1], "100");
    check(!two->log.path);
    angel_conf_release(&c);
    drop(&b);
}

static void reads_procfile(void **state)
{
    (void)state;
    struct bed b;
    struct angel_conf c;
    check_ok(read_one(&b, "Procfile",
                      "# comment\n\nweb: ./app -p $PORT\nworker: python3 -u w.py 'a b'\r\n"),
             &b.e);
    said(&b, "web: PORT is not given");
    taken(&b, &c);
    check_int(c.n_units, 2);
    assert_string_equal(c.units[0].argv[0], "/bin/sh");
    assert_string_equal(c.units[0].argv[2], "exec ./app -p $PORT");
    assert_string_equal(c.units[1].argv[3], "a b");
    assert_string_equal(c.units[1].cwd, b.folder);
    angel_conf_release(&c);
    drop(&b);
}

static void reads_systemd(void **state)
{
    (void)state;
    struct bed b;
    struct angel_conf c;
    check_ok(read_one(&b, "api.service",
                      "[Unit]\nDescription=An API\nAfter=network.target db.service\n"
                      "Requires=db.service\n[Service]\nType=notify\n"
                      "ExecStartPre=-/bin/mkdir -p /run/api\nExecStart=/opt/api \\\n  --all\n"
                      "ExecReload=/bin/kill -HUP $MAINPID\nExecStop=/opt/api --leave\n"
                      "Environment=\"A=b c\" D=e%i\nEnvironmentFile=-/etc/default/api\nUser=root\n"
                      "Group=root\nRestart=on-abnormal\nRestartSec=100ms\nTimeoutStopSec=1min\n"
                      "SuccessExitStatus=3 SIGKILL\nRestartPreventExitStatus=99\n"
                      "LimitNOFILE=1024:4096\nNice=5\nMemoryMax=64M\nCPUQuota=150%\nTasksMax=50\n"
                      "StartLimitBurst=5\nUMask=0027\nProtectSystem=strict\nKillSignal=SIGINT\n"
                      "StandardOutput=append:/var/log/api.log\n[Install]\nWantedBy=x.target\n"),
             &b.e);
    said(&b, "ProtectSystem has no counterpart");
    said(&b, "Needs 'db' is not among what was imported");
    said(&b, "Restart=on-abnormal became on-failure");
    said(&b, "takes numbers, not 'SIGKILL'");
    check(!strstr(bw_buf_cstr(&b.notes), "WantedBy") && !strstr(bw_buf_cstr(&b.notes), "network"));
    taken(&b, &c);
    const struct unit_conf *u = &c.units[0];
    assert_string_equal(u->name, "api");
    assert_string_equal(u->argv[1], "--all");
    check(u->start.n == 2 && u->stop.n == 2 && u->reload_signal == 1 && u->stop_signal == 2);
    assert_string_equal(u->start.p[0].text, "exec:/bin/mkdir -p /run/api");
    assert_string_equal(u->stop.p[1].text, "stop:%run%");
    check(u->backoff.base == 100000000 && u->stop_grace == INT64_C(60000000000));
    check(u->n_success_codes == 2 && u->success_codes[1] == 3 && u->abort_codes[0] == 99);
    check(u->n_limits == 1 && u->limits[0].value.rlim_max == 4096 && u->nice == 5);
    check(u->memory_max == 64 << 20 && u->cpu_per_mille == 1500 && u->pids_max == 50);
    check(u->budget == 5 && u->umask == 027 && u->user);
    assert_string_equal(u->log.path, "/var/log/api.log");
    has(&b, "\"Ready\": \"notify\"");
    has(&b, "\"D\": \"e%%i\"");
    angel_conf_release(&c);
    drop(&b);
}

static void reads_angelize(void **state)
{
    (void)state;
    struct bed b;
    struct angel_conf c;
    check_ok(
        read_one(&b, "one.service",
                 "// osUnknown, osWindows, …\n{\"name\": \"one\", \"RUN\": \"/bin/one %log%\", "
                 "/* a comment */ \"Level\": 10, \"AbortExitCodes\": [99, /* x */ 98,], "
                 "\"Whatever\": {\"a\": [1]}, \"OS\": \"osLinux\"}"),
        &b.e);
    has(&b, "\"Run\": \"/bin/one %log%\"");
    has(&b, "\"AbortExitCodes\": [99,98]");
    said(&b, "'Whatever' is no setting");
    check(!strstr(bw_buf_cstr(&b.text), "/*"));
    taken(&b, &c);
    check(c.units[0].level == 10 && c.units[0].n_abort_codes == 2);
    angel_conf_release(&c);
    char two[64];
    snprintf(two, sizeof two, "%s/two.service", b.folder);
    put(two, "{\"Name\": \"two\"}");
    import_free(b.im);
    b.im = import_new();
    check_ok(import_read(b.im, NULL, b.folder, &b.e), &b.e); /* the folder */
    check_int(import_count(b.im), 2);
    unlink(two);
    drop(&b);
}

static void refuses(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"x", "hello", "looks like nothing that can be imported"},
        {"x", "{\"Services\": []}", "works as it is"},
        {"x", "{\"Name\": 1", "x: "},
        {"x", "[supervisord]\n", "has no [program:…]"},
        {"x.service", "[Unit]\nDescription=x\n", "has no [Service]"},
        {"Procfile", "# nothing\n", "has no line like"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bed b;
        check(!read_one(&b, cases[i][0], cases[i][1]));
        check_says(&b.e, cases[i][2]);
        check(!import_read(b.im, "sytsemd", b.path, &b.e));
        check_says(&b.e, "did you mean 'systemd'?");
        drop(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_supervisord), cmocka_unit_test(reads_procfile),
        cmocka_unit_test(reads_systemd),     cmocka_unit_test(reads_angelize),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
