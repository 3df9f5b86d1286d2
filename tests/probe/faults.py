#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: every fault of a session is named, with verdict and exit code."""
import concurrent.futures
import socket
import ssl
import time

import servers as s
import tap
from servers import session

T12, T13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
T10, T11 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
MANY = b"".join(b"250-KEYWORD%d\r\n" % i for i in range(98))

# label, behaviour, options of Setup, options of probe, failing classes,
# verdict, exit code, outcome without a rule, words of the first cause
CASES = [
    ("good", session(), {}, [], [], "ok", 0, "delivered", ""),
    ("byte by byte", session(send=s.bytewise), {}, [], [], "ok", 0,
     "delivered", ""),
    ("TLS 1.2", session(), {"high": T12}, [], [], "ok", 0, "delivered", ""),
    ("greeting of many lines",
     session(greeting=b"220-mx\r\n220-no spam\r\n220 please\r\n"),
     {}, [], [], "ok", 0, "delivered", ""),
    ("bare line feeds",
     session(ehlo=b"250-mx\n250-STARTTLS\n250 HELP\n"),
     {}, [], [], "ok", 0, "delivered", ""),
    ("keyword in mixed case",
     session(ehlo=b"250-mx\r\n250 StartTls\r\n"),
     {}, [], [], "ok", 0, "delivered", ""),
    ("100 lines", session(ehlo=b"250-mx\r\n" + MANY + b"250 STARTTLS\r\n"),
     {}, [], [], "ok", 0, "delivered", ""),
    ("LMTP", session(verb=b"LHLO"), {}, ["--mode", "lmtp"], [], "ok", 0,
     "delivered", ""),
    ("smtps", s.smtps, {}, ["--mode", "smtps"], [], "ok", 0, "delivered",
     ""),

    ("no STARTTLS", session(ehlo=b"250-mx\r\n250 PIPELINING\r\n"), {}, [],
     ["no_starttls"], "noverify", 1, "delivered", "not among its EHLO"),
    ("STARTTLS as a part of a keyword",
     session(ehlo=b"250-mx\r\n250-XSTARTTLS\r\n250 STARTTLSX\r\n"), {}, [],
     ["no_starttls"], "noverify", 1, "delivered", ""),
    ("STARTTLS as the name of the host",
     session(ehlo=b"250-STARTTLS STARTTLS\r\n250 HELP\r\n"), {}, [],
     ["no_starttls"], "noverify", 1, "delivered", ""),
    ("STARTTLS starred out", session(ehlo=b"250-mx\r\n250 XXXXXXXA\r\n"), {},
     [], ["no_starttls"], "noverify", 1, "delivered", ""),
    ("refused 454", session(starttls=b"454 4.7.0 TLS not available\r\n"), {},
     [], ["starttls_refused"], "noverify", 1, "delivered",
     "454 4.7.0 TLS not available"),
    ("refused 554", session(starttls=b"554 5.7.0 no\r\n"), {}, [],
     ["starttls_refused"], "noverify", 1, "delivered", "554 5.7.0 no"),
    ("502 to STARTTLS", session(starttls=b"502 what\r\n"), {}, [],
     ["starttls_refused"], "noverify", 1, "delivered", "502 what"),
    ("garbage to STARTTLS", session(starttls=b"\xff\x00\x1b[31mx\r\n"), {},
     [], ["protocol_error"], "noverify", 1, "deferred", "\\x1B[31mx"),
    ("garbage as greeting", session(greeting=b"HTTP/1.1 400 Bad\r\n"), {},
     [], ["protocol_error"], "noverify", 1, "deferred", "HTTP/1.1 400"),
    ("codes that differ", session(ehlo=b"250-mx\r\n251 STARTTLS\r\n"), {},
     [], ["protocol_error"], "noverify", 1, "deferred", ""),
    ("a code of two digits", session(greeting=b"22 mx\r\n"), {}, [],
     ["protocol_error"], "noverify", 1, "deferred", ""),
    ("code 199", session(greeting=b"199 mx\r\n"), {}, [],
     ["protocol_error"], "noverify", 1, "deferred", ""),
    ("code 600", session(greeting=b"600 mx\r\n"), {}, [],
     ["protocol_error"], "noverify", 1, "deferred", ""),
    ("greeting 554", session(greeting=b"554 no service\r\n"), {}, [],
     ["smtp_refused"], "noverify", 1, "deferred", "554 no service"),
    ("greeting 421", session(greeting=b"421 too busy\r\n"), {}, [],
     ["smtp_refused"], "noverify", 1, "deferred", "421 too busy"),
    ("EHLO refused", session(ehlo=b"550 go away\r\n"), {}, [],
     ["smtp_refused"], "noverify", 1, "deferred", "550 go away"),
    ("101 lines",
     session(ehlo=b"250-mx\r\n" + MANY + b"250-Y\r\n250 STARTTLS\r\n"), {},
     [], ["protocol_error"], "noverify", 1, "deferred", ""),
    ("1000 lines", session(ehlo=b"250-x\r\n" * 999 + b"250 STARTTLS\r\n"),
     {}, [], ["protocol_error"], "noverify", 1, "deferred", ""),
    ("a line of 5000 bytes",
     session(ehlo=b"250-" + b"x" * 5000 + b"\r\n250 STARTTLS\r\n"), {}, [],
     ["protocol_error"], "noverify", 1, "deferred", ""),
    ("endless lines", session(ehlo=s.endless_lines), {}, [],
     ["protocol_error"], "noverify", 1, "deferred", ""),
    ("an endless line", session(ehlo=s.endless_line), {}, [],
     ["protocol_error"], "noverify", 1, "deferred", ""),
    ("an endless greeting", session(greeting=s.endless_line), {}, [],
     ["protocol_error"], "noverify", 1, "deferred", ""),
    ("a dripping reply", session(ehlo=s.drip), {}, ["--timeout", "1"],
     ["timeout"], "noverify", 1, "deferred", "to EHLO"),

    ("hang instead of a greeting", s.hang, {}, ["--timeout", "1"],
     ["timeout"], "noverify", 1, "deferred", "as greeting"),
    ("hang at EHLO", session(ehlo=s.hang), {}, ["--timeout", "1"],
     ["timeout"], "noverify", 1, "deferred", "to EHLO"),
    ("hang at STARTTLS", session(starttls=s.hang), {}, ["--timeout", "1"],
     ["timeout"], "noverify", 1, "deferred", "to STARTTLS"),
    ("hang in the handshake", session(then=s.hang), {}, ["--timeout", "1"],
     ["timeout"], "noverify", 1, "delivered", "handshake"),
    ("hang inside TLS", session(then=s.hang_inside), {}, ["--timeout", "1"],
     ["timeout"], "fail", 1, "delivered", "inside TLS"),
    ("smtps at a server that waits for a greeting's reply",
     session(), {}, ["--mode", "smtps", "--timeout", "1"],
     ["handshake_failure"], "noverify", 1, "deferred", ""),
    ("STARTTLS at a server of smtps", s.smtps, {}, ["--timeout", "1"],
     ["timeout"], "noverify", 1, "deferred", "as greeting"),

    ("close instead of a greeting", s.close, {}, [], ["connection_closed"],
     "noverify", 1, "deferred", "as greeting"),
    ("close at EHLO", session(ehlo=s.close), {}, [], ["connection_closed"],
     "noverify", 1, "deferred", "to EHLO"),
    ("close at STARTTLS", session(starttls=s.close), {}, [],
     ["connection_closed"], "noverify", 1, "deferred", "to STARTTLS"),
    ("close before the handshake", session(then=s.close), {}, [],
     ["connection_closed"], "noverify", 1, "delivered", "handshake"),
    ("close in the handshake", session(then=s.close_in_handshake), {}, [],
     ["connection_closed"], "noverify", 1, "delivered", "handshake"),
    ("reset in the handshake", session(then=s.reset_in_handshake), {}, [],
     ["connection_closed"], "noverify", 1, "delivered", "handshake"),
    ("close inside TLS", session(then=s.close_inside), {}, [],
     ["connection_closed"], "fail", 1, "delivered", "inside TLS"),
    ("garbage inside TLS", session(then=s.garbage_inside), {}, [],
     ["protocol_error"], "fail", 1, "delivered", "what?"),

    ("plaintext with the 220",
     session(starttls=b"220 go\r\n250 injected\r\n"), {}, [],
     ["starttls_injection"], "noverify", 1, "deferred", "250 injected"),
    ("plaintext after the 220", session(starttls=s.late_injection), {}, [],
     ["starttls_injection"], "noverify", 1, "deferred", "250 injected"),
    ("alert handshake_failure", session(then=s.alert(40)), {}, [],
     ["handshake_failure"], "noverify", 1, "delivered",
     "alert 40 (handshake_failure)"),
    ("alert protocol_version", session(then=s.alert(70)), {}, [],
     ["legacy_protocol"], "noverify", 1, "delivered", "alert 70"),
    ("alert unrecognized_name", session(then=s.alert(112)), {}, [],
     ["handshake_failure"], "noverify", 1, "delivered",
     "alert 112 (unrecognized_name)"),
    ("plaintext instead of TLS", session(then=s.plaintext), {}, [],
     ["handshake_failure"], "noverify", 1, "delivered",
     "500 5.5.2 Error: bad syntax"),
    ("TLS 1.1 only", session(), {"low": T11, "high": T11}, [],
     ["legacy_protocol"], "fail", 1, "delivered", "TLSv1.1"),
    ("TLS 1.0 only", session(), {"low": T10, "high": T10}, [],
     ["legacy_protocol"], "fail", 1, "delivered", "TLSv1."),
    ("certificate required, TLS 1.2", session(),
     {"high": T12, "verify": ssl.CERT_REQUIRED}, [],
     ["client_cert_required"], "fail", 1, "delivered", "alert"),
    ("certificate required, TLS 1.3", session(),
     {"low": T13, "verify": ssl.CERT_REQUIRED}, [],
     ["client_cert_required"], "fail", 1, "delivered", "alert 116"),
    ("certificate required, smtps in TLS 1.3", s.smtps,
     {"low": T13, "verify": ssl.CERT_REQUIRED}, ["--mode", "smtps"],
     ["client_cert_required"], "fail", 1, "deferred", "alert 116"),
    ("certificate required, no alert", session(then=s.close_unasked),
     {"low": T13, "verify": ssl.CERT_OPTIONAL}, [],
     ["client_cert_required"], "fail", 1, "delivered",
     "right after our empty"),
    ("certificate wanted, TLS 1.2", session(),
     {"high": T12, "verify": ssl.CERT_OPTIONAL}, [], [], "ok", 0,
     "delivered", ""),
    ("certificate wanted, TLS 1.3", session(),
     {"low": T13, "verify": ssl.CERT_OPTIONAL}, [], [], "ok", 0,
     "delivered", ""),
]


