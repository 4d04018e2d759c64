/* ctl_table.h: services as a table for people: columns as wide as what is in them. */
#ifndef CLI_CTL_TABLE_H
#define CLI_CTL_TABLE_H

#include "cli/ctl.h"

#define CTL_COLUMNS 8

struct ctl_row {
    const char *cells[CTL_COLUMNS];
    const char *colour; /* of the second cell: "32"; NULL = none */
};

/* The first row is the head. The last column is not padded. */
void ctl_table(const struct ctl_row *rows, size_t n, size_t columns, struct bw_buf *out);
const char *ctl_colour_of(const struct ctl_unit *u);

#endif
