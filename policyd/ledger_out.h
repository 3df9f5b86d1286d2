/* tlswarden: policyd/ledger_out - tells log and ledger of outbound mail.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each: a refusal, or what a monitor rule would have refused, is a line of the
 * log and a row of the ledger. No answer depends on it.
 */
#ifndef POLICYD_LEDGER_OUT_H
#define POLICYD_LEDGER_OUT_H

#include "policy/dsn.h"
#include "service.h"

/* Map dsn was asked about key; answer (empty: it stays as it is) is what it
 * said, probes what is known of that destination. */
void ledger_dsn(struct service_context *ctx, struct sv key,
    struct dsn_probes probes, struct sv answer);
/* Map sendmail was asked. */
void ledger_sendmail(struct service_context *ctx, struct sv key);

#endif
