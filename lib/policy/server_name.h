/* tlswarden: policy/server_name - cert_name of an outbound rule, judged here.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. For MTAs that verify a chain without looking at names; Postfix and the
 * probe do it themselves. The words are those of DESIGN section 4, outbound.
 */
#ifndef POLICY_SERVER_NAME_H
#define POLICY_SERVER_NAME_H

#include "fact/tls.h"

/* True if a word of the list accepts a name that the certificate carries: its
 * CN, or one of those that server says are in it. An empty list is Postfix's
 * own for level secure, "nexthop:.nexthop". A CN may be a wildcard, whose star
 * stands for one label (RFC 6125 6.4.3). */
bool server_name_accepted(struct sv names, struct sv cn,
    const struct tls_server *server);

#endif
