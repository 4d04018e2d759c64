/* ctl_table.c: see ctl_table.h. */
#include "cli/ctl_table.h"

/* Characters, not bytes; all are taken to be of one width. */
static size_t width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void put_cell(const char *text, size_t room, const char *colour, struct bw_buf *out)
{
    size_t n = width(text);
    if (colour)
        bw_buf_printf(out, "\x1b[%sm", colour);
    bw_buf_put(out, bw_cstr(text));
    if (colour)
        bw_buf_put(out, BW_LIT("\x1b[0m"));
    for (; n < room; n++)
        bw_buf_char(out, ' ');
}

void ctl_table(const struct ctl_row *rows, size_t n, size_t columns, struct bw_buf *out)
{
    size_t room[CTL_COLUMNS] = {0};
    bool colours = ctl_colours();
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k + 1 < columns; k++) {
            size_t w = width(rows[i].cells[k]) + 2;
            room[k] = w > room[k] ? w : room[k];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < columns; k++) {
            const char *colour = i == 0 ? "1" : k == 1 ? rows[i].colour : NULL;
            put_cell(rows[i].cells[k], room[k], colours ? colour : NULL, out);
        }
        bw_buf_char(out, '\n');
    }
}

const char *ctl_colour_of(const struct ctl_unit *u)
{
    static const char *const of[][2] = {
        {"ready", "32"},  {"done", "32"},    {"waiting", "33"},  {"backoff", "33"},
        {"failed", "31"}, {"stuck", "1;31"}, {"jammed", "1;31"}, {"stopped", "2"},
    };
    if (u->degraded)
        return "35";
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        if (!strcmp(of[i][0], u->state))
            return of[i][1];
    }
    return "36"; /* on the way from one to another */
}
