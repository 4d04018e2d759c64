/* settings_sample.h: a table of options with one of each type, for the tests of settings. */
#ifndef TEST_SETTINGS_SAMPLE_H
#define TEST_SETTINGS_SAMPLE_H

#include "core/settings.h"

struct sample_item {
    const char *name, *url;
    int64_t weight;
    const char **tags;
};

struct sample_http {
    const char *listen;
    int64_t port, max_body, timeout;
    bool tls;
    struct {
        int64_t body;
    } max;
};

struct sample {
    struct sample_http http;
    struct {
        int level;
        const char *path;
    } log;
    double ratio;
    bw_str title, password, tables;
    const char **hosts;
    struct opt_list stores; /* map */
    struct opt_list routes; /* list */
};

extern const struct option sample_options[];

#endif
