/* notice_disk.c: notices that are not sent yet, a file each, so that they outlive this process. */
#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "angel/notice_int.h"
#include "core/vec.h"
#include "os/file.h"

#define FILE_MAX (16 * 1024)

struct notice_item *notice_item_new(void)
{
    struct notice_item *it = calloc(1, sizeof *it);
    bw_must(it);
    list_init(&it->node);
    bw_arena_init(&it->arena);
    return it;
}

void notice_item_free(struct notice_item *it)
{
    list_remove(&it->node);
    bw_arena_release(&it->arena);
    free(it);
}

bool notice_disk_write(const char *folder, struct notice_item *it, struct bw_err *e)
{
    char path[512];
    struct bw_buf b;
    struct bw_json_writer w;
    bw_buf_init(&b, FILE_MAX);
    bw_json_init(&w, &b);
    bw_json_object(&w);
    bw_json_put_text(&w, "target", bw_cstr(it->target));
    bw_json_put_text(&w, "unit", bw_cstr(it->unit));
    bw_json_put_text(&w, "kind", bw_cstr(it->kind));
    bw_json_put_text(&w, "text", bw_cstr(it->text));
    bw_json_put_int(&w, "at", it->at);
    bw_json_put_bool(&w, "good", it->good);
    bw_json_end(&w);
    snprintf(path, sizeof path, "%s/%s", folder, it->name);
    bool ok = file_make_folders(folder, e) && file_replace(path, bw_buf_str(&b), e);
    bw_buf_release(&b);
    return ok;
}

void notice_disk_remove(const char *folder, struct notice_item *it)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, it->name);
    if (*it->name)
        unlink(path);
}

static void read_member(struct notice_item *it, bw_str name, const struct bw_json_reader *r,
                        enum bw_json_kind k)
{
    const char **texts[] = {&it->target, &it->unit, &it->kind, &it->text};
    static const char *const names[] = {"target", "unit", "kind", "text"};
    for (int i = 0; i < 4 && k == BW_JSON_TEXT; i++)
        if (bw_str_eq(name, bw_cstr(names[i])))
            *texts[i] = bw_arena_cstr(&it->arena, r->text);
    if (k == BW_JSON_INT && bw_str_eq(name, BW_LIT("at")))
        it->at = r->integer;
    if (k == BW_JSON_BOOL && bw_str_eq(name, BW_LIT("good")))
        it->good = r->boolean;
}

static struct notice_item *read_one(const char *folder, const char *file)
{
    char path[512];
    struct bw_json_reader r;
    bw_str text, name;
    struct notice_item *it = notice_item_new();
    snprintf(path, sizeof path, "%s/%s", folder, file);
    snprintf(it->name, sizeof it->name, "%s", file);
    if (file_read(path, FILE_MAX, &it->arena, &text, NULL)) {
        bw_json_open(&r, &it->arena, text);
        if (bw_json_next(&r) == BW_JSON_OBJECT)
            while (bw_json_member(&r, &name)) {
                enum bw_json_kind k = bw_json_next(&r);
                read_member(it, name, &r, k);
                bw_json_skip(&r, k);
            }
        if (bw_json_finish(&r) && it->target && it->unit && it->kind && it->text)
            return it;
    }
    notice_item_free(it);
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void notice_disk_read(const char *folder, struct list *items)
{
    VEC(char *) names = {0};
    DIR *d = opendir(folder);
    for (struct dirent *x = d ? readdir(d) : NULL; x; x = readdir(d)) {
        size_t n = strlen(x->d_name);
        if (n < 6 || n >= 48 || strcmp(x->d_name + n - 5, ".json") != 0)
            continue;
        char *name = strdup(x->d_name);
        bw_must(name);
        *vec_push(&names) = name;
    }
    if (d)
        closedir(d);
    if (names.n)
        qsort(names.p, names.n, sizeof *names.p, by_name);
    for (size_t i = 0; i < names.n; i++) {
        struct notice_item *it = read_one(folder, names.p[i]);
        if (it)
            list_push_back(items, &it->node);
        free(names.p[i]);
    }
    vec_release(&names);
}
