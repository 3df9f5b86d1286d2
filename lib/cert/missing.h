/* tlswarden: cert/missing - why no trusted certificate was reached: evidence.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_MISSING_H
#define CERT_MISSING_H

#include <openssl/x509.h>

#include <stdbool.h>

struct path;
struct verification;

/* Whether the X509_V_ERR_* only says that no anchor was reached. */
bool missing_is_code(int code);
/* A trusted certificate that has the name of x's issuer, but is not it; NULL */
X509 *missing_stored_namesake(const struct verification *v, int x);
/* Where in the path the first certificate that was not sent stands; -1. */
int missing_first_known(const struct verification *v, const struct path *p);

#endif
