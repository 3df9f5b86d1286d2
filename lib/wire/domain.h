/* tlswarden: wire/domain - domain names in the one form that is compared.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Lower case, A-labels (IDNA2008, non-transitional: RFC 5891, UTS 46), no
 * final dot. Pure but for libidn2's tables.
 */
#ifndef WIRE_DOMAIN_H
#define WIRE_DOMAIN_H

#include "base/attr.h"
#include "base/limits.h"
#include "base/sv.h"

enum domain_status {
	DOMAIN_BAD = 0, /* not UTF-8, not IDNA, too long, NUL inside */
	DOMAIN_OK
};

/* Writes the normal form of in to out (not NUL-terminated) and its length to
 * *n_r. ASCII text of any other kind (a literal, a path) is only folded. */
enum domain_status domain_normalise(struct sv in,
    char out[static LIMIT_DOMAIN + 1], size_t *n_r) MUST_CHECK;

/* True if v (normal form) is labels of letters, digits, '-', '_', each 1 to
 * 63 bytes, not starting or ending with '-', 253 bytes in all. */
bool domain_is_valid(struct sv v);
/* What mail servers take for a host in an MX record. RFC 5321 5.1 allows names
 * alone, but Postfix connects to an address that stands there, and looks up a
 * name with "*." in front as it is (src/dns/dns_lookup.c). */
bool domain_is_mail_host(struct sv v);

#endif
