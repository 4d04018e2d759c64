/* http_peer.h: a server in this process for tests, and raw sockets to torment it with. All waiting
 * is for what must come; a limit of 20 s only ends a test that has failed. */
#ifndef TEST_HTTP_PEER_H
#define TEST_HTTP_PEER_H

#include "help/t.h"
#include "net/http_server.h"

struct served {
    struct loops *loops;
    struct http_server *server;
    unsigned port;
    void *thread;
    char url[256];
    bool drained;
};

/* Starts loops (200 fibers each) and server on threads of their own. */
void served_start(struct served *s, const struct http_server_opts *o, unsigned loops);
void served_stop(struct served *s); /* drains if that is not done yet, stops, frees */

int peer_open(const struct served *s);
/* As peer_open, with a receive buffer as small as can be. */
int peer_open_small(const struct served *s);
void peer_send(int fd, bw_str bytes);
bool peer_try_send(int fd, bw_str bytes); /* false when the peer has gone */
/* Appends what comes until the server ends its side; false when it reset the connection. */
bool peer_read_all(int fd, struct bw_buf *got);
/* Appends bytes until `got` holds at least n, or the end. */
void peer_read(int fd, struct bw_buf *got, size_t n);
void peer_read_until(int fd, struct bw_buf *got, const char *text);
void peer_close(int fd);
/* All in one: what the server answers to these bytes until it closes. */
void peer_talk(const struct served *s, bw_str bytes, struct bw_buf *got);
/* How often `text` stands in got. */
unsigned peer_count(const struct bw_buf *got, const char *text);
/* Behind the head of the first answer. */
bw_str peer_body(const struct bw_buf *got);

#endif
