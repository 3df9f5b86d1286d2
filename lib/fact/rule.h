/* tlswarden: fact/rule - the words of a rule as enums.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The zero value is always the one that must not be trusted.
 */
#ifndef FACT_RULE_H
#define FACT_RULE_H

#include "base/sv.h"

enum direction {
	DIRECTION_UNKNOWN = 0,
	DIRECTION_IN, /* mail we receive */
	DIRECTION_OUT /* mail we deliver */
};

enum level {
	LEVEL_UNKNOWN = 0,
	LEVEL_NONE,
	LEVEL_PREFERRED,
	LEVEL_ENCRYPT,
	LEVEL_SECURE
};

enum on_failure { ON_FAILURE_TEMPFAIL = 0, ON_FAILURE_FAIL };

enum rule_mode { MODE_ENFORCE = 0, MODE_MONITOR };

/* Ordered by age; TLS_VERSION_UNKNOWN is older than all. */
enum tls_version {
	TLS_VERSION_UNKNOWN = 0,
	TLS_VERSION_SSLV3,
	TLS_VERSION_1_0,
	TLS_VERSION_1_1,
	TLS_VERSION_1_2,
	TLS_VERSION_1_3
};

/* Each parses the words of table policy; false when it is none of them. */
bool direction_parse(struct sv word, enum direction *r) MUST_CHECK;
bool level_parse(struct sv word, enum level *r) MUST_CHECK;
bool on_failure_parse(struct sv word, enum on_failure *r) MUST_CHECK;
bool rule_mode_parse(struct sv word, enum rule_mode *r) MUST_CHECK;
/* "TLSv1" "TLSv1.1" "TLSv1.2" "TLSv1.3" and, as MTAs say it, "SSLv3". */
bool tls_version_parse(struct sv word, enum tls_version *r) MUST_CHECK;

const char *direction_word(enum direction d) NONNULL_RETURN;
const char *level_word(enum level l) NONNULL_RETURN;
const char *on_failure_word(enum on_failure f) NONNULL_RETURN;
const char *rule_mode_word(enum rule_mode m) NONNULL_RETURN;
const char *tls_version_word(enum tls_version v) NONNULL_RETURN;

#endif
