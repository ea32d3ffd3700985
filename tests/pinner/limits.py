#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What runs out: ports, sessions, descriptors, memory.  New calls get `load
limit' or a named error, running ones notice nothing, and all of it comes back.

usage: limits.py BUILD [CYCLES]     offer/answer/delete cycles, default 5,000
"""
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from node import namespace
from relay import Relay
from voice import Voice, heard, where

BACKENDS = ("range", "sockets")
FULL = "load limit"


class Call:
    def __init__(self, relay, name):
        self.relay, self.name = relay, name
        self.voices = (Voice("127.0.1.1"), Voice("127.0.1.2"))
        self.at = [None, None]

    def offer(self, **keys):
        reply = self.relay.ng.command(
            "offer", call_id=self.name, from_tag="a", sdp=self.voices[0].sdp(),
            received_from=["IP4", "127.0.1.1"], **keys)
        if reply["result"] == "ok":
            self.at[1] = where(reply["sdp"])
        return reply

    def answer(self):
        reply = self.relay.ng.ok(
            "answer", call_id=self.name, from_tag="a", to_tag="b",
            sdp=self.voices[1].sdp(), received_from=["IP4", "127.0.1.2"])
        self.at[0] = where(reply["sdp"])

    def up(self):
        reply = self.offer()
        assert reply["result"] == "ok", reply
        self.answer()
        return self

    def talk(self):
        heard(self.voices[0], self.voices[1], self.at[0], self.at[1])
        heard(self.voices[1], self.voices[0], self.at[1], self.at[0])

    def delete(self):
        self.relay.ng.ok("delete", ("delete delay", 0), call_id=self.name,
                         from_tag="a")

    def close(self):
        for voice in self.voices:
            voice.close()


def until_ok(what, attempt, seconds=15):
    end = time.monotonic() + seconds
    while not attempt():
        assert time.monotonic() < end, f"gave up waiting for: {what}"
        time.sleep(0.05)


def fill(relay, most=10000, **keys):
    """Calls until one is refused: those that are up, and the refusal."""
    calls = []
    while len(calls) < most:
        call = Call(relay, f"fill-{time.monotonic_ns()}")
        reply = call.offer(**keys)
        if reply["result"] != "ok":
            call.close()
            return calls, reply
        call.answer()
        calls.append(call)
    raise AssertionError(f"{most} calls and no limit")


def refused_then_recovered(relay, want, least):
    """Fills the relay; want: what a client hears that knows no load limit."""
    first = Call(relay, "first").up()
    calls, reply = fill(relay, supports=[FULL])
    assert reply["result"] == FULL, reply
    again = Call(relay, "without").offer()
    assert again["result"] == "error" and again["error-reason"] == want, again
    assert len(calls) >= least, f"only {len(calls)} calls"
    for call in (first, *calls):
        call.talk()
    for call in calls:
        call.delete()

    def all_again():
        # ports of the last try rest at different times: wait for all
        if relay.ng.ok("node info")["ports quarantined"]:
            return False
        done, _ = fill(relay, supports=[FULL])
        for call in done:
            call.delete()
            call.close()
        return len(done) == len(calls)
    until_ok(f"room for {len(calls)} calls again", all_again)
    first.talk()
    first.delete()
    for call in (first, *calls):
        call.close()


def ports_run_out_and_come_back(build, kind):
    with Relay("rtp-pinner", build, ports=(30000, 30039), settings={
            "relay": kind, "quarantine": "1s"}) as relay:
        refused_then_recovered(relay, "Ran out of ports", 8)


def sessions_run_out_and_come_back(build, kind):
    with Relay("rtp-pinner", build, settings={
            "relay": kind, "max-sessions": "5"}) as relay:
        refused_then_recovered(relay, "Parallel session limit reached", 4)


def calls_without_ports_run_out_too(build, kind):
    """Rejected media takes no port, but a call all the same: as many as there
    are ports, and all of them are kept."""
    ports = (30000, 30039)
    most = ports[1] - ports[0] + 1
    with Relay("rtp-pinner", build, ports=ports,
               settings={"relay": kind}) as relay:
        first = Call(relay, "first").up()
        offer = {"from_tag": "a", "supports": [FULL], "sdp":
                 first.voices[0].sdp().replace(
                     f"m=audio {first.voices[0].port}", "m=audio 0")}
        assert "m=audio 0" in offer["sdp"]
        for i in range(most - 1):
            relay.ng.ok("offer", call_id=f"empty-{i}", **offer)
        reply = relay.ng.command("offer", call_id="more", **offer)
        assert reply["result"] == FULL, reply
        first.up()
        first.talk()
        first.delete()
        relay.ng.ok("offer", call_id="more", **offer)
        assert "a call is not kept" not in relay.log()
        first.close()


def a_limit_leaves_a_reoffer_alone(build, kind):
    with Relay("rtp-pinner", build, settings={
            "relay": kind, "max-sessions": "1"}) as relay:
        call = Call(relay, "only").up()
        assert Call(relay, "x").offer(supports=[FULL])["result"] == FULL
        call.up()
        call.talk()
        relay.ng.ok("drain")
        call.up()
        call.talk()


def descriptors_run_out_and_come_back(build, kind):
    """The range backend needs none per call, so none can run out."""
    limit = 96
    with Relay("rtp-pinner", build, wrap=["prlimit", f"--nofile={limit}"],
               settings={"relay": kind, "quarantine": "0s"}) as relay:
        if kind == "range":
            calls = [Call(relay, f"n{i}").up() for i in range(limit)]
            for call in calls:
                call.talk()
        else:
            refused_then_recovered(relay, "Ran out of ports", 8)
        assert relay.alive()


def status_kb(relay, field):
    text = Path(f"/proc/{relay.process.pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", text).group(1))


def memory_runs_out_and_comes_back(build, kind):
    with Relay("rtp-pinner", build, ports=(20000, 29999), settings={
            "relay": kind}) as relay:
        call = Call(relay, "first").up()
        top = (status_kb(relay, "VmSize") + 512) * 1024
        prlimit = ["prlimit", "--pid", str(relay.process.pid)]
        subprocess.run(prlimit + [f"--as={top}:"], check=True)
        count, reply = 0, {"result": "ok"}
        while reply["result"] == "ok" and count < 2400:
            count += 1
            reply = relay.ng.command(
                "offer", call_id=f"m{count}", from_tag="a", supports=[FULL],
                sdp=call.voices[0].sdp(), label="x" * 1000)
        print(f"# {kind}: {count} offers, then {reply['result']} "
              f"{reply.get('error-reason', '')}")
        assert relay.alive()
        call.talk()
        subprocess.run(prlimit + ["--as=unlimited:"], check=True)
        for i in range(1, count + 1):
            relay.ng.command("delete", ("delete delay", 0), call_id=f"m{i}",
                             from_tag="a")
        Call(relay, "after").up().talk()
        call.talk()


def settled(seen, number):
    """The same number ten times in a row."""
    seen.append(number)
    return len(seen) > 10 and len(set(seen[-10:])) == 1


def many_cycles_leave_nothing_behind(build, kind):
    cycles = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    with Relay("rtp-pinner", build, ports=(20000, 29999), settings={
            "relay": kind, "quarantine": "0s"}) as relay:
        voices = (Voice("127.0.1.1"), Voice("127.0.1.2"))
        offer, answer = voices[0].sdp(), voices[1].sdp()

        def cycle(i):
            name = f"cycle-{i}"
            relay.ng.ok("offer", call_id=name, from_tag="a", sdp=offer)
            relay.ng.ok("answer", call_id=name, from_tag="a", to_tag="b",
                        sdp=answer)
            relay.ng.ok("delete", ("delete delay", 0), call_id=name,
                        from_tag="a")

        def held():
            fds = len(list(Path(f"/proc/{relay.process.pid}/fd").iterdir()))
            return fds, status_kb(relay, "VmRSS")

        for i in range(cycles // 5):
            cycle(i)
        descriptors = []
        until_ok("nothing is left to close", lambda: settled(
            descriptors, held()[0]))
        before = held()
        for i in range(cycles // 5, cycles):
            cycle(i)
        # a thread closes the sockets of the last call in its own time
        until_ok("its descriptors are closed", lambda: held()[0] == before[0])
        after = held()
        print(f"# {kind}: {cycles} cycles, descriptors {before[0]} -> "
              f"{after[0]}, resident {before[1]} -> {after[1]} kB")
        assert not relay.ng.ok("list")["calls"]
        # the retransmit cache, 30 to 60 s of replies, is still filling
        assert after[1] - before[1] < 4096 + cycles * 1.5, "memory"


def main():
    namespace()
    for test in (ports_run_out_and_come_back, sessions_run_out_and_come_back,
                 calls_without_ports_run_out_too,
                 a_limit_leaves_a_reoffer_alone,
                 descriptors_run_out_and_come_back,
                 memory_runs_out_and_comes_back,
                 many_cycles_leave_nothing_behind):
        for kind in BACKENDS:
            test(sys.argv[1], kind)
            print(f"ok: {test.__name__.replace('_', ' ')} ({kind})", flush=True)


main()
