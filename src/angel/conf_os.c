/* conf_os.c: the OS key of a service, in the words of Angelize: a family, or a system or
 * distribution by its name. */
#include "angel/conf_int.h"

#include "core/limits.h"
#include "os/file.h"

const char *const conf_os_names[] = {
    "osUnknown", "osAny",      "osWindows",  "osPosix",  "osLinux",  "osOSX",       "osMacOS",
    "osBSD",     "osArch",     "osAurox",    "osDebian", "osFedora", "osGentoo",    "osKnoppix",
    "osMint",    "osMandrake", "osMandriva", "osNovell", "osUbuntu", "osSlackware", "osSolaris",
    "osSuse",    "osSynology", "osTrustix",  "osClear",  "osUnited", "osRedHat",    "osLFS",
    "osOracle",  "osMageia",   "osCentOS",   "osCloud",  "osXen",    "osAmazon",    "osCoreOS",
    "osAlpine",  "osAndroid",  NULL};

/* ID= of os-release where it is not the name itself. */
static const char *const ids[][2] = {
    {"osMint", "linuxmint"}, {"osSuse", "opensuse-leap"}, {"osRedHat", "rhel"},
    {"osOracle", "ol"},      {"osAmazon", "amzn"},        {"osClear", "clear-linux-os"},
};

#if defined(__linux__)
static bool is_distribution(const char *name)
{
    const char *id = name + 2;
    struct bw_arena a;
    bw_str text, line;
    bool is = false;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        id = strcmp(ids[i][0], name) ? id : ids[i][1];
    bw_arena_init(&a);
    if (file_read("/etc/os-release", LIMIT_SETTINGS, &a, &text, NULL)) {
        while (!is && bw_str_cut(&text, '\n', &line)) {
            bw_str key;
            bw_str_cut(&line, '=', &key);
            if (line.n > 1 && (line.p[0] == '"' || line.p[0] == '\''))
                line = bw_str_of(line.p + 1, line.n - 2);
            is = bw_str_eq(key, BW_LIT("ID")) && bw_str_ieq(line, bw_cstr(id));
        }
    }
    bw_arena_release(&a);
    return is;
}
#else
static bool is_distribution(const char *name)
{
    (void)name;
    return false;
}
#endif

bool conf_os_matches(int os)
{
    const char *name = conf_os_names[os];
    static const char *const here[] = {
        "osUnknown",
        "osAny",
        "osPosix",
#if defined(__linux__)
        "osLinux",
#elif defined(__APPLE__)
        "osOSX",
        "osMacOS",
#else
        "osBSD",
#endif
        NULL
    };
    for (size_t i = 0; here[i]; i++) {
        if (!strcmp(here[i], name))
            return true;
    }
    return is_distribution(name);
}
