/* tlswarden: policyd/hop - asks the table about a next hop, and DNS for it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef POLICYD_HOP_H
#define POLICYD_HOP_H

#include <stdbool.h>

#include "policy/lookup.h"
#include "service.h"

/* One of the look-ups of policy/lookup and policy/sendmail. */
typedef void hop_fn(const struct snapshot *s, enum level level,
    const struct lookup_hop *hop, struct lookup_answer *r);

/* Asks the current snapshot about key, with the addresses of its servers if a
 * rule's subnet depends on them. False: those are being looked for, ask again
 * when MAIL_FOUND is there. The answer views the snapshot and ctx->text. */
bool hop_ask(struct service_context *ctx, struct sv key, enum level level,
    hop_fn *fn, struct lookup_answer *r) MUST_CHECK;

#endif
