/* gen_docker.c: two images: on Debian slim for a program as it is built, and from nothing for one
 * that is built with `./dev build --static`. */
#include "deploy/deploy.h"

#define TAIL                                                                                     \
    "# The settings of an image: data in its volume, all addresses of the container.\n"          \
    "ENV BURROW_DATA=/data BURROW_LISTEN=0.0.0.0:8080\n"                                         \
    "# A number, not a name: it also serves where the image has no users.\n"                     \
    "USER 10001:10001\n"                                                                         \
    "WORKDIR /data\n"                                                                            \
    "VOLUME /data\n"                                                                             \
    "EXPOSE 8080\n"                                                                              \
    "# It is a good process 1: reaps orphans, and ends in order when told to.\n"                 \
    "STOPSIGNAL SIGTERM\n"                                                                       \
    "# Asks the running server; no curl is needed.\n"                                            \
    "HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD @health_json@\n" \
    "ENTRYPOINT @run_json@\n"

static const char slim[] =
    "# Dockerfile: @name@ on Debian 12. The folder it is built in holds @program@ (and its "
    "settings):\n"
    "#   docker build -t @name@ .\n"
    "FROM debian:bookworm-slim\n"
    "# What the program is linked with, and nothing else.\n"
    "RUN apt-get update \\\n"
    " && apt-get install -y --no-install-recommends ca-certificates libuv1 libsqlite3-0 libssl3 "
    "\\\n"
    "      zlib1g libbrotli1 libzstd1 libpcre2-8-0 \\\n"
    " && rm -rf /var/lib/apt/lists/* \\\n"
    " && install -d -o 10001 -g 10001 -m 0750 /data\n"
    "COPY --chmod=0755 @program@ /usr/local/bin/@program@\n"
    "@copy_settings@" TAIL;

static const char from_scratch[] =
    "# Dockerfile.static: @name@ and nothing else: no shell, no libraries. @program@ is built "
    "with\n"
    "# `./dev build --static`.\n"
    "#   docker build -t @name@ -f Dockerfile.static .\n"
    "FROM debian:bookworm-slim AS folders\n"
    "RUN install -d -o 10001 -g 10001 -m 0750 /new/data && install -d -m 1777 /new/tmp\n"
    "\n"
    "FROM scratch\n"
    "COPY --from=folders /new/ /\n"
    "COPY --chmod=0755 @program@ /usr/local/bin/@program@\n"
    "@copy_settings@" TAIL;

static const struct artefact artefacts[] = {
    {"Dockerfile", slim},
    {"Dockerfile.static", from_scratch},
    {.file = NULL},
};

const struct generator generator_docker = {
    .name = "docker",
    .help = "a Dockerfile on Debian slim, and one from scratch",
    .artefacts = artefacts,
};