def one(world, chain, case):
    label, behave, options, args, *_ = case
    address = "::1" if label.endswith("(IPv6)") else "127.0.0.1"
    setup = s.Setup(chain, tap.key("leaf"), **options)
    server = s.Server(behave, setup, address)
    begin = time.monotonic()
    if "--timeout" not in args:
        args = ["--timeout", "10", *args]
    code, result, done = world.probe(
        "mx.example.com", "--connect", server.where(), "--roots", tap.ROOTS,
        *args,
    )
    server.close()
    return code, result, done, setup, time.monotonic() - begin


def judge(t, case, code, result, done, setup, secs):
    label, _, options, args, classes, verdict, want, outcome, words = case
    good = (
        isinstance(result, dict)
        and code == want
        and tap.failures(result) == classes
        and result["verdict"] == verdict
        and result["outcome"] == outcome
        and (not classes or words in result["findings"][0]["cause"])
    )
    t.check(good, label, "exit code %d\n%s%s" % (
        code, done.stdout, done.stderr))
    if not isinstance(result, dict):
        return
    if "verify" in options:
        t.check(
            result["client_cert_requested"] is True
            and ("client_cert_requested" in tap.notices(result))
            != ("client_cert_required" in classes),
            label + ": the request is noticed", done.stdout)
        t.check(
            setup.certificates in (
                [b"\x0b\0\0\x03\0\0\0"], [b"\x0b\0\0\x04\0\0\0\0"]),
            label + ": our Certificate message is empty",
            setup.certificates)
    else:
        t.check(
            result["client_cert_requested"] is False
            and setup.certificates == [],
            label + ": no certificate is asked for or sent")
    if "--timeout" in args and classes == ["timeout"]:
        t.check(secs < 2.5, label + ": ends in time", secs)
    if classes and words:
        t.check("openssl s_client" in (result["findings"][0]["command"] or ""),
                label + ": a command shows it", done.stdout)


