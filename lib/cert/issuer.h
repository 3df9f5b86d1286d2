/* tlswarden: cert/issuer - what is known of a CA by its name alone.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A log tells the name of an issuer that was not found, and not why. Names
 * can be imitated, so that this is evidence for words and decides nothing.
 */
#ifndef CERT_ISSUER_H
#define CERT_ISSUER_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/sv.h"

struct chain;
struct trust;

enum issuer_word {
	ISSUER_UNHEARD = 0,  /* no certificate of that name is known */
	ISSUER_TRUSTED,      /* it is in the trust store itself */
	ISSUER_INTERMEDIATE, /* known, and leads to a trusted root */
	ISSUER_PRIVATE_ROOT, /* known, and no trusted root is above it */
};

/* Looks for the name "/C=US/O=Example/CN=..." in trust and in known (NULL:
 * nothing is), and adds the known one's note to note. */
enum issuer_word
issuer_look(const struct trust *trust, const struct chain *known,
    struct sv name, int64_t now, struct buf *note) MUST_CHECK;

#endif
