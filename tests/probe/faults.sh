#!/bin/bash
# tlswarden: every fault of a session is named, with verdict and exit code.
# SPDX-License-Identifier: BSD-2-Clause
exec python3 "${top_srcdir:-.}/tests/probe/faults.py"
