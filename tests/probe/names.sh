#!/bin/bash
# tlswarden: MX, addresses, rules, logs, and what is no target.
# SPDX-License-Identifier: BSD-2-Clause
exec python3 "${top_srcdir:-.}/tests/probe/names.py"
