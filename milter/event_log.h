/* tlswarden: milter/event_log - the lines that the log has of decisions.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef MILTER_EVENT_LOG_H
#define MILTER_EVENT_LOG_H

#include "milter/session.h"

/* "QUEUEID: refused rule=12 reason=no_tls client=name[addr] from=<...>
 * to=<...> tls=none reply="550 5.7.10 ..."", NOQUEUE before the MTA has an ID.
 * What a monitor rule would have refused is "watched", at level debug. */
void event_log_violation(const struct session *s,
    const struct record_violation *row);

#endif
