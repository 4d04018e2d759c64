/* angel_check.c: burrow angel check, schema and help: the settings, looked at without an angel. */
#include "cli/angel.h"

#include "angel/conf.h"
#include "angel/control.h"
#include "angel/place.h"

/* ---- check ---- */

static void put_json(const struct angel_conf *c, const struct bw_err *e)
{
    struct bw_buf out;
    struct bw_json_writer w;
    bw_buf_init(&out, 64u << 20);
    bw_json_init(&w, &out);
    bw_json_object(&w);
    bw_json_put_bool(&w, "ok", c != NULL);
    if (!c)
        bw_json_put_text(&w, "error", bw_cstr(e->text));
    bw_json_key(&w, BW_LIT("services"));
    bw_json_array(&w);
    for (size_t i = 0; c && i < c->n_units; i++) {
        bw_json_object(&w);
        bw_json_put_text(&w, "name", bw_cstr(c->units[i].name));
        bw_json_put_text(&w, "file", bw_cstr(c->units[i].file));
        bw_json_put_bool(&w, "starts", !c->units[i].disabled && c->units[i].os_matches);
        bw_json_end(&w);
    }
    bw_json_end(&w);
    bw_json_key(&w, BW_LIT("notes"));
    bw_json_array(&w);
    for (size_t i = 0; c && c->notes[i]; i++)
        bw_json_text(&w, bw_cstr(c->notes[i]));
    bw_json_end(&w);
    bw_json_end(&w);
    ctl_put(bw_buf_str(&out));
    bw_buf_release(&out);
}

static void put_text(const struct angel_conf *c)
{
    size_t off = 0;
    for (size_t i = 0; c->notes[i]; i++)
        fprintf(stderr, "note: %s\n", c->notes[i]);
    for (size_t i = 0; i < c->n_units; i++)
        off += c->units[i].disabled || !c->units[i].os_matches;
    printf("%s: %zu services", c->file, c->n_units);
    if (off)
        printf(", %zu of them disabled or of another system", off);
    printf("; all is well\n");
}

static int check(const struct angel_ask *k)
{
    struct angel_conf c;
    struct bw_err e = {.code = BW_OK};
    struct bw_arena a;
    bw_arena_init(&a);
    const char *said = k->n_words ? k->words[0] : args_value(k->args, "settings", NULL);
    bool ok =
        angel_conf_load_at(&c, place_settings(said, &a), args_value(k->args, "state", NULL), &e);
    bool json = args_has(k->args, "json");
    if (json)
        put_json(ok ? &c : NULL, &e);
    else if (ok)
        put_text(&c);
    if (ok)
        angel_conf_release(&c);
    bw_arena_release(&a);
    return ok ? 0 : json ? 1 : command_complain(k->command, &e, 1);
}

/* ---- schema, help ---- */

static int wrong_word(const struct angel_ask *k, const char *what)
{
    struct bw_err e;
    bw_fail(&e, BW_BAD, "'%s' is not %s", k->words[0], what);
    return command_complain(k->command, &e, 2);
}

static bool is_service(const struct angel_ask *k)
{
    return k->n_words && !strcmp(k->words[0], "service");
}

static int print(struct bw_buf *out)
{
    if (out->n)
        fwrite(out->p, 1, out->n, stdout);
    bw_buf_release(out);
    return 0;
}

static int schema(const struct angel_ask *k)
{
    struct bw_buf out;
    if (k->n_words && !is_service(k))
        return wrong_word(k, "service");
    bw_buf_init(&out, 4 << 20);
    settings_schema(angel_conf_keys(is_service(k)),
                    is_service(k) ? "A *.service file of burrow angel" : "Settings of burrow angel",
                    &out);
    return print(&out);
}

/* docs/angel-settings.md */
static void markdown(struct bw_buf *out)
{
    bw_buf_put(out,
               BW_LIT("# Settings of the angel\n\n"
                      "Written by `burrow angel help markdown`; `./dev docs` renews it. Keys "
                      "are read in any case; comments are\nallowed. \"reload: yes\": a changed "
                      "value is put in force without a restart of the service. Texts may hold\n"
                      "placeholders: `%run%`, `%log%`, `%name%` and any other key of the "
                      "service, `%agl.base%` (the folder of\nthe settings), `%agl.KEY%` (a key "
                      "of the angel), `%Temp%` and other folders; `%%` is a percent sign.\n\n"));
    settings_markdown(angel_conf_keys(false), out);
}

static void api(struct bw_buf *out)
{
    bw_buf_put(out,
               BW_LIT("# The control API of the angel\n\n"
                      "Written by `burrow angel help api`; `./dev docs` renews it. HTTP and "
                      "JSON at `unix:STATE/control.sock`, for\nthis user and root only; by TCP "
                      "with `ControlListen` and `Authorization: Bearer <ControlToken>`.\nErrors "
                      "are `application/problem+json`. `*` is a service or a replica of it "
                      "(`api`, `api%232`).\n\n"
                      "    curl --unix-socket /var/lib/burrow/angel/control.sock "
                      "http://angel/v1/units\n\n"));
    control_markdown(out);
}

static int help(const struct angel_ask *k)
{
    struct bw_buf out;
    const char *word = k->n_words ? k->words[0] : "";
    bw_buf_init(&out, 4 << 20);
    if (!strcmp(word, "markdown"))
        markdown(&out);
    else if (!strcmp(word, "api"))
        api(&out);
    else if (!*word || is_service(k))
        settings_help(angel_conf_keys(is_service(k)), &out);
    else
        return wrong_word(k, "one of service, markdown, api");
    return print(&out);
}

const struct angel_verb angel_verb_check = {.name = "check",
                                            .usage = "[FILE] [--json]",
                                            .help = "are the settings good?",
                                            .max_words = 1,
                                            .run = check};
const struct angel_verb angel_verb_schema = {.name = "schema",
                                             .usage = "[service]",
                                             .help = "the JSON Schema of the settings",
                                             .max_words = 1,
                                             .run = schema};
const struct angel_verb angel_verb_help = {.name = "help",
                                           .usage = "[service | markdown | api]",
                                           .help = "every key of the settings",
                                           .max_words = 1,
                                           .run = help};
