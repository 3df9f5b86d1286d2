#!/bin/bash
# tlswarden: a stapled OCSP response is asked for, read and checked.
# SPDX-License-Identifier: BSD-2-Clause
exec python3 "${top_srcdir:-.}/tests/probe/staple.py"
