/* gen_compose.c: a compose file around the image of gen_docker.c. */
#include "deploy/deploy.h"

static const char compose[] =
    "# compose.yaml: @name@ in a container: `docker compose up -d`. The image comes from the\n"
    "# Dockerfile beside it (`burrow deploy docker`).\n"
    "name: @name@\n"
    "services:\n"
    "  @name@:\n"
    "    build: .\n"
    "    image: @name@\n"
    "    # The user that owns the volume.\n"
    "    user: \"10001:10001\"\n"
    "    # Nothing can be written but the volume, and /tmp for large bodies under way.\n"
    "    read_only: true\n"
    "    tmpfs:\n"
    "      - /tmp:mode=1777,size=256m\n"
    "    volumes:\n"
    "      - data:/data\n"
    "    ports:\n"
    "@ports@"
    "    cap_drop:\n"
    "      - ALL\n"
    "    security_opt:\n"
    "      - no-new-privileges:true\n"
    "    ulimits:\n"
    "      nofile: 65536\n"
    "    # Threads follow the CPUs, caches the memory that the container may use.\n"
    "    # cpus: 2\n"
    "    # mem_limit: 512m\n"
    "    restart: unless-stopped\n"
    "    # Requests in flight are finished first (server.drain_timeout).\n"
    "    stop_grace_period: @drain@s\n"
    "    healthcheck:\n"
    "      test: @health_test@\n"
    "      interval: 10s\n"
    "      timeout: 6s\n"
    "      start_period: 60s\n"
    "      retries: 3\n"
    "volumes:\n"
    "  data:\n";

static const struct artefact artefacts[] = {{"compose.yaml", compose}, {NULL, NULL}};

const struct generator generator_compose = {
    .name = "compose",
    .help = "a compose file: fixed user, volume, health check, read-only root",
    .artefacts = artefacts,
};
