/* tlswarden: tests/fuzz/fuzz - what every fuzz target shares.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A target fuzz_NAME.c defines the one function; it returns 0 and aborts by
 * assert() on a wrong result. Its seeds are the files of corpus/NAME, which
 * "make check" replays through it (replay_main.c); built with
 * --enable-fuzzers it is a libFuzzer program: ./fuzz_NAME DIRECTORY corpus/NAME
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
