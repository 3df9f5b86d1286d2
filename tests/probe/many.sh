#!/bin/bash
# tlswarden: 200 servers, every tenth hangs: done in the timeout + 1 s.
# SPDX-License-Identifier: BSD-2-Clause
exec python3 "${top_srcdir:-.}/tests/probe/many.py"
