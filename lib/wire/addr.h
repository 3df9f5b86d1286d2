/* tlswarden: wire/addr - IP addresses, subnets as MTAs and people write them.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. IPv4-mapped IPv6 addresses (::ffff:a.b.c.d) are IPv4 everywhere, also
 * as subnets; an IPv6 subnet never holds an IPv4 address. RFC 4291, RFC 4632.
 */
#ifndef WIRE_ADDR_H
#define WIRE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sv.h"

struct addr {
	uint8_t family; /* 0: none, 4 or 6 */
	uint8_t b[16];  /* network order; 4 bytes used for IPv4 */
};

struct cidr {
	struct addr net;
	uint8_t bits; /* 0 to 32 or 128 */
};

/* Parses a dotted quad without leading zeros, or IPv6 text, the latter also
 * with "IPv6:" in front (RFC 5321 4.1.3). No brackets, no zone. False if it
 * is neither. */
bool addr_parse(struct sv text, struct addr *r) MUST_CHECK;
bool addr_eq(const struct addr *a, const struct addr *b);
/* Orders by family, then numerically. */
int addr_cmp(const struct addr *a, const struct addr *b);
/* Adds the canonical text (RFC 5952). */
void addr_format(const struct addr *a, struct buf *out);

/* Parses an address or ADDRESS/BITS. Host bits that are set are an error whose
 * text gives the masked form. */
int cidr_parse(struct sv text, struct cidr *r, struct err *err_r) MUST_CHECK;
bool cidr_has(const struct cidr *c, const struct addr *a);
void cidr_format(const struct cidr *c, struct buf *out);
/* The first and the last address of c. */
void
cidr_range(const struct cidr *c, struct addr *first_r, struct addr *last_r);

#endif
