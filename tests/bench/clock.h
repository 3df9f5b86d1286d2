/* tlswarden: bench/clock - time that passed, time that another process used.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef TESTS_BENCH_CLOCK_H
#define TESTS_BENCH_CLOCK_H

#include <stdint.h>

#define CLOCK_NSECS UINT64_C(1000000000)

uint64_t clock_nsecs(void);
/* CPU time of pid, its ended threads too; 0 when not known or pid is 0. */
uint64_t clock_cpu_nsecs(uint32_t pid);

#endif
