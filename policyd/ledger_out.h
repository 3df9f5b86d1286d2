/* tlswarden: policyd/ledger_out - tells log and ledger of outbound mail.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each: a refusal, or what a monitor rule would have refused, is a line of the
 * log and a row of the ledger. No answer depends on it.
 */
#ifndef POLICYD_LEDGER_OUT_H
#define POLICYD_LEDGER_OUT_H

#include "fact/reason.h"
#include "service.h"

/* Map dsn was asked about key; answer (empty: it stays as it is) is what it
 * said, found what a probe knows (REASON_COUNT: nothing). */
void ledger_dsn(struct service_context *ctx, struct sv key, enum reason found,
    struct sv answer);
/* Map sendmail was asked. */
void ledger_sendmail(struct service_context *ctx, struct sv key);

#endif
