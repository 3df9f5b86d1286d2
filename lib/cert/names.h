/* tlswarden: cert/names - whether a certificate carries a name.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_NAMES_H
#define CERT_NAMES_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/limits.h"

enum names_kind { NAMES_HOST = 0, NAMES_IP, NAMES_MAIL };

/* A name to look for, in the form that is compared. */
struct names_wanted {
	enum names_kind kind;
	char text[LIMIT_ADDRESS + 1]; /* A-labels, lower case, no final dot;
				       * a leading dot: any subdomain */
};

enum names_match {
	NAMES_DIFFERENT = 0,
	NAMES_CN_ONLY, /* in the CN, there being no DNS name (RFC 6125 6.4.4) */
	NAMES_PRESENT  /* in the subject alternative name */
};

/* Reads a host name (U-label or A-label, final dot allowed, leading dot for
 * subdomains), an IP address ("[...]" allowed) or a mail address.
 * -1 (EX_USAGE): it is none of them. */
int names_parse(const char *text, struct names_wanted *w_r, struct err *err_r)
    MUST_CHECK;
/* RFC 6125 section 6, wildcards as the whole left-most label only. */
enum names_match names_check(X509 *x, const struct names_wanted *w);

#endif
