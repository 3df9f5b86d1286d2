/* tlswarden: ctl/setup_prove - asks the daemons as Postfix asks them.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * postmap(1) is Postfix's own client: started in the queue directory, as the
 * user that smtp(8) is, it reaches policyd by the very words of main.cf, chroot
 * or not. The milter and delegation have to take a connection from that user.
 */
#ifndef CTL_SETUP_PROVE_H
#define CTL_SETUP_PROVE_H

#include "ctl/postfix_plan.h"

enum { PROOFS_MAX = 16 };

struct proof {
	const char *what;   /* "postmap -q example.mil socketmap:..." */
	const char *answer; /* "encrypt" */
};

struct proofs {
	struct proof v[PROOFS_MAX];
	size_t n;
};

enum prove_when {
	PROVE_BEFORE = 0, /* by what is going to stand in main.cf */
	PROVE_AFTER       /* by what stands there now */
};

/* Tries all that the rules need; each has to answer as the table says. -1: one
 * does not, with the way out. */
int setup_prove(struct plan *p, enum prove_when when, struct proofs *proofs_r,
    struct err *err_r) MUST_CHECK;

#endif
