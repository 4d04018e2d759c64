/* conf_keys.c: the settings as tables: parser, checks, help, docs/angel-settings.md, JSON Schema
 * and "did you mean" are made of them. Names are read in any case. `live` marks what a changed
 * setting puts in force without a restart of the service; everything else restarts it (`burrow
 * angel plan` says so). Adding a key: a row here, a member in conf_int.h, its way into unit_conf
 * in conf_unit.c. */
#include "angel/conf_int.h"

#include "core/words.h"

/* ---- how one text becomes several ---- */

static const char **at_commas(bw_str text, struct bw_arena *a, struct bw_err *e)
{
    const char **out = bw_arena_alloc(a, (text.n + 2) * sizeof *out);
    size_t n = 0;
    bw_str part;
    (void)e;
    while (bw_str_cut(&text, ',', &part)) {
        part = bw_str_trim(part);
        if (part.n)
            out[n++] = bw_arena_cstr(a, part);
    }
    out[n] = NULL;
    return out;
}

static const char **as_command(bw_str text, struct bw_arena *a, struct bw_err *e)
{
    text = bw_str_trim(text);
    if (bw_str_starts(text, BW_LIT("sh:"))) {
        const char **shell = BW_NEW_N(a, const char *, 4);
        shell[0] = "/bin/sh";
        shell[1] = "-c";
        shell[2] = bw_arena_cstr(a, bw_str_of(text.p + 3, text.n - 3));
        return shell;
    }
    if (!words_want_shell(text))
        return words_split(text, a, e);
    bw_fail(e, BW_BAD,
            "this is for a shell, and none is used unless asked for: write \"sh:…\", or put "
            "quotes around what the program is to get as it is");
    return NULL;
}

/* ---- checks of real numbers ---- */

static bool is_part(const void *value, struct bw_err *e)
{
    double v = *(const double *)value;
    return (v >= 0 && v <= 1) || bw_fail(e, BW_BAD, "this is a part: from 0 to 1");
}

static bool is_factor(const void *value, struct bw_err *e)
{
    double v = *(const double *)value;
    return (v >= 1 && v <= 100) || bw_fail(e, BW_BAD, "this is a factor from 1 to 100");
}

static bool is_cpus(const void *value, struct bw_err *e)
{
    double v = *(const double *)value;
    return v == 0 || (v >= 0.01 && v <= 10000) ||
           bw_fail(e, BW_BAD, "this is a number of CPUs, at least 0.01");
}

/* ---- a probe ---- */

#define AT_PROBE(m) OPT_AT(struct conf_probe, m)

static const struct option probe_keys[] = {
    {"Check", OPT_CSTR, AT_PROBE(check),
     .help = "\"http://127.0.0.1:8080/ready=200\", \"tcp:127.0.0.1:5432\", \"unix:/run/x.sock\", "
             "\"exec:/opt/check\" (exit code 0), \"log:TEXT OF A LINE\", \"notify\" (sd_notify)."},
    {"Member", OPT_CSTR, AT_PROBE(member),
     .help = "http: the answer must be a JSON object with this member; \"a.b\" goes deeper."},
    {"Equals", OPT_CSTR, AT_PROBE(equals), .help = "http: what that member must be."},
    {"Interval", OPT_DURATION, AT_PROBE(interval), .max = INT64_C(86400000000000),
     .help = "From one try to the next; 0: one second, ten for Live."},
    {"Timeout", OPT_DURATION, AT_PROBE(timeout), .initial = "2", .min = 1000000,
     .max = INT64_C(86400000000000), .help = "How long a try may take."},
    {"Grace", OPT_DURATION, AT_PROBE(grace), .max = INT64_C(86400000000000),
     .help = "Failures so soon after the start do not count."},
    {"Success", OPT_INT, AT_PROBE(success), .initial = "1", .min = 1, .max = 1000,
     .help = "Good tries in a row from which it counts as good."},
    {"Failure", OPT_INT, AT_PROBE(failure), .initial = "3", .min = 1, .max = 1000,
     .help = "Failures in a row from which it counts as failed."},
    {"Jitter", OPT_REAL, AT_PROBE(jitter), .initial = "0.1", .check = is_part,
     .help = "Part of the interval by which tries are spread, so that not all come at once."},
    {0},
};

/* ---- a service ---- */

