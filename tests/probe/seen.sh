#!/bin/bash
# tlswarden: a chain seen before tells what a server forgot to send.
# SPDX-License-Identifier: BSD-2-Clause
exec python3 "${top_srcdir:-.}/tests/probe/seen.py"
