/* tlswarden: daemon/ledger - what a row of the ledger says of a judgement.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Shared by all that judge mail, so that a refusal looks the same whoever saw
 * it. Pure.
 */
#ifndef DAEMON_LEDGER_H
#define DAEMON_LEDGER_H

#include "base/conf.h"
#include "fact/record.h"
#include "policy/inbound.h"

/* The domain of an address for a person to read: empty when it has none, or
 * one with bytes that no domain has. Views into p. */
struct sv ledger_domain(const struct party *p);
/* As much of an address as record_addresses lets be kept; written is how it
 * came. Views into p or written. */
struct sv ledger_address(enum conf_addresses how, const struct party *p,
    struct sv written);
/* Sets what j says: rule, mode, permanence, reason. */
void ledger_judgement(const struct judgement *j, struct record_violation *row);

/* The same of outbound mail: rule, mode, permanence, reason, next hop and
 * text, as far as record_addresses lets them be kept. Views into the others. */
void ledger_outbound(enum conf_addresses how, const struct judgement *j,
    struct sv nexthop, struct sv text, struct record_violation *row);

#endif
