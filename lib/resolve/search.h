/* tlswarden: resolve/search - finds the servers of a next hop, without waiting.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A search asks for MX records, then for the A and AAAA records of each host,
 * a few at a time. Whoever owns the resolver waits for its descriptor and
 * calls resolver_process, which ends searches. A resolver and its searches
 * belong to one thread. Limits: RESOLVE_HOSTS, LIMIT_SERVER_ADDRS; what is
 * beyond them counts as not known.
 */
#ifndef RESOLVE_SEARCH_H
#define RESOLVE_SEARCH_H

#include "base/err.h"
#include "resolve/resolve.h"
#include "resolve/servers.h"

struct search;

/* How long to wait for servers. Postfix waits 100 s for an answer
 * (dict_sockmap.c), Sendmail 5 s as our m4 file sets it. */
enum { SEARCH_WAIT_MSECS = 10000 };

/* Called once, from resolver_process or search_give_up: found is given. The
 * search is freed after. */
typedef void search_fn(void *arg, struct servers *found);

/* Begins; gives a search that ends by calling fn, never before this returns:
 * what cannot be asked at all is told by search_is_over. */
struct search *search_new(struct resolver *r, const struct servers_key *key,
    search_fn *fn, void *arg) NONNULL_RETURN MUST_CHECK;
/* All answers were there when it began: give it up now. */
bool search_is_over(const struct search *s);
/* The time is over: ends the search with what is known. */
void search_give_up(struct search *s);
/* Ends it without a call. NULL is allowed. */
void search_free(struct search *s);

/* A descriptor that is readable when resolver_process has something to do. */
int resolver_fd(const struct resolver *r);
void resolver_process(struct resolver *r);

/* The same for who may wait: gives what was found in that time. */
struct servers *search_wait(struct resolver *r, const struct servers_key *key,
    int64_t timeout_msecs) NONNULL_RETURN MUST_CHECK;

#endif
