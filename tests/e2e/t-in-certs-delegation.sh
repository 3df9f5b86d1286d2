#!/bin/bash
# tlswarden: the demands of t-in-certs.sh, judged by policy delegation.
# SPDX-License-Identifier: BSD-2-Clause
export HOW=delegation
exec bash "$(dirname "$0")/t-in-certs.sh"
