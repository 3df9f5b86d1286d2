/* tlswarden: milter/peer - libmilter's view of the client as ours.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "milter/peer.h"

static void
from_inet(const struct sockaddr *sa, struct session_peer *peer)
{
	struct sockaddr_in in;

	memcpy(&in, sa, sizeof(in));
	peer->has_addr = true;
	peer->addr.family = 4;
	memcpy(peer->addr.b, &in.sin_addr, 4);
	peer->port = ntohs(in.sin_port);
}

/* Through text, so that a mapped address becomes IPv4 by the one rule. */
static void
from_inet6(const struct sockaddr *sa, struct session_peer *peer)
{
	struct sockaddr_in6 in6;
	char text[INET6_ADDRSTRLEN];

	memcpy(&in6, sa, sizeof(in6));
	if (inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text)) != NULL)
		peer->has_addr = addr_parse(sv_from(text), &peer->addr);
	peer->port = ntohs(in6.sin6_port);
}

struct session_peer
peer_from(const char *name, const struct sockaddr *sa)
{
	struct session_peer peer = { sv_from(name), false, { 0, { 0 } }, 0 };

	if (sa == NULL)
		return peer;
	if (sa->sa_family == AF_INET)
		from_inet(sa, &peer);
	else if (sa->sa_family == AF_INET6)
		from_inet6(sa, &peer);
	return peer;
}
