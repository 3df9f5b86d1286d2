/* tlswarden: probe/target - what is asked to be probed, and where that is.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A bare name is a mail domain: its MX hosts and their addresses. [host],
 * host:port and address literals are that host. Limit: TARGET_PLACES.
 */
#ifndef PROBE_TARGET_H
#define PROBE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/limits.h"
#include "policy/party.h"
#include "probe/probe.h"
#include "resolve/resolve.h"
#include "wire/addr.h"

enum { TARGET_PLACES = 256, TARGET_TROUBLE = 400 };

/* One server at one address. */
struct place {
	char host[LIMIT_DOMAIN + 1]; /* the name, or the address as text */
	struct addr addr;            /* family 0: none, see status */
	uint16_t port;
	enum resolve_status status;
	bool is_dns_secure;           /* name and addresses, by DNSSEC */
	char trouble[TARGET_TROUBLE]; /* what DNS said, unless RESOLVE_OK */
};

struct target {
	char text[LIMIT_NEXTHOP + 1]; /* as asked for */
	struct party party;           /* the next hop that rules match */
	char name[LIMIT_DOMAIN + 1];  /* of the domain, host or address */
	bool is_domain;               /* MX records are asked for */
	uint16_t port;
	struct place *places; /* in the order in which an MTA tries them */
	size_t n_places;
};

/* The port of a mode: 25, 465 or 24. */
uint16_t probe_mode_port(enum probe_mode mode);

struct conf;

/* A resolver by dns_servers, which validates by dnssec_anchor. Gives
 * (resolver_free), or NULL. Not for two threads at once. */
struct resolver *
target_resolver(const struct conf *conf, struct err *err_r) MUST_CHECK;

/* Reads a target; free with target_done, also on failure. -1 (EX_USAGE): it is
 * no next hop. */
int target_parse(struct target *t, struct sv text, enum probe_mode mode,
    struct err *err_r) MUST_CHECK;
void target_done(struct target *t);
/* ADDR:PORT, [ADDR]:PORT or an address, which is then the only place. */
int target_connect_to(struct target *t, struct sv text, struct err *err_r)
    MUST_CHECK;
/* Finds the places, within timeout_msecs for each question. What DNS does not
 * tell is a place without address, so that there is always one. r may be NULL
 * when target_needs_dns says so. */
void
target_resolve(struct target *t, struct resolver *r, int64_t timeout_msecs);
bool target_needs_dns(const struct target *t);

#endif
