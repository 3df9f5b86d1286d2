/* tlswarden: daemon/peers - servers as DNS told them, for rules with a subnet.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What policyd and tlswarden(1) share of it, so that they ask the same.
 */
#ifndef DAEMON_PEERS_H
#define DAEMON_PEERS_H

#include "policy/lookup.h"
#include "resolve/servers.h"

/* What DNS has to be asked for the next hop; views p. Only for those that
 * party_servers says DNS tells something of. */
struct servers_key peers_key(const struct party *p);
/* Views s. */
struct lookup_peers peers_of(const struct servers *s);

#endif
