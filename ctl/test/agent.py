#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A health agent that only tells stories: listens at a control socket, prints a
line when it does, and answers anycastctl until it is told to stop.

usage: agent.py SOCKET STORY

Each request takes the node one step further through its story.  Stories:
  up       everything is in service
  drain    a drain takes three looks at the status until it is over
  taken    somebody resumes while the drain is waited for
  alone    no other node is up: a drain never ends, unless it is forced
  only     there is no other node: the same
  calls    a drain waits for calls after the withdrawal, for four looks
  left     ... and they are still there at the deadline
  mute     ... and the relay does not say how many there are
  pending  the routes have not come out yet
  busy     the same as alone, but the third look takes a second
  garbage  the answer is no JSON
  silent   there is never an answer
  rude     the answer is an error with control characters in it
"""
import json
import os
import socket
import sys
import time
from pathlib import Path

PROBES = [
    {"name": "sip-udp", "kind": "sip", "family": 4,
     "target": "udp 192.0.2.53:5060", "groups": ["service"],
     "failure": "withdraw", "scope": "local", "state": "up", "run": 5,
     "rise": 3, "fall": 3, "text": "302 to sip:198.51.100.11:5060",
     "took_us": 812, "attempts": 99, "failures": 1, "age_ms": 300},
    {"name": "kamailio", "kind": "process", "family": 0,
     "target": "pid 4711", "groups": ["service"], "failure": "withdraw",
     "scope": "local", "state": "unknown", "run": 0, "rise": 1, "fall": 1,
     "text": "\x1b[2J\u009bno attempt yet", "took_us": 0, "attempts": 0,
     "failures": 0, "age_ms": None},
]
PEERS = [{"name": "ams1", "state": "up", "age_ms": 312, "skew_ms": -3,
          "since_ms": 86400000, "calls": 34, "drained": False,
          "same_site": True},
         {"name": "lon1", "state": "unknown", "age_ms": None,
          "skew_ms": None, "since_ms": None, "calls": None, "drained": False,
          "same_site": None},
         {"name": "nyc1", "state": "draining", "age_ms": 900, "skew_ms": 5,
          "since_ms": 70000, "calls": 0, "drained": True, "same_site": False},
         # an agent of before
         {"name": "old1", "state": "up", "age_ms": 900, "skew_ms": 5}]
LOG = [
    {"time": "2026-11-26T01:23:45.678Z", "boot_ms": 1, "node": "fra1",
     "what": "start", "group": "", "family": 0, "from": "", "to": "",
     "cause": "version 0.1.0"},
    {"time": "2026-11-26T01:23:50.001Z", "boot_ms": 2, "node": "fra1",
     "what": "unit", "group": "service", "family": 4, "from": "down",
     "to": "up", "cause": "all probes good for 5 s"},
    {"time": "2026-11-26T02:00:00.000Z", "boot_ms": 3, "node": "fra1",
     "what": "session", "name": "198.51.100.1", "group": "", "family": 4,
     "from": "up", "to": "down", "cause": "198.51.100.1: peer\x07 reset"},
    {"time": "2026-11-26T02:00:00.050Z", "boot_ms": 4, "node": "fra1",
     "what": "route", "name": "2001:db8:53::/48", "group": "", "family": 6,
     "from": "advertised", "to": "session down", "cause": "exabgp"},
]


class Agent:
    def __init__(self, story):
        self.story = story
        self.order, self.forced, self.looks = "resume", False, 0

    def unit(self, family, prefix):
        gone = self.withdrawn()
        draining = self.order == "drain"
        until = 7400 if draining and not gone else 0
        return {
            "name": "service", "family": family,
            "state": "draining" if draining else "up", "since_ms": 12000,
            "cause": "an operator's drain" if draining else "all probes good",
            "announced": not gone, "penalty": 0 if draining else 640,
            "suppressed": False, "until_ms": until,
            "routes": [{"prefix": prefix, "proof": "none" if gone else
                        "pending" if self.story == "pending" else
                        "advertised", "text": "" if gone else "med 100"}]}

    def withdrawn(self):
        return self.drained() or self.phase() == "calls"

    def phase(self):
        if self.order != "drain" or self.looks < 4:
            return "announced" if self.order == "drain" else "none"
        if self.story not in ("calls", "left", "mute"):
            return "drained"
        if self.looks < 8:
            return "calls"
        return "left" if self.story == "left" else "drained"

    def drain(self):
        phase = self.phase()
        if phase == "none":
            return None
        calls = {"calls": 12 if self.looks < 6 else 1, "left": 3}.get(phase, 0)
        return {"phase": phase, "withdrawn_ms": None if phase == "announced"
                else 8200, "until_ms": 52000 if phase == "calls" else 0,
                "phones_ms": 21000 if self.looks == 4 else 0,
                "relay": "silent" if self.story == "mute" else "counted",
                "calls": None if self.story == "mute" else calls}

    def drained(self):
        if self.story in ("calls", "left", "mute"):
            return self.phase() in ("drained", "left")
        return self.order == "drain" and self.looks >= 4 and (
            self.story not in ("alone", "only", "busy") or self.forced)

    def status(self):
        if self.order == "drain":
            self.looks += 1
            if self.story == "taken" and self.looks > 2:
                self.order = "resume"
            if self.story == "busy" and self.looks == 3:
                Path("asked").touch()
                time.sleep(1)
        return {
            "ok": True, "node": "fra1",
            "state": "draining" if self.order == "drain" else "up",
            "since_ms": 7200000, "cause": "an operator's drain"
            if self.order == "drain" else "all probes good",
            "version": "0.1.0", "output": "exabgp",
            "output_text": {"drain": "exabgp: it says so itself",
                            "resume": ""}.get(self.order, "in trouble"),
            "order": self.order, "forced": self.forced,
            "drained": self.drained(), "config_error":
            "site.conf:3: [service] domian: unknown key",
            "groups": [self.unit(4, "192.0.2.53/32"),
                       self.unit(6, "2001:db8:53::53/128")],
            "probes": PROBES,
            "sessions": [
                {"neighbor": "198.51.100.1", "as": 64500, "family": 4,
                 "up": True, "since_ms": 90000, "reason": ""},
                {"neighbor": "2001:db8:1::1", "as": 4200000001, "family": 6,
                 "up": False, "since_ms": None, "reason": "refused\n\x1b"}],
            "peers": PEERS, "warnings": ["the audit log cannot be written"],
            "guardian": {"commands": 12, "errors": 0},
            "calls": 12, **({"drain": self.drain()} if self.story in
                            ("calls", "left", "mute") else {})}

    def answer(self, request):
        command = request["command"]
        if command == "status":
            return self.status()
        if command == "nodes":
            return {"ok": True, "self": {"name": "fra1", "state": "up",
                                         "since_ms": 7200000, "calls": 12,
                                         "drained": False},
                    "peers": [] if self.story == "only" else PEERS}
        if command == "why":
            return {"ok": True, "lines": ["fra1 is up: all probes good",
                                          "nothing\x1b[31m is wrong"]}
        if command == "log":
            return {"ok": True, "lines": LOG[-request.get("lines", 20):]}
        if command == "drain":
            self.order, self.forced = "drain", request["force"]
            if "deadline" in request:
                Path("deadline").write_text(
                    f"{request['deadline']} {request.get('phones')}")
            alone = self.story in ("alone", "only") and not self.forced
            return {"ok": True, "warning": "no other node is known to be up"
                    if alone else ""}
        if command in ("resume", "disable"):
            self.order = command
            return {"ok": True, "warning": ""}
        if command in ("reload", "restart"):
            return {"ok": True}
        return {"ok": False, "error": f"unknown command {command}"}


def line_of(connection):
    text = b""
    while not text.endswith(b"\n"):
        more = connection.recv(4096)
        if not more:
            return b""
        text += more
    return text


def main():
    path, story = sys.argv[1:]
    agent = Agent(story)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(8)
    print("listening", flush=True)
    while True:
        connection, _ = listener.accept()
        with connection:
            request = line_of(connection)
            if story == "silent":
                time.sleep(60)
            elif story == "garbage":
                connection.sendall(b"what?\n")
            elif story == "rude":
                connection.sendall(json.dumps(
                    {"ok": False, "error": "no\x1b[2J\nway"}).encode() + b"\n")
            elif request:
                reply = json.dumps(agent.answer(json.loads(request)))
                # in pieces, as a socket may have it
                half = len(reply) // 2
                connection.sendall(reply[:half].encode())
                connection.sendall(reply[half:].encode() + b"\n")


try:
    main()
except KeyboardInterrupt:
    os._exit(0)
