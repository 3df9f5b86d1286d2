/* tlswarden: wire/socketmap - the words of a socketmap (socketmap_table(5)).
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. A request is the netstring "MAP KEY"; the key may hold blanks and NUL
 * bytes. A reply is the netstring "OK VALUE", "NOTFOUND " or "TEMP TEXT" and
 * nothing else: Sendmail dies of a bare "OK" and takes PERM for NOTFOUND.
 */
#ifndef WIRE_SOCKETMAP_H
#define WIRE_SOCKETMAP_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/sv.h"

enum socketmap_status {
	SOCKETMAP_BAD = 0,  /* no request; close the connection */
	SOCKETMAP_TOO_LONG, /* answer TEMP and close */
	SOCKETMAP_MORE,     /* the start of one; call again with more bytes */
	SOCKETMAP_OK
};

struct socketmap_request {
	struct sv map;
	struct sv key;
};

/* Takes one request off the front of in, at most LIMIT_SOCKETMAP_REQUEST bytes
 * long. On SOCKETMAP_OK *req_r views into in and *used_r is what to drop from
 * its front; else neither is touched. */
enum socketmap_status socketmap_parse(struct sv in,
    struct socketmap_request *req_r, size_t *used_r) MUST_CHECK;
/* Adds a request, for clients and tests. */
void socketmap_format(const struct socketmap_request *req, struct buf *out);

/* Each adds one reply. An empty value is TEMP (Postfix and Sendmail each read
 * "OK " in an own way); so is one that does not fit into a reply. */
void socketmap_ok(struct sv value, struct buf *out);
void socketmap_notfound(struct buf *out);
/* text is for the log of the MTA; bytes outside printable ASCII are escaped,
 * what goes over 400 bytes is cut. */
void socketmap_temp(struct sv text, struct buf *out);

enum socketmap_word {
	SOCKETMAP_WORD_UNKNOWN = 0,
	SOCKETMAP_WORD_OK,
	SOCKETMAP_WORD_NOTFOUND,
	SOCKETMAP_WORD_TEMP
};

/* Parses a reply, for clients and tests; the text views into in. */
enum socketmap_status socketmap_reply_parse(struct sv in,
    enum socketmap_word *word_r, struct sv *text_r, size_t *used_r) MUST_CHECK;

#endif
