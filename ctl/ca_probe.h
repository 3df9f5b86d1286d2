/* tlswarden: ctl/ca_probe - the CA of a mail server, as it presents it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_CA_PROBE_H
#define CTL_CA_PROBE_H

#include "base/attr.h"
#include "base/err.h"
#include "ctl/ca_set.h"
#include "ctl/command.h"

/* Visits the places of target until one presents a chain, and adds the top of
 * that: the root if it was sent, else the last CA below it. -1 also for a
 * chain without a CA, such as a self-signed certificate. */
int ca_probe(struct app *app, const char *target, struct ca_set *set,
    struct err *err_r) MUST_CHECK;

#endif
