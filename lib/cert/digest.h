/* tlswarden: cert/digest - SHA-256 as hex digits.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_DIGEST_H
#define CERT_DIGEST_H

#include "base/sv.h"

enum { DIGEST_HEX_SIZE = 65 };

/* Writes the SHA-256 of the bytes as 64 lower-case hex digits and a NUL. */
void digest_sha256(struct sv bytes, char hex_r[DIGEST_HEX_SIZE]);

#endif
