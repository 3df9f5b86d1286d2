/* tlswarden: cert/fetch - the issuer's certificate from its AIA URL.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * libcurl, plain http only (RFC 5280 4.2.2.1; https would ask for the very
 * verification that is under way), no redirects to other schemes,
 * LIMIT_FETCH_BYTES, a time limit. Linked by the command line and the prober
 * only. The URL comes from the certificate of a stranger: nothing of the
 * answer is used but the certificates in it, and those prove nothing.
 */
#ifndef CERT_FETCH_H
#define CERT_FETCH_H

#include "base/attr.h"
#include "base/err.h"

struct chain;
struct fetch;

/* Gives a fetcher; timeout_secs for each URL. */
struct fetch *fetch_new(int timeout_secs) NONNULL_RETURN MUST_CHECK;
void fetch_free(struct fetch *f);
/* From now on no connection to loopback, link-local and private addresses: for
 * daemons, that fetch without anybody looking at the URL first. */
void fetch_refuse_local(struct fetch *f);
/* A verify_fetch_fn; arg is the struct fetch. -1 names the URL and why. */
int fetch_issuer(void *arg, const char *url, struct chain **chain_r,
    struct err *err_r) MUST_CHECK;

#endif
