#!/bin/bash
# tlswarden: the zoo of the verifier, served live: the same findings.
# SPDX-License-Identifier: BSD-2-Clause
exec python3 "${top_srcdir:-.}/tests/probe/zoo.py"
