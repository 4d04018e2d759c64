/* json: nanoseconds per record written and read: 8 fields, 218 bytes, 2 escapes, 1 decimal. Best of
 * many rounds, since the machine's other work only ever adds. */
#include <burrow/json.h>

#include "core/clock.h"

#define ROUNDS  40
#define RECORDS 20000

enum { ID, TITLE, BODY, AUTHOR, VIEWS, RATING, PUBLISHED, CREATED, FIELDS };

static const char *const names[FIELDS] = {"id",    "title",  "body",      "author",
                                          "views", "rating", "published", "created_at"};

struct record {
    int64_t id, author, views;
    bw_str title, body;
    double rating;
    bool published;
    bw_str created;
};

static const struct record sample = {
    .id = 1234567,
    .title = {"The \"quiet\" boat", 16},
    .body = {"It was late in November when the ferry left the harbour for the islands.", 72},
    .author = 42,
    .views = 99812,
    .rating = 4.75,
    .published = true,
    .created = {"2026-11-23T23:04:18Z", 20},
};

static void write_record(struct bw_buf *b, const bw_str *keys, const struct record *x)
{
    struct bw_json_writer w;
    bw_json_init(&w, b);
    bw_json_object(&w);
    bw_json_raw_key(&w, keys[ID]);
    bw_json_int(&w, x->id);
    bw_json_raw_key(&w, keys[TITLE]);
    bw_json_text(&w, x->title);
    bw_json_raw_key(&w, keys[BODY]);
    bw_json_text(&w, x->body);
    bw_json_raw_key(&w, keys[AUTHOR]);
    bw_json_int(&w, x->author);
    bw_json_raw_key(&w, keys[VIEWS]);
    bw_json_int(&w, x->views);
    bw_json_raw_key(&w, keys[RATING]);
    bw_json_real(&w, x->rating);
    bw_json_raw_key(&w, keys[PUBLISHED]);
    bw_json_bool(&w, x->published);
    bw_json_raw_key(&w, keys[CREATED]);
    bw_json_text(&w, x->created);
    bw_json_end(&w);
}

static void take(struct record *x, unsigned i, const struct bw_json_reader *r)
{
    switch (i) {
    case ID:
        x->id = r->integer;
        break;
    case TITLE:
        x->title = r->text;
        break;
    case BODY:
        x->body = r->text;
        break;
    case AUTHOR:
        x->author = r->integer;
        break;
    case VIEWS:
        x->views = r->integer;
        break;
    case RATING:
        x->rating = r->real;
        break;
    case PUBLISHED:
        x->published = r->boolean;
        break;
    default:
        x->created = r->text;
    }
}

static bool read_record(struct bw_arena *a, bw_str text, struct record *x)
{
    struct bw_json_reader r;
    bw_str name;
    bw_json_open(&r, a, text);
    bw_json_next(&r);
    /* As a record's plan does: the fields mostly come in their own order. */
    for (unsigned i = 0; bw_json_member(&r, &name); i++) {
        unsigned k = 0;
        for (; k < FIELDS && !bw_str_eq(name, bw_cstr(names[(i + k) % FIELDS])); k++)
            ;
        bw_json_next(&r);
        take(x, (i + k) % FIELDS, &r);
    }
    return bw_json_finish(&r);
}

static double best(double a, double b)
{
    return b < a ? b : a;
}

int main(void)
{
    struct bw_arena keys_arena, a;
    struct bw_buf b;
    bw_str keys[FIELDS];
    struct record x = sample;
    double write_ns = 1e9, read_ns = 1e9, real_ns = 1e9;
    bw_arena_init(&keys_arena);
    bw_arena_init(&a);
    bw_buf_init(&b, 1 << 16);
    for (unsigned i = 0; i < FIELDS; i++)
        keys[i] = bw_json_make_key(&keys_arena, bw_cstr(names[i]));
    for (int round = 0; round < ROUNDS; round++) {
        int64_t t0 = clock_mono();
        for (int i = 0; i < RECORDS; i++) {
            bw_buf_clear(&b);
            write_record(&b, keys, &x);
        }
        int64_t t1 = clock_mono();
        for (int i = 0; i < RECORDS; i++) {
            bw_arena_clear(&a);
            bw_must(read_record(&a, bw_buf_str(&b), &x));
        }
        int64_t t2 = clock_mono();
        write_ns = best(write_ns, (double)(t1 - t0) / RECORDS);
        read_ns = best(read_ns, (double)(t2 - t1) / RECORDS);
        x = sample;
    }
    printf("record of %zu bytes: write %.0f ns, read %.0f ns\n", b.n, write_ns, read_ns);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t t0 = clock_mono();
        for (int i = 0; i < RECORDS; i++) {
            bw_buf_clear(&b);
            bw_json_write_real(&b, 1.0 / (i + 3));
        }
        real_ns = best(real_ns, (double)(clock_mono() - t0) / RECORDS);
    }
    printf("a real of 16 or 17 digits: write %.0f ns\n", real_ns);
    bw_buf_release(&b);
    bw_arena_release(&a);
    bw_arena_release(&keys_arena);
    return 0;
}
