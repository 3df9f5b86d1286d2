/* tlswarden: daemon/notify - tells the service manager (sd_notify(3)).
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * By hand: the protocol is one datagram of lines to the socket that
 * NOTIFY_SOCKET names. Without that variable nothing is sent.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "base/attr.h"

/* Ready to answer; status is a sentence for "systemctl status". Also the end
 * of a reload. */
void notify_ready(const char *status);
/* A reload begins; Type=notify-reload asks for the time with it. */
void notify_reloading(void);
void notify_stopping(void);

#endif
