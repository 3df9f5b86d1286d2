/* tlswarden: prober/link - the connection to policyd.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * One question, one answer (probe/work). Used by one thread.
 */
#ifndef PROBER_LINK_H
#define PROBER_LINK_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

struct json_t;

enum { LINK_ANSWER_MSECS = 60000 };

struct link {
	int fd; /* -1: not connected */
	struct buf in;
};

void link_init(struct link *l);
/* Connects to the unix socket; nothing to do when it is connected. */
int link_open(struct link *l, const char *path, struct err *err_r) MUST_CHECK;
void link_close(struct link *l);
/* Sends question (takes it) and waits for the answer (json_decref). NULL: the
 * connection is lost and closed, or policyd says that it will not answer. */
struct json_t *
link_ask(struct link *l, struct json_t *question, struct err *err_r) MUST_CHECK;

#endif
