/* tlswarden: annotate/annotate - TLS failures in the logs of mail servers.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Knows the words of Postfix 3.5 to 3.11 (smtp, smtpd, tlsproxy), Sendmail
 * 8.15 to 8.18 (joined by process and relay), FortiMail's CAFail, and our own
 * refusals. Pure: a line in, at most one annotation out. Limits: lines of
 * ANNOTATE_LINE bytes (the rest is not looked at), ANNOTATE_PIDS processes
 * remembered.
 */
#ifndef ANNOTATE_ANNOTATE_H
#define ANNOTATE_ANNOTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/sv.h"
#include "fact/reason.h"

enum { ANNOTATE_LINE = 65536, ANNOTATE_PIDS = 256, ANNOTATE_PEER = 256 };

struct annotation {
	enum reason reason;
	enum reason_fault fault; /* the table's, or what the line shows */
	/* Who the line is about: "host[address]:port", "host [address]" or a
	 * name; empty when the log does not tell. Views the line or the
	 * annotator. */
	struct sv peer;
	/* What stands in the line and matters: an issuer's name, a reply, a
	 * number. Views the line. */
	struct sv detail;
	/* A sentence for what the class alone does not say; NULL: none. */
	const char *remark;
	int64_t rule_id; /* of our own refusals; 0: none */
	bool is_inbound; /* the peer is a client */
};

struct annotator;

struct annotator *annotator_new(void) NONNULL_RETURN MUST_CHECK;
void annotator_free(struct annotator *a);
/* Looks at one line without its end. True: *r is filled, valid until the next
 * call and as long as the line. */
bool annotator_line(struct annotator *a, struct sv line, struct annotation *r)
    MUST_CHECK;

#endif
