/* tlswarden: policy/decide - facts and a rule in, a verdict out.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The one decision function: milter, delegation, Sendmail's lookups, explain
 * and probe call it. Pure.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "base/buf.h"
#include "fact/tls.h"
#include "fact/verdict.h"
#include "policy/rule.h"

/* Bytes of a name, written by X509_NAME_oneline(), that Sendmail 8.17 tells. */
enum { SENDMAIL_DN_MAX = 255 };

/* Judges a session under a rule; NULL (no rule matched) passes. What cannot
 * be known fails temporarily with reason unknown, also when the rule says
 * fail. */
struct verdict decide(const struct rule *rule, const struct tls_facts *tls);

/* True if a word of a cert_name list accepts the name (DESIGN section 4,
 * inbound). Both may be of any case. */
bool decide_name_accepted(struct sv cert_name, const struct tls_facts *tls);

/* The common name of the certificate, or the empty view. */
struct sv decide_cn(const struct tls_facts *tls);

/* Adds the text of a refusal behind its SMTP code: "5.7.10 TLS required by
 * policy rule 12 for mail from example.mil: this session is not encrypted;
 * enable STARTTLS on your outbound server". One line of printable ASCII under
 * LIMIT_REPLY bytes, and no more than out has room for, whatever the facts
 * hold: names are cut until all else fits. subject names who the mail is from
 * or to ("mail from example.mil"). */
void decide_text(const struct rule *rule, const struct verdict *v,
    const struct tls_facts *tls, struct sv subject, struct buf *out);
/* The SMTP reply code: 451, 550, or 250 for a pass. */
unsigned decide_smtp_code(const struct verdict *v);

#endif
