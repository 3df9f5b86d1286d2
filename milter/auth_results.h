/* tlswarden: milter/auth_results - the Authentication-Results header.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. RFC 8601: section 2.2 has the grammar, section 5 demands that headers
 * which claim to come from us but do not are removed at the border.
 */
#ifndef MILTER_AUTH_RESULTS_H
#define MILTER_AUTH_RESULTS_H

#include "milter/facts.h"

#define AUTH_RESULTS_NAME "Authentication-Results"

/* True if the field's value claims to be by id (case, comments, quoting, a
 * final dot and the spelling of an IDN do not count), or is too broken to tell
 * whom a reader would take for its author. */
bool auth_results_claims(struct sv value, struct sv id);
/* Adds "ID; x-tls=pass smtp.version=TLSv1.3 smtp.cipher=... smtp.bits=256",
 * x-tls=none for plaintext, x-tls=temperror when nothing is known. */
void auth_results_format(struct sv id, const struct facts *f, struct buf *out);

/* Which of a message's headers of that name are forged: their numbers, from
 * 1 on, rising. */
struct forged {
	uint32_t *v;
	size_t n, cap;
	uint32_t n_seen;
	bool is_full; /* over LIMIT_FORGED: the message is refused */
};

void forged_init(struct forged *f);
/* Looks at the next header of that name. */
void forged_note(struct forged *f, struct sv value, struct sv id);
/* For the next message; the memory stays. */
void forged_reset(struct forged *f);
void forged_free(struct forged *f);

#endif
