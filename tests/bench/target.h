/* tlswarden: bench/target - whom the load generator asks, and in which words.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef TESTS_BENCH_TARGET_H
#define TESTS_BENCH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sv.h"

enum target_kind { TARGET_SOCKETMAP = 1, TARGET_POLICY, TARGET_MILTER };

struct target {
	enum target_kind kind;
	struct sockaddr_storage addr;
	socklen_t addr_size;
	struct sv map; /* of a socketmap; views into the given text */
};

enum answer {
	ANSWER_BROKEN = 0, /* not a reply of this protocol, or too long */
	ANSWER_MORE,       /* a reply's beginning */
	ANSWER_FOUND,      /* OK, or an action other than DUNNO */
	ANSWER_NONE,       /* NOTFOUND, DUNNO */
	ANSWER_TROUBLE,    /* TEMP, PERM, TIMEOUT */
	ANSWER_KINDS
};

/* Reads "socketmap:unix:PATH:MAP", "socketmap:inet:HOST:PORT:MAP",
 * "policy:unix:PATH" or "policy:inet:HOST:PORT" (HOST a number). *t views into
 * text. */
int target_parse(struct target *t, struct sv text, struct err *err_r);
/* Reads "unix:PATH" or "inet:HOST:PORT" into *t; what follows, without its
 * colon, is in *rest_r. */
int target_parse_address(struct target *t, struct sv text, struct sv *rest_r,
    struct err *err_r);
/* Gives a connected, non-blocking descriptor; -1 on error. */
int target_connect(const struct target *t, struct err *err_r);
/* Adds the request for key to b. A socketmap key is sent as it is; a
 * delegation key is "CLIENT-ADDRESS [SENDER [RECIPIENT]]"; for a milter it is
 * the key itself (bench/msession makes many packets of it). */
void target_request(const struct target *t, struct sv key, struct buf *b);
/* Judges what was received so far for one request. */
enum answer target_answer(const struct target *t, struct sv got);

#endif