#define AT(m)   OPT_AT(struct conf_entry, m)
#define CONF(m) OPT_AT(struct conf_entry, conf.m)

#define DAY  INT64_C(86400000000000)
#define YEAR (366 * DAY)

static const char *const restarts[] = {"always", "on-failure", "never", NULL};
static const char *const strategies[] = {"one", "rest", "all", NULL};
static const char *const fulls[] = {"drop-oldest", "drop-new", "block", NULL};

const struct option conf_unit_keys[] = {
    {"Name", OPT_CSTR, CONF(name), .required = true,
     .help = "What it is called: unique, upper and lower case being the same."},
    {"Description", OPT_CSTR, CONF(description), .live = true, .help = "For people."},
    {"Disabled", OPT_BOOL, CONF(disabled), .help = "It is not started."},
    {"Level", OPT_INT, CONF(level), .initial = "1", .min = -1000000, .max = 1000000, .live = true,
     .help = "Lower levels start first and stop last; 0 and less: disabled."},
    {"OS", OPT_ENUM, AT(os), .initial = "\"osUnknown\"", .names = conf_os_names,
     .help = "Only there; \"osUnknown\" is everywhere."},
    {"Run", OPT_TEXTS, AT(run), .split = as_command,
     .help = "The command: one text, split at blanks (quotes hold together, no shell unless it "
             "begins with \"sh:\"), or an array of words as they are."},
    {"Start", OPT_TEXTS, AT(start), .help = "Steps to start it, in order; none: \"start:%run%\"."},
    {"Stop", OPT_TEXTS, AT(stop), .live = true, .help = "Steps to stop it; none: \"stop:%run%\"."},
    {"Watch", OPT_TEXTS, AT(watch), .live = true,
     .help = "Steps that tell whether it works, run every WatchDelaySec."},
    {"WatchDelaySec", OPT_DURATION, CONF(watch_delay), .initial = "60", .min = 1000000, .max = YEAR,
     .live = true, .help = "From one round of Watch to the next."},
    {"WatchCountRestart", OPT_INT, CONF(watch_failures), .initial = "2", .max = 1000000,
     .live = true, .help = "Failed rounds in a row that restart it."},
    {"StartWorkDir", OPT_CSTR, CONF(cwd), .help = "The folder it runs in; none: \"/\"."},
    {"StartEnv", OPT_PAIRS, AT(start_env),
     .help = "\"NAME=value\" texts added to its environment; the same as Env."},
    {"StartOptions", OPT_TEXTS, AT(options), .split = at_commas,
     .help = "soReplaceEnv: the angel's environment is not handed down (ClearEnv). "
             "soRedirectLogRotateCompress: rotated logs are compressed, which they are anyway. "
             "soWinJobCloseChildren: Windows only; here a stopped service leaves nothing."},
    {"Env", OPT_PAIRS, AT(env), .help = "Added to its environment: {\"NAME\": \"value\"}."},
    {"EnvFiles", OPT_TEXTS, AT(env_files),
     .help = "Files of NAME=value lines, read before Env; one that begins with \"-\" may be "
             "missing."},
    {"ClearEnv", OPT_BOOL, AT(clear_env),
     .help = "Its environment is PATH, Env and EnvFiles only."},
    {"User", OPT_CSTR, AT(user), .help = "It runs as this user: \"www-data\", \"www-data:adm\"."},
    {"Group", OPT_CSTR, AT(user_group), .help = "And with this group."},
    {"Umask", OPT_CSTR, AT(umask), .initial = "\"022\"", .help = "Octal, as a text."},
    {"Limits", OPT_PAIRS, AT(limits),
     .help = "Resource limits: {\"NOFILE\": 65536, \"CORE\": \"unlimited\", \"AS\": \"1G\", "
             "\"NPROC\": \"100:200\"} (soft:hard)."},
    {"Nice", OPT_INT, AT(nice), .min = -20, .max = 19, .help = "Its share when CPUs are busy."},
    {"MemoryMax", OPT_SIZE, CONF(memory_max),
     .help = "Its memory, where cgroups are delegated; 0: any."},
    {"CpuMax", OPT_REAL, AT(cpu_max), .check = is_cpus,
     .help = "Its CPUs (1.5), where cgroups are delegated; 0: any."},
    {"PidsMax", OPT_INT, CONF(pids_max), .max = INT32_MAX,
     .help = "Its processes and threads, where cgroups are delegated; 0: any."},
    {"After", OPT_TEXTS, CONF(after), .split = at_commas, .live = true,
     .help = "Services that start before it, if they are to run at all, and stop after it."},
    {"Needs", OPT_TEXTS, CONF(needs), .split = at_commas, .live = true,
     .help = "Services that must be ready before it starts."},
    {"RestartGroup", OPT_CSTR, CONF(group), .live = true,
     .help = "Services of the same group are restarted together, as Strategy says."},
    {"Strategy", OPT_ENUM, CONF(strategy), .initial = "\"one\"", .names = strategies, .live = true,
     .help = "When it ends, of its RestartGroup: it alone, it and those started after it, or all."},
    {"Replicas", OPT_INT, CONF(replicas), .initial = "1", .min = 1, .max = 1000, .live = true,
     .help = "So many of it run: NAME, NAME#2 …; BURROW_UNIT tells it which it is."},
    {"Listen", OPT_PAIRS, AT(listen),
     .help =
         "Sockets the angel opens and hands over (LISTEN_FDS): {\"http\": "
         "\"127.0.0.1:8080\", \"ctl\": \"unix:/run/x.sock\"}. \"fd:NAME\" is one that the angel "
         "itself was given by systemd (FileDescriptorName=; fd:NAME#2 the second of that name)."},
    {"Rolling", OPT_INT, CONF(rolling_surge), .initial = "1", .max = 1000, .live = true,
     .help = "Changes restart services with Replicas or Listen one after another: so many new "
             "ones are started before old ones go. 0: all at once."},
    {"StopSignal", OPT_CSTR, AT(stop_signal), .initial = "\"TERM\"", .live = true,
     .help = "Asks it to end."},
    {"ReloadSignal", OPT_CSTR, AT(reload_signal), .live = true,
     .help = "Asks it to read its settings anew; none: a reload is a restart."},
    {"StopRunAbortTimeoutSec", OPT_DURATION, CONF(stop_grace), .initial = "10", .max = YEAR,
     .live = true, .help = "Time to end in, then it and all it has started are killed."},
    {"StartTimeoutSec", OPT_DURATION, CONF(start_timeout), .max = YEAR, .live = true,
     .help = "Time to become ready in, then it counts as failed; 0: any."},
    {"Restart", OPT_ENUM, CONF(restart), .initial = "\"always\"", .names = restarts, .live = true,
     .help = "When it ends unasked."},
    {"RetryStableSec", OPT_DURATION, CONF(stable), .initial = "60", .max = YEAR, .live = true,
     .help = "Having run so long it counts as stable: its next restart is at once. 0: it is never "
             "restarted."},
    {"RetryDelay", OPT_DURATION, CONF(backoff.base), .initial = "2", .min = 1000000, .max = DAY,
     .live = true,
     .help = "The first restart is at once; then the pause is RetryDelay × RetryFactor^n."},
    {"RetryFactor", OPT_REAL, CONF(backoff.factor), .initial = "2", .live = true,
     .check = is_factor, .help = "How the pause grows, 1 to 100."},
    {"RetryMax", OPT_DURATION, CONF(backoff.cap), .initial = "\"4min\"", .min = 1000000,
     .max = YEAR, .live = true, .help = "The longest pause."},
    {"RetryJitter", OPT_REAL, AT(retry_jitter), .initial = "0.1", .live = true, .check = is_part,
     .help = "Part of the pause by which it is spread."},
    {"RestartBudget", OPT_INT, CONF(budget), .initial = "100", .max = 1000000, .live = true,
     .help = "At most so many restarts of each replica within any RestartBudgetSec, but those "
             "that were asked for; 0: any."},
    {"RestartBudgetSec", OPT_DURATION, CONF(budget_window), .initial = "60", .min = 1000000000,
     .max = YEAR, .live = true, .help = "See RestartBudget."},
    {"AbortExitCodes", OPT_INTS, AT(abort_codes), .live = true,
     .help = "Exit codes after which it stays down until `burrow ctl retry`."},
    {"AbortSignals", OPT_TEXTS, AT(abort_signals), .split = at_commas, .live = true,
     .help = "The same for signals it dies of."},
    {"SuccessExitCodes", OPT_INTS, AT(success_codes), .initial = "[0]", .max = 255, .live = true,
     .help = "Exit codes that are no failure."},
    {"Startup", OPT_SECTION, AT(probes[PROBE_STARTUP]), .options = probe_keys, .brief = true,
     .live = true, .help = "A probe of having started: until it is good, Live does not count."},
    {"Ready", OPT_SECTION, AT(probes[PROBE_READY]), .options = probe_keys, .brief = true,
     .live = true,
     .help = "A probe of being ready: until it is good, services that need it wait. Without one, "
             "it is ready when it runs."},
    {"Live", OPT_SECTION, AT(probes[PROBE_LIVE]), .options = probe_keys, .brief = true,
     .live = true, .help = "A probe of being alive: when it fails, the service is restarted."},
    {"RedirectLogFile", OPT_CSTR, AT(log_file), .initial = "\"%log%%name%.log\"", .live = true,
     .help = "What it prints is written there. Empty: only the last 64 KiB are kept, in memory."},
    {"RedirectLogRotateFiles", OPT_INT, AT(log_files), .initial = "5", .max = 10000, .live = true,
     .help = "So many files are kept, the current one among them; 0 and 1: it is not rotated."},
    {"RedirectLogRotateBytes", OPT_SIZE, AT(log_bytes), .initial = "\"100 MiB\"", .live = true,
     .help = "The size it is rotated at; 0: any."},
    {"RedirectLogRotateTotal", OPT_SIZE, AT(log_total), .live = true,
     .help = "Rotated files together, the oldest go; 0: any."},
    {"RedirectLogDaily", OPT_BOOL, AT(log_daily), .live = true,
     .help = "It is rotated each day too."},
    {"RedirectLogHour", OPT_INT, AT(log_hour), .max = 23, .live = true,
     .help = "At this hour, local time."},
    {"RedirectLogPlain", OPT_BOOL, CONF(log.rotate.keep_plain), .live = true,
     .help = "Rotated files are not compressed."},
    {"RedirectLogStamp", OPT_BOOL, CONF(log.stamp), .live = true,
     .help = "Each line begins with its time."},
    {"RedirectLogFull", OPT_ENUM, CONF(log.full), .initial = "\"drop-oldest\"", .names = fulls,
     .live = true,
     .help = "When the disk is full: rotated files go, or new lines are dropped and counted, or "
             "the service waits."},
    {"Notify", OPT_TEXTS, CONF(notify), .split = at_commas, .live = true,
     .help = "Who is told of failures and recoveries: an address with \"@\" gets mail, "
             "\"http://…\" a POST, an executable file is run, \"syslog\" is syslog, any other is "
             "a file to append to."},
    {0},
};

