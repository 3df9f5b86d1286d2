/* tlswarden: cert/digest - SHA-256 as hex digits.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "cert/digest.h"

void
digest_sha256(struct sv bytes, char hex_r[DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	/* Fails only when OpenSSL has no SHA-256 or no memory. */
	if (EVP_Digest(bytes.p != NULL ? bytes.p : "", bytes.n, md, &n,
		EVP_sha256(), NULL) != 1 ||
	    n != (DIGEST_HEX_SIZE - 1) / 2)
		abort();
	for (unsigned i = 0; i < n; i++) {
		hex_r[2 * i] = digits[md[i] >> 4];
		hex_r[2 * i + 1] = digits[md[i] & 15];
	}
	hex_r[DIGEST_HEX_SIZE - 1] = '\0';
}
