/* tlswarden: resolve/servers - the addresses of all servers of a next hop.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What DNS told, immutable and counted, so that several threads can read it.
 * What it did not tell is never taken for "there is none".
 */
#ifndef RESOLVE_SERVERS_H
#define RESOLVE_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/sv.h"
#include "wire/addr.h"

/* What is asked: the servers of a mail domain (MX records, else its own
 * addresses), or a host's addresses. */
struct servers_key {
	struct sv name; /* normal form of wire/domain */
	bool is_domain;
};

/* Bits of known_families. */
enum { SERVERS_IPV4 = 1, SERVERS_IPV6 = 2 };

struct servers {
	struct servers_key key;
	const struct addr *addrs;
	size_t n;
	bool is_complete;        /* these are all, and there is one */
	unsigned known_families; /* else: of these there are no others */
	uint32_t ttl_secs;       /* the least of the answers; else as below */
	struct sv trouble; /* empty, or what DNS said of what is not known */
};

enum {
	SERVERS_TTL_MIN_SECS = 5, /* what is asked twice in that time is kept */
	SERVERS_TTL_MAX_SECS = 3600,
	SERVERS_NEGATIVE_SECS = 10, /* no such name, null MX */
	SERVERS_TROUBLE_SECS = 5,   /* no answer, SERVFAIL */
};

/* Gives a copy of s with one reference (servers_drop). */
struct servers *servers_new(const struct servers *s) NONNULL_RETURN MUST_CHECK;
/* One more reference. */
struct servers *servers_hold(struct servers *s) NONNULL_RETURN;
/* One less; the last one frees. NULL is allowed. */
void servers_drop(struct servers *s);
/* Memory of one. */
size_t servers_bytes(const struct servers *s);
bool servers_key_eq(const struct servers_key *a, const struct servers_key *b);

#endif
