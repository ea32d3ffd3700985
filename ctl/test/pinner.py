#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A pinner that only tells stories: prints the port it listens on, and answers
anycastctl's ng requests until it is told to stop.

usage: pinner.py
"""
import json
import socket
import time

NOW = int(time.time())

INFO = {
    "result": "ok", "node": "fra1", "relay": "range", "sessions": 5,
    "port min": 30000, "port max": 40000, "ports free": 9992, "draining": 0,
}


def stream(port, kind, remote, **more):
    return {
        "local port": port, "local address": "127.0.53.11", "family": "IPv4",
        "endpoint": {"family": "IPv4", "address": remote, "port": 4000},
        "advertised endpoint":
            {"family": "IPv4", "address": "10.0.0.7", "port": 4000},
        "last packet": NOW, "flags": [kind, "filled", "confirmed"],
        "stats": {"packets": 600, "bytes": 103200, "errors": 0},
        "gate": ["strict", remote, "10.0.0.7"], "drops": {}, **more}


def media(*streams, **more):
    return {"index": 1, "type": "audio", "protocol": "RTP/AVP",
            "streams": list(streams), "flags": ["initialized", "send", "recv"],
            **more}


CALLS = {
    # heard on both sides, the second party over IPv6
    "one@example.net": {
        "created": NOW - 12, "last signal": NOW - 11,
        "SSRC": {
            "305419896": {"cumulative loss": 6, "packets": 594, "jitter": 3,
                          "average MOS": {"MOS": 41, "samples": 2}},
            "7": {"cumulative loss": 0, "packets": 600, "jitter": 1,
                  "average MOS": {"MOS": 44, "samples": 2}}},
        "tags": {
            "a": {"tag": "a", "label": "caller", "medias": [media(
                stream(30000, "RTP", "192.0.2.7", SSRC=305419896),
                stream(30001, "RTCP", "192.0.2.7"), codec="PCMU")]},
            "b": {"tag": "b", "medias": [media(
                stream(30002, "RTP", "2001:db8::9", SSRC=7,
                       **{"local address": "2001:db8:1::11"}))]}},
        "totals": {"RTP": {"packets": 1194}, "RTCP": {"packets": 4}}},
    # one side is behind a gateway that sends from elsewhere
    "silent@example.net": {
        "created": NOW - 12, "last signal": NOW - 11, "SSRC": {},
        "tags": {
            "a\x1b[2J": {"tag": "a\x1b[2J\u009b2J", "medias": [media(
                stream(30004, "RTP", "192.0.2.7", flags=["RTP", "filled"],
                       stats={"packets": 0, "bytes": 0, "errors": 2},
                       drops={"stranger": 512, "new_reason": 1},
                       why="198.51.100.9:4000 sends to it from outside the "
                           "gate (512 packets dropped)"),
                flags=["initialized", "held"])]},
            "<untagged 1>": {"tag": "", "medias": [media({
                "endpoint": {"family": "IPv4", "address": "-", "port": 0},
                "advertised endpoint":
                    {"family": "IPv4", "address": "-", "port": 0},
                "flags": ["RTP"], "stats": {"packets": 0, "bytes": 0}})]}},
        "totals": {"RTP": {"packets": 0}, "RTCP": {"packets": 0}},
        "warning": "a word of warning"},
    # whatever a stranger's INVITE calls itself
    "c1\u009b2J@example.net": {
        "created": NOW - 12, "last signal": NOW - 11, "SSRC": {}, "tags": {},
        "totals": {"RTP": {"packets": 5}, "RTCP": {"packets": 0}}},
}
GONE = "gone\u009b@example.net"     # when it is asked for


def answer(request):
    command = request["command"]
    if command == "node info":
        return INFO
    if command == "list":
        return {"result": "ok", "calls": [*CALLS, GONE]}
    call = CALLS.get(request.get("call-id"))
    if command == "query" and call:
        return {"result": "ok", **call}
    return {"result": "error", "error-reason": "Unknown call-id"}


def main():
    ng = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ng.bind(("127.0.0.1", 0))
    print(ng.getsockname()[1], flush=True)
    first = True
    while True:
        datagram, source = ng.recvfrom(65536)
        if first:       # lost: it must ask again
            first = False
            continue
        cookie, body = datagram.decode().split(" ", 1)
        reply = json.dumps(answer(json.loads(body)))
        ng.sendto(f"stale {reply}".encode(), source)
        ng.sendto(f"{cookie} {reply}".encode(), source)


main()
