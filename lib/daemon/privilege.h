/* tlswarden: daemon/privilege - from root to the service user, for good.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef DAEMON_PRIVILEGE_H
#define DAEMON_PRIVILEGE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* Started as root: becomes user with its groups and cannot come back; an
 * error when user is empty, unknown or root. Started as another user: stays
 * that user. Sets umask 0007: what the service makes is for its group. */
int privilege_drop(const char *user, struct err *err_r) MUST_CHECK;

/* Raises the number of open files to n as far as allowed; call it before the
 * drop. Returns how many there can be. */
uint32_t privilege_open_files(uint32_t n);

#endif
