/* tlswarden: daemon/peers - servers as DNS told them, for rules with a subnet.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "daemon/peers.h"

_Static_assert((int)SERVERS_IPV4 == (int)QUERY_IPV4 &&
	(int)SERVERS_IPV6 == (int)QUERY_IPV6,
    "families have the same bits for DNS and for rules");

struct servers_key
peers_key(const struct party *p)
{
	return (struct servers_key){ party_domain(p),
		party_servers(p) == PARTY_SERVERS_DOMAIN };
}

struct lookup_peers
peers_of(const struct servers *s)
{
	return (struct lookup_peers){ s->addrs, s->n, s->is_complete,
		s->known_families, s->trouble };
}
