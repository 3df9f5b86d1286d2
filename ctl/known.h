/* tlswarden: ctl/known - the CAs of the table as evidence of what exists.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_KNOWN_H
#define CTL_KNOWN_H

#include "ctl/command.h"

struct chain;

/* Adds the certificates of all CAs of policy_database to *known, which is made
 * (free with chain_free) when it is NULL and there are any. Judging a chain
 * needs no table: one that is not there, may not be read or is damaged is
 * passed over in silence. */
void known_add_cas(struct app *app, struct chain **known);

#endif
