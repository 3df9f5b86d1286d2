/* tlswarden: milter/facts - what the MTA's macros say of the TLS session.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. Two dialects: Postfix gives common names as they are, only of trusted
 * certificates, and never {verify}; Sendmail gives whole DNs in xtext, also of
 * certificates that nobody trusts, and {verify}. An MTA that cannot be told is
 * believed nothing that would let a client pass.
 */
#ifndef MILTER_FACTS_H
#define MILTER_FACTS_H

#include "base/buf.h"
#include "fact/record.h"
#include "fact/tls.h"
#include "milter/macros.h"

/* What to ask for at MAIL, for smfi_setsymlist: Postfix sends these with HELO
 * only, and a client that does not repeat EHLO after STARTTLS would look like
 * plaintext. */
#define FACTS_MACROS_MAIL                                      \
	"i {auth_type} {tls_version} {cipher} "                \
	"{cipher_bits} {verify} {cert_subject} {cert_issuer} " \
	"{cn_subject} {cert_fp} {mail_addr}"
/* {tls_version} at CONNECT: only with implicit TLS is it there already. */
#define FACTS_MACROS_CONNECT "v {daemon_name} {tls_version}"
#define FACTS_MACROS_HELO "{tls_version} {verify}"
#define FACTS_MACROS_RCPT "i {rcpt_addr}"
#define FACTS_MACROS_EOM "i"

struct facts {
	struct tls_facts tls;  /* its views point into text */
	struct sv tls_version; /* as the MTA wrote it */
	bool is_authenticated;
	struct buf text;
};

/* Which MTA speaks, if it is not known yet; call it at CONNECT, HELO and
 * MAIL. */
enum record_mta facts_mta(enum record_mta known, const struct macros *m);
/* True if the macros name a TLS version: the session is encrypted. */
bool facts_has_tls(const struct macros *m);
void facts_init(struct facts *f);
/* Collects at MAIL. is_asked: the MTA agreed to send what we asked for, so
 * that a missing {tls_version} means plaintext. */
void facts_collect(struct facts *f, enum record_mta mta, bool is_asked,
    const struct macros *m);
/* Forgets; the memory stays. */
void facts_reset(struct facts *f);
void facts_free(struct facts *f);

#endif
