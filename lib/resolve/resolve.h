/* tlswarden: resolve/resolve - MX and addresses of a mail domain.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The only user of libunbound. RFC 5321 5.1 (MX, then the domain's own
 * addresses), RFC 7505 (null MX). Each call has a deadline. A resolver is
 * used by one thread at a time. Limits: RESOLVE_HOSTS, RESOLVE_ADDRS.
 */
#ifndef RESOLVE_RESOLVE_H
#define RESOLVE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/sv.h"
#include "wire/addr.h"

enum { RESOLVE_HOSTS = 32, RESOLVE_ADDRS = 32 };

/* Of Debian's dns-root-data, and of unbound. */
#define RESOLVE_ANCHORS "/usr/share/dns/root.key", "/var/lib/unbound/root.key"

enum resolve_status {
	RESOLVE_TEMP = 0, /* time-out, SERVFAIL, bogus: cannot be known now */
	RESOLVE_NONE,     /* the name or the records do not exist */
	RESOLVE_NULL_MX,  /* the domain accepts no mail */
	RESOLVE_OK
};

struct mx_host {
	uint16_t preference;
	char name[LIMIT_DOMAIN + 1]; /* normal form of wire/domain */
};

struct mx_list {
	struct mx_host hosts[RESOLVE_HOSTS]; /* by preference, then name */
	size_t n;
	bool is_cut;      /* there are more */
	bool is_implicit; /* no MX: the domain itself is the host */
	bool is_secure;   /* DNSSEC validated */
	uint32_t ttl_secs;
};

struct addr_list {
	struct addr addrs[RESOLVE_ADDRS]; /* IPv6 after IPv4 */
	size_t n;
	bool is_secure; /* all of them */
	uint32_t ttl_secs;
};

struct resolver;

/* servers: n of "ADDR" or "ADDR@PORT"; none: resolv.conf and hosts of the
 * system. Gives a resolver (free with resolver_free), or NULL. Not for two
 * threads at once (libunbound's log). */
struct resolver *resolver_new(const char *const *servers, size_t n,
    struct err *err_r) MUST_CHECK;
/* The same, and answers are validated by DNSSEC: those that a chain of
 * signatures leads to from anchor, a file with the DS or DNSKEY records of the
 * root (or of another zone), are secure. Empty: the first file of
 * RESOLVE_ANCHORS that is there; without one nothing is secure. An answer that
 * does not validate is not secure, and taken all the same: many servers that
 * forward questions lose signatures. */
struct resolver *resolver_new_validating(const char *const *servers, size_t n,
    const char *anchor, struct err *err_r) MUST_CHECK;
void resolver_free(struct resolver *r);

/* The hosts that take mail for the domain (normal form). On RESOLVE_TEMP and
 * RESOLVE_NONE err_r says what DNS said. */
enum resolve_status
resolve_mx(struct resolver *r, const char *domain, int64_t timeout_msecs,
    struct mx_list *list_r, struct err *err_r) MUST_CHECK;
/* The addresses of a host, one that is an address itself (an MX record may
 * have that) included. RESOLVE_TEMP only when neither family is known. */
enum resolve_status
resolve_addrs(struct resolver *r, const char *host, int64_t timeout_msecs,
    struct addr_list *list_r, struct err *err_r) MUST_CHECK;

/* Reads a domain name in wire form (RFC 1035 3.1, no compression) off the
 * front of rdata as text in normal form; "" is the root. False if malformed
 * or no host (domain_is_mail_host). */
bool
resolve_wire_name(struct sv rdata, char text_r[LIMIT_DOMAIN + 1]) MUST_CHECK;

#endif