# Where a server hangs, and the words for it.
STAGES = [
    ("greeting", s.hang, "as greeting"),
    ("EHLO", session(ehlo=s.hang), "to EHLO"),
    ("dripping EHLO", session(ehlo=s.drip), "to EHLO"),
    ("STARTTLS", session(starttls=s.hang), "to STARTTLS"),
    ("handshake", session(then=s.hang), "to the TLS handshake"),
    ("dripping handshake", session(then=s.drip_hello),
     "to the TLS handshake"),
    ("EHLO inside TLS", session(then=s.hang_inside), "to EHLO inside TLS"),
]
LIMIT = "No answer %s within 1.0 s, the limit of one step."


def staged(world, chain, behave, *args):
    server = s.Server(behave, s.Setup(chain, tap.key("leaf")))
    begin = time.monotonic()
    _, result, done = world.probe(
        "mx.example.com", "--connect", server.where(), "--roots", tap.ROOTS,
        *args,
    )
    server.close()
    cause = result["findings"][0]["cause"] if result["findings"] else ""
    return (tap.failures(result), cause, time.monotonic() - begin, done)


def stages(t, world, chain):
    """Each step has a deadline of its own, and is named when it passes."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for (label, _, words), (classes, cause, secs, done) in zip(
            STAGES, pool.map(
                lambda c: staged(world, chain, c[1], "--timeout", "20",
                                 "--stage-timeout", "1"), STAGES)
        ):
            t.check(
                classes == ["timeout"] and cause.startswith(LIMIT % words)
                and 1 <= secs < 3,
                "hang at %s: ended by its own deadline" % label,
                "%.1f s\n%s%s" % (secs, done.stdout, done.stderr))
    classes, cause, secs, _ = staged(
        world, chain, s.hang, "--timeout", "2")
    t.check(
        classes == ["timeout"] and cause.startswith(LIMIT % "as greeting")
        and 1 <= secs < 3,
        "a step has half of the timeout", "%s %.1f" % (cause, secs))
    slow = session(send=s.slowly)
    classes, cause, secs, done = staged(
        world, chain, slow, "--timeout", "20", "--stage-timeout", "1")
    t.check(classes == [] and secs > 2, "slow steps, each in time", done.stdout)
    classes, cause, secs, done = staged(
        world, chain, slow, "--timeout", "2", "--stage-timeout", "2")
    t.check(
        classes == ["timeout"] and "2.0 s for the whole probe" in cause
        and secs < 4, "slow steps that take too long in all", done.stdout)


def unanswered(t, world):
    """The kernel drops what comes when nobody accepts: no answer to SYN."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(0)
    where = "127.0.0.1:%d" % sock.getsockname()[1]
    waiting = []
    for _ in range(3):
        waiting.append(socket.socket())
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(sock.getsockname())
    begin = time.monotonic()
    _, result, done = world.probe(
        "mx.example.com", "--connect", where, "--roots", tap.ROOTS,
        "--timeout", "20", "--stage-timeout", "1")
    secs = time.monotonic() - begin
    t.check(
        tap.failures(result) == ["timeout"] and 1 <= secs < 3
        and result["findings"][0]["cause"].startswith(
            LIMIT % "to the connection attempt"),
        "hang at the connection: ended by its own deadline",
        "%.1f s\n%s" % (secs, done.stdout))
    for one_socket in [*waiting, sock]:
        one_socket.close()


