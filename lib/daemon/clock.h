/* tlswarden: daemon/clock - the times that event loops need.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef DAEMON_CLOCK_H
#define DAEMON_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since some start, never set back. The coarse clock costs 5 ns
 * and steps by the kernel's tick (1 to 10 ms). */
static inline int64_t
clock_msecs(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Microseconds since the same start; costs 60 ns. */
static inline int64_t
clock_usecs(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Seconds since 1970. */
static inline int64_t
clock_wall_secs(void)
{
	return (int64_t)time(NULL);
}

#endif
