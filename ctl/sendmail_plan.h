/* tlswarden: ctl/sendmail_plan - what rules need of Sendmail and it has not.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each thing that is missing in sendmail.cf is a finding of check; those that
 * lines of sendmail.mc mend carry these lines, which "setup sendmail" prints.
 * So both always say the same.
 */
#ifndef CTL_SENDMAIL_PLAN_H
#define CTL_SENDMAIL_PLAN_H

#include "base/conf.h"
#include "ctl/check.h"
#include "ctl/postfix_plan.h"
#include "ctl/sendmail_cf.h"

enum { SENDMAIL_PATH_BYTES = 4096 };

struct sendmail_plan {
	struct check *check;
	const struct conf *conf;
	const struct snapshot *snap;
	struct sendmail_cf cf;
	const char *path; /* of sendmail.cf */
	bool is_missing;  /* there is none: all is to be added */
	/* Of ours, the listeners that Sendmail is to use; NULL: there is none
	 * of socketmap_listen. */
	const struct endpoint *socketmap;
	const struct endpoint *milter;
	/* What sendmail.cf names, as it is written; p == NULL: nothing. */
	struct sv map;
	struct sv map_socket;
};

/* Adds a finding about a setting when enabled rules fit: a problem when one of
 * them enforces, else a notice. NULL: none fits. */
struct check_finding *sendmail_need(struct sendmail_plan *p, plan_fits *fits,
    const char *code, const char *setting, const char *text);
/* The same as a notice at most. */
struct check_finding *sendmail_notice(struct sendmail_plan *p, plan_fits *fits,
    const char *code, const char *setting, const char *text);
/* Mends f (NULL: nothing) by these lines of sendmail.mc. */
void sendmail_change(struct sendmail_plan *p, struct check_finding *f,
    const char *lines);
bool sendmail_has(struct sendmail_plan *p, plan_fits *fits);
/* Adds the option's value: whether it says yes. */
bool sendmail_is_on(const struct sendmail_plan *p, const char *option);

/* Whether the feature judges clients in the place of the milter. */
bool sendmail_judges_clients(const struct sendmail_plan *p);

/* As Sendmail writes it: "unix:PATH" or "inet:PORT@HOST". */
const char *sendmail_socket(struct sendmail_plan *p, const struct endpoint *ep)
    NONNULL_RETURN;
/* Whether that is what sendmail.cf names; a path alone is a unix socket. */
bool sendmail_is_socket(struct sv written, const struct endpoint *ep);

/* Reads path, or the usual one when NULL, which need not be there when
 * may_miss. -1: with *err_r. Free with sendmail_plan_done. */
int sendmail_plan_init(struct sendmail_plan *p, struct check *c,
    const char *path, bool may_miss, struct err *err_r) MUST_CHECK;
void sendmail_plan_done(struct sendmail_plan *p);

/* Each adds findings. */
void sendmail_outbound(struct sendmail_plan *p);
void sendmail_inbound(struct sendmail_plan *p);
void sendmail_sockets(struct sendmail_plan *p);
void sendmail_plan_all(struct sendmail_plan *p);

/* One lookup through the socket that sendmail.cf names, or is to name, which
 * has to be answered as the table says; then the same by that Sendmail itself
 * in its test mode (program, NULL: where Debian has it; left out when there is
 * none). -1: with *err_r. What was seen is a line in *said_r. */
int sendmail_prove(struct sendmail_plan *p, const char *program,
    const char **said_r, struct err *err_r) MUST_CHECK;

#endif
