/* tlswarden: fact/row - one row of table policy and of table ca, as stored.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What lib/store fills and lib/policy reads. Views are valid for one call.
 * A NULL column is a view with p == NULL; a stored empty text has p != NULL.
 */
#ifndef FACT_ROW_H
#define FACT_ROW_H

#include <stdint.h>

#include "base/sv.h"

struct rule_row {
	int64_t id;
	int64_t enabled;
	int64_t priority;
	struct sv direction;
	struct sv sender;
	struct sv recipient;
	struct sv subnet;
	struct sv level;
	struct sv on_failure;
	struct sv ca;
	struct sv cert_name;
	struct sv cert_fingerprint;
	struct sv min_protocol;
	int64_t min_bits; /* 0 for NULL */
	struct sv mode;
	struct sv expires_at;
	struct sv comment;
};

/* A CA of table ca, after lib/cert has looked into its PEM. */
struct ca_fact {
	struct sv name;
	/* SHA-256 of the canonical PEM, 64 hex digits: its file is HASH.pem */
	struct sv hash;
	/* Subjects of its certificates: n_subjects of each. dn is in OpenSSL's
	 * slash form ("/C=XX/O=Test/CN=Root"), cn is the CN or empty. */
	const struct sv *dns;
	const struct sv *cns;
	size_t n_subjects;
};

#endif
