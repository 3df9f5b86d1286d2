/* tlswarden: annotate/delivery - to whom mail went, by a line of a mail log.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. Deliveries over SMTP, tried or done: those of Postfix's smtp(8), under
 * whatever name its service has, and of Sendmail's mailers smtp and esmtp.
 */
#ifndef ANNOTATE_DELIVERY_H
#define ANNOTATE_DELIVERY_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/sv.h"

/* True if the line (without its end) is about such a delivery; *rest_r then
 * holds its recipients. Views the line. */
bool delivery_line(struct sv line, struct sv *rest_r) MUST_CHECK;
/* Takes the next recipient with a domain off *rest into *domain_r. False: no
 * more. */
bool delivery_domain(struct sv *rest, struct sv *domain_r) MUST_CHECK;

#endif
