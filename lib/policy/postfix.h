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

/* Adds the value of tlspolicy for d (without "OK "). version: 306 for 3.6. */
void postfix_tlspolicy(const struct demand *d, unsigned version,
    struct sv ca_directory, struct buf *out);
/* Parses "3.6" or "3.11.2" to 306 or 311. False when it is no version from
 * 2.11 to 9.99. */
bool postfix_version_parse(struct sv text, unsigned *version_r) MUST_CHECK;

#endif
