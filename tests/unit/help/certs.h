/* certs.h: certificates for tests, made when the test runs: an authority, and what it signs. */
#ifndef TEST_CERTS_H
#define TEST_CERTS_H

#include "help/t.h"

struct certs {
    char folder[64];
    char ca[96];     /* PEM: who vouches for the others */
    char good[96];   /* certificate and key in one: 127.0.0.1, localhost */
    char old[96];    /* expired */
    char other[96];  /* for elsewhere.example */
    char nobody[96]; /* vouches for itself */
};

void certs_make(struct certs *c);
void certs_renew(const struct certs *c, const char *path); /* a new key and certificate there */
void certs_remove(const struct certs *c);

#endif
