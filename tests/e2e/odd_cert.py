#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: certificates with names that no CA should sign.

usage: odd_cert.py IN CA OUT FROM TO

Replaces the bytes FROM by TO, of the same length, in the signed part of the
certificate IN.pem and signs it again with the key CA.key; writes OUT.pem and
OUT.key. \\xHH in TO are bytes.
"""
import base64
import shutil
import subprocess
import sys


def element(der, at):
    """Where the content of the DER element at that place starts and ends."""
    n, start = der[at + 1], at + 2
    if n & 0x80:
        size = n & 0x7f
        n = int.from_bytes(der[start:start + size], "big")
        start += size
    return start, start + n


def sequence(content):
    n = len(content)
    if n < 0x80:
        head = bytes([n])
    else:
        size = (n.bit_length() + 7) // 8
        head = bytes([0x80 | size]) + n.to_bytes(size, "big")
    return b"\x30" + head + content


def bit_string(content):
    body = b"\0" + content
    assert len(body) < 0x80
    return b"\x03" + bytes([len(body)]) + body


def main():
    name, ca, out, old, new = sys.argv[1:]
    old = old.encode()
    new = new.encode().decode("unicode_escape").encode("latin-1")
    assert len(old) == len(new)
    der = subprocess.run(["openssl", "x509", "-in", name + ".pem", "-outform",
                          "DER"], stdout=subprocess.PIPE, check=True).stdout
    start, _ = element(der, 0)
    _, end = element(der, start)
    tbs = der[start:end]
    assert old in tbs
    tbs = tbs.replace(old, new)
    _, algorithm_end = element(der, end)
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", ca + ".key"], input=tbs,
        stdout=subprocess.PIPE, check=True).stdout
    der = sequence(tbs + der[end:algorithm_end] + bit_string(signature))
    with open(out + ".pem", "w", encoding="ascii") as pem:
        text = base64.encodebytes(der).decode()
        pem.write("-----BEGIN CERTIFICATE-----\n" + text +
                  "-----END CERTIFICATE-----\n")
    shutil.copy(name + ".key", out + ".key")


if __name__ == "__main__":
    main()
