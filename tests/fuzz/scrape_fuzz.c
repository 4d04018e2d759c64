/* scrape_fuzz.c: what a server tells as metrics, whatever it is, twice, and the view of it. */
#include <burrow/burrow.h>

#include "cli/scrape.c"
#include "cli/top_draw.c"
#include "cli/top_json.c"
#include "cli/top_model.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void view(struct scrape *now, const struct scrape *before)
{
    struct top t;
    struct bw_buf out;
    struct top_screen s = {.columns = 40, .rows = 12, .colour = true, .keys = true};
    top_make(&t, now, before);
    top_sort(&t, TOP_BY_P99);
    bw_buf_init(&out, 1 << 24);
    top_draw(&t, &s, &out);
    bw_buf_clear(&out);
    top_json(&t, &out);
    bw_must(out.over || bw_json_valid(bw_str_of(out.p, out.n - 1), 64));
    bw_buf_release(&out);
    top_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct scrape a, b;
    scrape_init(&a);
    scrape_init(&b);
    bw_str text = bw_str_of((const char *)data, n);
    size_t half = n / 2;
    bool both = scrape_read(&a, text, CLOCK_SECOND, NULL) &&
                scrape_read(&b, bw_str_of(text.p, half), 0, NULL);
    view(&a, NULL);
    if (both)
        view(&a, &b);
    scrape_release(&a);
    scrape_release(&b);
    return 0;
}
