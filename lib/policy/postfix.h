/* tlswarden: policy/postfix - a demand in the words of Postfix.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The result grammar of smtp_tls_policy_maps (postconf(5), read in Postfix
 * src/smtp/smtp_tls_policy.c): level, then protocols, ciphers, exclude,
 * match, tafile, in this order, parted by blanks; nothing that the configured
 * version does not know.
 */
#ifndef POLICY_POSTFIX_H
#define POLICY_POSTFIX_H

#include "base/buf.h"
#include "policy/rule.h"

/* Who is told. */
struct postfix_target {
	unsigned version;       /* 306 for 3.6 */
	bool is_address;        /* the next hop is an address, no name */
	struct sv ca_directory; /* of the files that tafile= names */
};

/* Adds the value of tlspolicy for d (without "OK "). */
void postfix_tlspolicy(const struct demand *d, const struct postfix_target *to,
    struct buf *out);
/* Adds cert_name, in normal form and not empty, as the list that match= takes.
 * Any of its words has to suffice, but OpenSSL takes an address not for one
 * more name: the certificate must then carry the address and one of the names
 * (SSL_add1_host(3)). Where the next hop is an address, nexthop and hostname
 * are that address. So names, if there are any, stand alone, and else the
 * address does. */
void postfix_match(struct sv cert_name, bool is_address, struct buf *out);
/* True if that word of cert_name is the address of such a next hop. */
bool postfix_is_address_word(struct sv word, bool is_address);
/* False where no certificate can meet level secure: the next hop is an address,
 * and cert_name is empty, which means Postfix's own nexthop and dot-nexthop,
 * both at once, or it is .nexthop. */
bool postfix_can_match(struct sv cert_name, bool is_address);
/* Parses "3.6" or "3.11.2" to 306 or 311. False when it is no version from
 * 2.11 to 9.99. */
bool postfix_version_parse(struct sv text, unsigned *version_r) MUST_CHECK;

#endif
