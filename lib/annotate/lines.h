/* tlswarden: annotate/lines - one reader for each mail server's words.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each takes the message of a log line (behind "program[pid]: ") and fills r,
 * whose fields are zeroed but for fault (unknown). Views point into msg.
 */
#ifndef ANNOTATE_LINES_H
#define ANNOTATE_LINES_H

#include "annotate/annotate.h"

/* "... program[pid]: message": program is the last word before the first
 * "]: ". False: it is no line of a log. */
bool lines_split(struct sv line, struct sv *program_r, uint32_t *pid_r,
    struct sv *msg_r) MUST_CHECK;

bool postfix_line(struct sv msg, struct annotation *r);
/* Settings and limits: mostly faults of our own. */
bool postfix_warning(struct sv msg, struct annotation *r);

/* What a Sendmail process said before and is still to be told. */
struct sendmail_memory {
	uint32_t pid;
	bool is_set;
	enum reason reason; /* REASON_COUNT: nothing is pending */
	enum reason_fault fault;
	const char *remark;
	char peer[ANNOTATE_PEER]; /* of its last session */
	size_t peer_n;
};

/* memory is that of the line's process. */
bool sendmail_line(struct sv msg, struct sendmail_memory *memory,
    struct annotation *r);
/* FortiMail: "verify=CAFail" and "CAFail". */
bool cafail_line(struct sv msg, struct annotation *r);

#endif