def refused(t, world):
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))  # and nobody listens
    where = "127.0.0.1:%d" % sock.getsockname()[1]
    code, result, done = world.probe(
        "mx.example.com", "--connect", where, "--roots", tap.ROOTS)
    t.check(
        code == 1 and tap.failures(result) == ["connection_refused"]
        and result["verdict"] == "noverify",
        "a closed port", done.stdout)
    sock.close()


def every_time(t, world, chain):
    """First and later connections of one process send nothing of ours."""
    for low in (T12, T13):
        setup = s.Setup(chain, tap.key("leaf"), low=low, high=low,
                        verify=ssl.CERT_OPTIONAL)
        server = s.Server(session(), setup)
        hosts = ["[127.0.0.1]:%d" % server.port]
        more = []
        for i in range(2, 7):
            more.append(s.Server(session(), setup, "127.0.0.%d" % i))
            hosts.append("[127.0.0.%d]:%d" % (i, more[-1].port))
        code, result, done = world.probe(
            *hosts, "--parallel", "1", "--name", "mx.example.com")
        for one_server in [server, *more]:
            one_server.close()
        empty = b"\x0b\0\0\x03\0\0\0" if low == T12 else \
            b"\x0b\0\0\x04\0\0\0\0"
        t.check(
            code == 0 and len(result) == 6
            and setup.certificates == [empty] * 6,
            "six connections in %s: six empty certificates" % low.name,
            done.stdout + str(setup.certificates))


def main():
    tap.need_zoo()
    t = tap.Tap()
    world = tap.World()
    chain = tap.bundle(world, "leaf", "leaf.pem", "ca.pem")
    cases = CASES + [(c[0] + " (IPv6)", *c[1:]) for c in CASES[:2]]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for case, got in zip(
            cases, pool.map(lambda c: one(world, chain, c), cases)
        ):
            judge(t, case, *got)
    refused(t, world)
    unanswered(t, world)
    stages(t, world, chain)
    every_time(t, world, chain)
    t.finish()


main()
