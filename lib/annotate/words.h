/* tlswarden: annotate/words - error texts of OpenSSL and what they mean.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef ANNOTATE_WORDS_H
#define ANNOTATE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "annotate/annotate.h"

/* Where needle begins in v, or v.n. Case counts. */
size_t words_find(struct sv v, struct sv needle);

/* The class of an X509_V_ERR number; REASON_CERT_NOT_VERIFIED for others. */
enum reason words_x509_number(uint32_t n);
/* The class of a verify error in OpenSSL's words (old ones too), or
 * REASON_COUNT. */
enum reason words_x509_text(struct sv text);
/* What the reason of a TLS library error says of a handshake: fills reason,
 * fault and remark. False: nothing known. */
bool words_library(struct sv text, struct annotation *r);

#endif
