/* tlswarden: bench/clock - time that passed, time that another process used.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <sys/types.h>
#include <time.h>

#include "clock.h"

uint64_t
clock_nsecs(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * CLOCK_NSECS + (uint64_t)ts.tv_nsec;
}

uint64_t
clock_cpu_nsecs(uint32_t pid)
{
	struct timespec ts;
	clockid_t id;

	if (pid == 0 || clock_getcpuclockid((pid_t)pid, &id) != 0 ||
	    clock_gettime(id, &ts) != 0)
		return 0;
	return (uint64_t)ts.tv_sec * CLOCK_NSECS + (uint64_t)ts.tv_nsec;
}
