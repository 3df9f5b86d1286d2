/* tlswarden: ctl/ca - the sub verbs of "tlswarden ca" that only read.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_CA_H
#define CTL_CA_H

#include "ctl/command.h"

extern const struct command verb_ca_list;
extern const struct command verb_ca_show;
extern const struct command verb_ca_export;

/* EX_DATAERR: there is no such CA. */
int ca_unknown(const char *name, struct err *err_r);

#endif
