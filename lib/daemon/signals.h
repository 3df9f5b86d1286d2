/* tlswarden: daemon/signals - which thread gets them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

/* Ignores SIGPIPE and blocks SIGHUP, SIGINT, SIGTERM, SIGUSR1 and SIGUSR2 in
 * this thread and all that it will start. Call it before the first thread:
 * one that has a signal unblocked can be the one that takes it. */
void signals_block(void);
/* Unblocks them in the calling thread, which handles them from now on. */
void signals_unblock(void);

#endif
