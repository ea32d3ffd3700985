#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SIPp follows a 302 as lab/scenarios/caller.xml tells it to, whatever is lost,
and its phone, registers.xml and answers.xml, answers whatever comes again

The service and the node are two sockets here, which lose the first of what a
case names, or answer it once more later.  What SIPp sends again, and where, is
what RFC 3261 wants of a caller, with one exception: a 302 that comes again is
ACKed at the node.  Its statistics are those of a call that was good.

    usage: sipp-follows.py
"""
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from node import skip
from phone import Phone
# pylint: disable=wrong-import-position
TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "lab"))
from lib.spaces import enter, run      # noqa: E402

CALLER, SERVICE, NODE = "127.0.0.1", "127.0.0.53", "127.0.0.11"
ASKED = ["INVITE 1", "ACK 1"]
CALLED = ["INVITE 2", "ACK 2", "BYE 3"]


class Server(Phone):
    """heard: what came, in order; lose: heard once without an answer; twice:
    its answer comes again when the node has heard something else."""

    def __init__(self, ip, answers, lose="", twice=""):
        super().__init__(ip, port=5060)
        self.answers, self.lose, self.twice = answers, lose, twice
        self.heard, self.branches, self.tags = [], {}, {}
        self.tag, self.late = f"t{ip}", None

    def look(self):
        """True: something came."""
        msg = self._next(time.monotonic() + 0.01)
        if not msg:
            return False
        label = f"{msg.method} {msg.header('cseq').split()[0]}"
        self.heard.append(label)
        branch = re.search(r"branch=([^;\s]+)", msg.header("via"))[1]
        self.branches.setdefault(label, set()).add(branch)
        self.tags.setdefault(label, set()).add(msg.tag("to"))
        if msg.method != "ACK" and (label != self.lose or
                                    self.heard.count(label) > 1):
            self.answer(msg)
            if label == self.twice:
                self.late = msg
        return True

    def answer(self, msg):
        lines = re.findall(r"(?m)^(?:Via|From|To|Call-ID|CSeq): .*(?=\r)",
                           msg.text)
        lines = [line + f";tag={self.tag}" if line.startswith("To:")
                 and ";tag=" not in line else line for line in lines]
        first, more = self.answers if msg.method == "INVITE" else ("200 OK", ())
        self.send("\r\n".join([f"SIP/2.0 {first}", *lines, *more,
                               "Content-Length: 0"]) + "\r\n\r\n", msg.source)


def call(redirects=True, transport="u1", lose="", twice=""):
    """(service, node, how SIPp has ended, what it complained of)"""
    good = "200 OK", [f"Record-Route: <sip:{SERVICE};lr>",
                      f"Record-Route: <sip:{NODE};lr>",
                      f"Contact: <sip:bob@{CALLER}:5099>"]
    moved = "302 Moved", [f"Contact: <sip:bob@{NODE}:5060>"]
    servers = [Server(SERVICE, moved if redirects else good, lose, twice),
               Server(NODE, good, lose, twice)]
    words = ["sipp", "-sf", TOP / "lab/scenarios/caller.xml", "-i", CALLER,
             "-p", "5060", "-t", transport, "-max_socket", "100", "-nostdin",
             "-m", "1", "-s", "bob", "-d", "300", "-key", "domain", "x.example",
             "-key", "agent", "x", "-timeout", "15", "-timeout_error",
             "-trace_err", "-error_file", "errors", f"{SERVICE}:5060"]
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen([str(w) for w in words], cwd=folder,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as sipp:
            while sipp.poll() is None:
                for one in servers:
                    if one.look():
                        again(servers, one)
        errors = Path(folder, "errors")
        said = errors.read_text() if errors.exists() else ""
    for one in servers:
        one.close()
    return *servers, sipp.returncode, said


def again(servers, last):
    """The late answers, when the node has heard of what followed them."""
    for one in servers:
        if one.late and last is servers[1] and last.heard[-1] != one.twice:
            late, one.late = one.late, None
            one.answer(late)


def doubled(labels, label):
    at = labels.index(label)
    return [*labels[:at + 1], *labels[at:]]


def check(name, asked, called, **how):
    service, node, status, said = call(**how)
    # one that comes again has no place of its own among the others
    assert (sorted(service.heard), sorted(node.heard), status) == \
        (sorted(asked), sorted(called), 0), \
        f"{name}: service {service.heard}, node {node.heard}, exit status " \
        f"{status}\n{said}"
    for one in (service, node):
        for label, branches in one.branches.items():
            assert len(branches) == 1, f"{name}: {label}: {branches}"
    answered = node.tag if asked[1:] else service.tag
    for label in called:
        if label != ASKED[1] and not label.startswith("INVITE"):
            assert node.tags[label] == {answered}, \
                f"{name}: To-tags of {label}: {node.tags[label]}"
    assert asked == ASKED[:1] or \
        service.branches["INVITE 1"] == service.branches["ACK 1"], name
    print(f"ok: {name}", flush=True)


def phone_answers():
    """It registers, is called, and every request comes twice."""
    words = ["sipp", "-sf", TOP / "lab/scenarios/registers.xml", "-oocsf",
             TOP / "lab/scenarios/answers.xml", "-i", CALLER, "-p", "5060",
             "-t", "u1", "-nostdin", "-m", "1", "-s", "bob", "-au", "bob", "-ap",
             "x", "-key", "domain", "x.example", "-timeout", "30",
             "-timeout_error", "-trace_logs", "-log_file", "log",
             f"{SERVICE}:5060"]
    service, to = Phone(SERVICE, "x", "x.example", port=5060), (CALLER, 5060)
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen([str(w) for w in words], cwd=folder,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as sipp:
            asked = service.expect("REGISTER")
            sent = service.request("INVITE", "sip:bob@x.example", to)
            for again in range(2):
                answer = service.expect(200)
                assert answer.method == "INVITE", answer.text
                if not again:   # its repetition is answered, no call is lost
                    service.request(**repeated("INVITE", sent, to))
            for method in ("ACK", "ACK", "BYE", "BYE"):
                service.request(**repeated(method, sent, to), cseq=2 if method
                                == "BYE" else 1, to_tag=answer.tag("to"))
            for _ in range(2):
                while (answer := service.expect(200)).method == "INVITE":
                    pass        # by its timer
                assert answer.method == "BYE", answer.text
            refusal = register_reply(asked, "401 Unauthorized", [
                'WWW-Authenticate: Digest realm="x", nonce="1"'])
            service.send(refusal, to)
            while "response=" not in asked.header("authorization"):
                asked = service.expect("REGISTER")
            service.send(refusal.replace("401 Un", "401 Still un"), to)
            service.send(register_reply(asked, "200 OK"), to)
            sipp.wait(20)
            log = Path(folder, "log").read_text().split()
    service.close()
    assert (sipp.returncode, log) == (0, ["asked", "ended"]), \
        f"exit status {sipp.returncode}, log {log}"
    print("ok: the phone answers what comes again", flush=True)


def repeated(method, sent, to):
    return {"method": method, "uri": sent["uri"], "to": to,
            "call_id": sent["call_id"], "from_tag": sent["from_tag"],
            "branch": sent["branch"] if method == "INVITE" else
            f"z9hG4bK-{method}"}


def register_reply(msg, first, more=()):
    lines = re.findall(r"(?m)^(?:Via|From|To|Call-ID|CSeq): .*(?=\r)", msg.text)
    return "\r\n".join([f"SIP/2.0 {first}", *lines, *more,
                        "Content-Length: 0"]) + "\r\n\r\n"


def main():
    if not shutil.which("sipp"):
        skip("sipp is not installed")
    enter()
    run("ip", "link", "set", "lo", "up")
    check("a call", ASKED, CALLED)
    check("the INVITE is lost", doubled(ASKED, "INVITE 1"), CALLED,
          lose="INVITE 1")
    for label in ("INVITE 2", "BYE 3"):
        check(f"{label} is lost", ASKED, doubled(CALLED, label), lose=label)
    check("the 302 comes again", ASKED, [*CALLED, ASKED[1]],
          twice="INVITE 1")
    check("the 200 comes again", ASKED, doubled(CALLED, "ACK 2"),
          twice="INVITE 2")
    check("no 302: served, the dialog goes to the node", ASKED[:1],
          ["ACK 1", "BYE 3"], redirects=False)
    check("a call, each with a socket of its own", ASKED, CALLED,
          transport="un")
    phone_answers()


main()
