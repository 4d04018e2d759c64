/* guide_completion.c: completion for bash: commands, their plain words and switches; files and
 * folders where a switch takes them. */
#include "cli/guide.h"

static bool takes_file(const char *takes)
{
    return takes && (!strcmp(takes, "FILE") || !strcmp(takes, "[FILE]"));
}

static bool takes_folder(const char *takes)
{
    return takes && (!strcmp(takes, "DIR") || !strcmp(takes, "FOLDER"));
}

/* "--app | --data) " with the action, for every switch of which `is` holds. */
static void put_values(const struct command *c, bool (*is)(const char *), const char *action,
                       struct bw_buf *out)
{
    unsigned n = 0;
    for (const struct arg *a = c->switches; a->name; a++)
        if (is(a->takes))
            bw_buf_printf(out, "%s%s:--%s", n++ ? " | " : "    ", c->name, a->name);
    if (n)
        bw_buf_printf(out, ") %s ;;\n", action);
}

/* A PATH may be a file or a URL's: there both words and files are offered. */
static bool takes_other(const char *takes)
{
    return takes && !takes_file(takes) && !takes_folder(takes) && strcmp(takes, "PATH") != 0;
}

static void put_words(const struct command *c, struct bw_buf *out)
{
    bw_str rest = bw_cstr(c->usage), word;
    bw_buf_printf(out, "    %s) words='", c->name);
    while (guide_word(&rest, &word))
        bw_buf_printf(out, "%.*s ", BW_FMT(word));
    for (const struct arg *a = c->switches; a->name; a++)
        bw_buf_printf(out, "--%s%s", a->name, a[1].name ? " " : "");
    bw_buf_put(out, BW_LIT("'"));
    if (!strcmp(c->name, "ctl") || !strcmp(c->name, "angel"))
        bw_buf_put(out, BW_LIT("; ((COMP_CWORD > 2)) && words+=\" $(_burrow_services)\""));
    bw_buf_put(out, BW_LIT(" ;;\n"));
}

static void put_first_word(struct bw_buf *out)
{
    bw_buf_put(out, BW_LIT("    help) words='"));
    for (const struct command *const *c = commands; *c; c++)
        bw_buf_printf(out, "%s ", (*c)->name);
    for (const struct guide *g = guides; g->name; g++)
        bw_buf_printf(out, "--%s%s", g->name, g[1].name ? " " : "");
    bw_buf_put(out, BW_LIT("' ;;\n    *) words='"));
    for (const struct command *const *c = commands; *c; c++)
        bw_buf_printf(out, "%s ", (*c)->name);
    bw_buf_put(out, BW_LIT("help --help --version' ;;\n"));
}

void guide_completion(struct bw_buf *out)
{
    bw_buf_put(out,
               BW_LIT("# bash completion for burrow, written by burrow help --completion\n"
                      "# _burrow_paths f|d WORD: adds files or folders.\n"
                      "_burrow_paths() {\n"
                      "    compopt -o filenames 2>/dev/null\n"
                      "    mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen \"-$1\" "
                      "-- \"$2\")\n"
                      "}\n"
                      "# _burrow_services: the names a running angel knows.\n"
                      "_burrow_services() {\n"
                      "    local i which=()\n"
                      "    for ((i = 2; i + 1 < COMP_CWORD; i++)); do\n"
                      "        case ${COMP_WORDS[i]} in --state | --settings | --control)\n"
                      "            which+=(\"${COMP_WORDS[i]}\" \"${COMP_WORDS[i + 1]}\") ;;\n"
                      "        esac\n"
                      "    done\n"
                      "    \"${COMP_WORDS[0]}\" ctl status --names \"${which[@]}\" 2>/dev/null\n"
                      "}\n"
                      "_burrow() {\n"
                      "    local word=${COMP_WORDS[COMP_CWORD]} words command=\n"
                      "    ((COMP_CWORD > 1)) && command=${COMP_WORDS[1]}\n"
                      "    COMPREPLY=()\n"
                      "    case $command:${COMP_WORDS[COMP_CWORD - 1]} in\n"));
    for (const struct command *const *c = commands; *c; c++) {
        put_values(*c, takes_file, "_burrow_paths f \"$word\"; return", out);
        put_values(*c, takes_folder, "_burrow_paths d \"$word\"; return", out);
        put_values(*c, takes_other, "return", out);
    }
    bw_buf_put(out, BW_LIT("    esac\n    case $command in\n"));
    for (const struct command *const *c = commands; *c; c++)
        put_words(*c, out);
    put_first_word(out);
    bw_buf_put(out,
               BW_LIT("    esac\n"
                      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
                      "    [[ $command && $word != -* && $command != help && $command != ctl ]] && "
                      "_burrow_paths f \"$word\"\n"
                      "    return 0\n"
                      "}\n"
                      "complete -F _burrow burrow\n"));
}