/* ---- the angel ---- */

#define MAIN(m) OPT_AT(struct conf_main, m)

const struct option conf_main_keys[] = {
    {"Services", OPT_LIST, MAIN(services), .options = conf_unit_keys,
     .item_size = sizeof(struct conf_entry), .live = true, .help = "What to keep running."},
    {"Folder", OPT_CSTR, MAIN(folder), .live = true,
     .help = "A folder of files with one service each; none: \"services\" beside these settings, "
             "if it is there."},
    {"Ext", OPT_CSTR, MAIN(ext), .initial = "\".service\"", .live = true,
     .help = "How the names of those files end."},
    {"ServiceName", OPT_CSTR, MAIN(service_name), .initial = "\"angel\"",
     .help = "What this angel is called, in notices and metrics."},
    {"ServiceDisplayName", OPT_CSTR, MAIN(display_name), .help = "For people."},
    {"ServiceExecutable", OPT_CSTR, MAIN(executable), .help = "Windows only."},
    {"Log", OPT_RAW, MAIN(log),
     .help = "Angelize's levels: not used, the angel logs what matters to standard error."},
    {"LogPath", OPT_CSTR, MAIN(log_path),
     .help = "%log%; none: $LOGS_DIRECTORY, or /var/log/burrow, or \"log\" within the state "
             "folder."},
    {"LogRotateFileCount", OPT_INT, MAIN(log_rotate), .max = 10000,
     .help = "Angelize's own log: not used."},
    {"HttpTimeoutMS", OPT_INT, MAIN(http_timeout), .initial = "2000", .min = 1, .max = 3600000,
     .live = true, .help = "For http and https steps."},
    {"ExitWith", OPT_CSTR, MAIN(exit_with), .live = true,
     .help = "A service: when it has ended for good the angel stops all others and ends with its "
             "exit code (128 and the signal's number when it was killed). For containers."},
    {"StateFile", OPT_CSTR, MAIN(state_file),
     .help = "StateFile.html becomes a page that shows how things are."},
    {"HtmlStateFileIdentifier", OPT_CSTR, MAIN(state_title), .help = "The title of that page."},
    {"CommandFile", OPT_CSTR, MAIN(command_file), .help = "Not read: there is `burrow ctl`."},
    {"StartDelayMS", OPT_INT, MAIN(start_delay), .max = 3600000,
     .help = "Not used: the next Level starts as soon as the one before runs."},
    {"StartTimeoutSec", OPT_DURATION, MAIN(start_timeout), .max = YEAR, .live = true,
     .help = "StartTimeoutSec of services that say none. A Level waits until all below it run, or "
             "have failed."},
    {"Smtp", OPT_CSTR, MAIN(smtp), .secret = true, .live = true,
     .help = "\"user:password@host:port\", 465 is TLS, 587 STARTTLS; \"@FILE\" reads it from a "
             "file or a credential."},
    {"SmtpFrom", OPT_CSTR, MAIN(smtp_from), .live = true, .help = "Who mails come from."},
    {"HmacSecret", OPT_CSTR, MAIN(hmac_secret), .secret = true, .live = true,
     .help = "HTTP notices are signed with it; \"@FILE\" as above."},
    {"Options", OPT_TEXTS, MAIN(options), .split = at_commas, .help = "saoNoWinJob: Windows only."},
    {"State", OPT_CSTR, MAIN(state),
     .help = "The folder of what the angel keeps; none: $STATE_DIRECTORY, or "
             "/var/lib/burrow/angel, or below the home folder."},
    {"Control", OPT_CSTR, MAIN(control),
     .help = "The socket of the control API; none: \"unix:STATE/control.sock\"."},
    {"ControlListen", OPT_CSTR, MAIN(control_tcp),
     .help = "The API also there, \"127.0.0.1:9000\"; ControlToken must be set, and elsewhere than "
             "on the loopback ControlCert."},
    {"ControlCert", OPT_CSTR, MAIN(control_cert),
     .help = "ControlListen speaks TLS: PEM file of the certificate and those that vouch for it; "
             "renewed ones are found by themselves."},
    {"ControlKey", OPT_CSTR, MAIN(control_key),
     .help = "PEM file of its key; none: it is in ControlCert."},
    {"ControlUnencrypted", OPT_BOOL, MAIN(control_unencrypted),
     .help = "ControlListen may be elsewhere than on the loopback without TLS: whoever listens on "
             "the way learns the token, and can run programs with it."},
    {"ControlToken", OPT_CSTR, MAIN(control_token), .secret = true,
     .help = "Authorization: Bearer of who comes by ControlListen; \"@FILE\" as above."},
    {"LogTotal", OPT_SIZE, MAIN(log_total), .initial = "\"4 GiB\"", .live = true,
     .help = "Rotated logs of all services together, the oldest go; 0: any."},
    {"RestartBudget", OPT_INT, MAIN(budget), .initial = "1000", .max = 1000000, .live = true,
     .help = "Of all services together: at most so many restarts within RestartBudgetSec; 0: "
             "any."},
    {"RestartBudgetSec", OPT_DURATION, MAIN(budget_window), .initial = "10", .min = 1000000000,
     .max = YEAR, .live = true, .help = "See RestartBudget."},
    {"GuardPercent", OPT_INT, MAIN(guard_percent), .initial = "50", .max = 100, .live = true,
     .help = "When the health checks of so many services fail within GuardSec, something they "
             "share is broken: none is killed for it. 0: no such guard."},
    {"GuardSec", OPT_DURATION, MAIN(guard_window), .initial = "30", .min = 1000000000, .max = YEAR,
     .live = true, .help = "See GuardPercent."},
    {"StopTimeoutSec", OPT_DURATION, MAIN(stop_timeout), .initial = "90", .min = 1000000000,
     .max = YEAR, .live = true, .help = "Time to stop everything in."},
    {0},
};

const struct option *angel_conf_keys(bool service)
{
    return service ? conf_unit_keys : conf_main_keys;
}
