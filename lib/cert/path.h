/* tlswarden: cert/path - paths from the leaf to a trusted certificate.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A depth-first search, the most promising issuer first, with a budget of
 * steps: RFC 4158 without its heuristics of the directory age. OpenSSL builds
 * one path only and does not come back from a bad branch.
 */
#ifndef CERT_PATH_H
#define CERT_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"
#include "cert/pool.h"

/* Leaf first; places in the pool. */
struct path {
	int v[LIMIT_CHAIN + 2];
	size_t n;
	bool is_complete; /* ends in an anchor */
};

/* Which certificates and edges a search may use. */
struct path_rules {
	bool partial_chain; /* any trusted certificate is an anchor */
	bool with_known;
	bool with_bad_signatures;
};

/* Is given each complete path; true stops the search. */
typedef bool path_fn(void *arg, const struct path *p);

/* Walks all paths from certificate 0 of the pool. Returns whether fn stopped
 * it. *best_r: of the paths that reached no anchor, the one that got closest:
 * to a self-signed certificate by the shortest way, or else the longest. */
bool path_search(struct pool *pool, const struct path_rules *rules, path_fn *fn,
    void *arg, struct path *best_r);

#endif
