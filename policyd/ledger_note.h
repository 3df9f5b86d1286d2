/* tlswarden: policyd/ledger_note - tells log and ledger of a judgement.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef POLICYD_LEDGER_NOTE_H
#define POLICYD_LEDGER_NOTE_H

#include "service.h"
#include "wire/attrs.h"

/* A refusal, or what a monitor rule would have refused: a line of the log and
 * a row of the ledger. text is the whole reply. */
void ledger_note(const struct service_context *ctx, const struct attrs *a,
    const struct judgement *j, struct sv text);

#endif
