/* tlswarden: wire/attrs - Postfix policy delegation (SMTPD_POLICY_README).
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. A request is lines "name=value" and an empty line. Values are views
 * into the input; NUL bytes are data; attributes that we do not use are
 * skipped, as the protocol asks ("the order and the set of attributes may
 * change"). ccert_subject and ccert_issuer are in xtext, see wire/xtext.
 */
#ifndef WIRE_ATTRS_H
#define WIRE_ATTRS_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/sv.h"

/* In the order in which Postfix sends them. */
enum attr {
	ATTR_REQUEST = 0,
	ATTR_PROTOCOL_STATE,
	ATTR_CLIENT_ADDRESS,
	ATTR_CLIENT_NAME,
	ATTR_CLIENT_PORT,
	ATTR_HELO_NAME,
	ATTR_SENDER,
	ATTR_RECIPIENT,
	ATTR_QUEUE_ID,
	ATTR_INSTANCE,
	ATTR_SASL_METHOD,
	ATTR_SASL_USERNAME,
	ATTR_CCERT_SUBJECT,
	ATTR_CCERT_ISSUER,
	ATTR_CCERT_FINGERPRINT,
	ATTR_CCERT_PUBKEY_FINGERPRINT,
	ATTR_ENCRYPTION_PROTOCOL,
	ATTR_ENCRYPTION_CIPHER,
	ATTR_ENCRYPTION_KEYSIZE,
	ATTR_POLICY_CONTEXT,
	ATTR_COUNT
};

enum attrs_status {
	ATTRS_BAD = 0, /* not the protocol; close without an answer */
	ATTRS_MORE,    /* the start of a request */
	ATTRS_OK
};

struct attrs {
	/* p == NULL: was not sent; an empty value has p != NULL */
	struct sv v[ATTR_COUNT];
};

/* Takes one request off the front of in. ATTRS_BAD: a line without '=', an
 * empty name, a known attribute twice, or no end within max bytes. On ATTRS_OK
 * *attrs_r views into in and *used_r is what to drop from its front; else
 * neither is touched. */
enum attrs_status attrs_parse(struct sv in, size_t max, struct attrs *attrs_r,
    size_t *used_r) MUST_CHECK;
/* Adds a request of those that are not NULL, for clients and tests; values
 * must hold no newline. */
void attrs_format(const struct attrs *attrs, struct buf *out);
const char *attrs_name(enum attr attr) NONNULL_RETURN;

/* Adds the reply "action=TEXT" with its empty line. A newline in the text
 * would end it early, so bytes outside printable ASCII become '?'. */
void attrs_format_action(struct sv text, struct buf *out);

#endif
