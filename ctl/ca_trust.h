/* tlswarden: ctl/ca_trust - the certificates behind a name of table ca.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_CA_TRUST_H
#define CTL_CA_TRUST_H

#include "base/attr.h"
#include "base/err.h"
#include "base/sv.h"
#include "ctl/load.h"

struct trust;

/* Gives (free with trust_free) what the CA of that name has. -1: it is not in
 * the table, or its PEM is broken. */
int ca_trust_load(struct loaded *table, struct sv name, struct trust **trust_r,
    struct err *err_r) MUST_CHECK;

#endif
