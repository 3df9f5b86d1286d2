#!/bin/bash
# tlswarden: what DNSSEC secures is told as secure, and nothing else is.
# SPDX-License-Identifier: BSD-2-Clause
exec python3 "${top_srcdir:-.}/tests/probe/dnssec.py"
