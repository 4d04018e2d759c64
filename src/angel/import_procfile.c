/* import_procfile.c: a Procfile: "name: command" a line, which a shell is meant to run in the
 * folder of the file, with the variables of .env beside it. */
#include "angel/import_int.h"

#include <limits.h>

#include "core/words.h"

static bool is_name(bw_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-' || c == '.';
        if (!good)
            return false;
    }
    return s.n > 0;
}

/* The name and the command of a line; false for blank lines, comments and what is neither. */
static bool split(bw_str line, bw_str *name, bw_str *command)
{
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    *command = bw_str_trim(line);
    if (!command->n || command->p[0] == '#' || !bw_str_cut(command, ':', name))
        return false;
    *command = command->p ? bw_str_trim(*command) : (bw_str){0};
    return is_name(*name) && command->n;
}

/* Anything a shell would change? */
static bool wants_shell(bw_str command)
{
    bw_str first = bw_str_of(command.p, bw_str_find(command, ' '));
    for (size_t i = 0; i < command.n; i++) {
        if (strchr("$`*?~;|&<>(){}#!", command.p[i]))
            return true;
    }
    return bw_str_find(first, '=') < first.n || words_want_shell(command);
}

static void take(struct import *im, const char *folder, bw_str name, bw_str command)
{
    struct import_unit *u = import_unit(im, name);
    if (wants_shell(command))
        command = bw_arena_printf(&im->a, "sh:exec %.*s", BW_FMT(command));
    import_text(im, u, "Run", command);
    import_text(im, u, "StartWorkDir", bw_cstr(folder));
    import_json(im, u, "EnvFiles",
                bw_arena_printf(&im->a, "[\"-%s/.env\"]", import_escaped(im, bw_cstr(folder))));
    if (memmem(command.p, command.n, "PORT", 4))
        import_note(im, "%.*s: PORT is not given to it; say Env {\"PORT\": …}", BW_FMT(name));
}

static bool read_it(struct import *im, const char *path, bw_str text, struct bw_err *e)
{
    bw_str line, name, command;
    size_t before = im->units.n;
    char *real = realpath(path, NULL);
    if (real)
        *strrchr(real, '/') = 0;
    const char *folder = bw_arena_cstr(&im->a, bw_cstr(real && *real ? real : "/"));
    free(real);
    while (bw_str_cut(&text, '\n', &line)) {
        if (split(line, &name, &command))
            take(im, folder, name, command);
    }
    return im->units.n > before || bw_fail(e, BW_BAD, "%s has no line like 'name: command'", path);
}

static bool knows(const char *file, bw_str text)
{
    bw_str line, name, command;
    if (!strncmp(file, "Procfile", 8))
        return true;
    if (!bw_str_cut(&text, '\n', &line))
        return false;
    return line.n && line.p[0] != '{' && line.p[0] != '[' && split(line, &name, &command);
}

const struct importer importer_procfile = {
    .name = "procfile", .help = "a Procfile", .knows = knows, .read = read_it};
