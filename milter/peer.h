/* tlswarden: milter/peer - libmilter's view of the client as ours.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef MILTER_PEER_H
#define MILTER_PEER_H

#include <sys/socket.h>

#include "milter/session.h"

/* name as the MTA looked it up; sa is NULL when it knows no address. The
 * result views name. */
struct session_peer peer_from(const char *name, const struct sockaddr *sa);

#endif
