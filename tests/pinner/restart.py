#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The pinner is killed under running calls and starts again.

Under rtp-pinner-hold, which keeps its descriptors as systemd would: with the
range backend no packet is lost, none comes late, no phone hears of it by ICMP,
and the calls can be controlled as before.  With a socket for each port what is
lost is printed.  Then what is damaged or of another version: it is refused as
little as can be, with words.

usage: restart.py BUILD
"""
import os
import select
import signal
import struct
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from node import namespace
from relay import Relay, find
from voice import Voice, heard, rtp, where

CALLS = 5
INTERVAL_S = 0.02
OLD_MS = 100        # nothing older is sent, plus what a loaded machine adds


class Held(Relay):
    """A pinner under rtp-pinner-hold."""

    def __init__(self, build, **options):
        super().__init__("rtp-pinner", build,
                         wrap=[find("rtp-pinner-hold", build), "--"], **options)

    def child(self):
        """The daemon itself; 0 while there is none."""
        pid = self.process.pid
        try:
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            return int(text.split()[0]) if text.split() else 0
        except FileNotFoundError:
            return 0

    def kill(self):
        victim = self.child()
        os.kill(victim, signal.SIGKILL)
        return victim

    def pings(self):
        try:
            return self.ng.command("ping", tries=1)["result"] == "pong"
        except TimeoutError:
            return False


def until(what, condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"gave up waiting for: {what}"
        time.sleep(0.005)


class Leg:
    """One direction: what was sent when, and what came of it."""

    def __init__(self, sender, receiver, at):
        self.ssrc = sender.ssrc
        sender.rtp.connect(at)      # so that ICMP errors are heard
        self.out, self.into = sender.rtp, receiver.rtp
        for sock in (self.out, self.into):
            sock.setblocking(False)
        self.seq, self.refused, self.oldest_ms = 0, 0, 0
        self.got, self.disorder = [], 0

    def send(self):
        try:
            self.out.send(rtp(self.ssrc, self.seq,
                              struct.pack("!Q", time.monotonic_ns()) * 20))
        except ConnectionRefusedError:
            self.refused += 1
        self.seq += 1

    def take(self):
        while True:
            try:
                data = self.into.recv(2048)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                self.refused += 1
                continue
            seq, sent_ns = struct.unpack("!2xH8xQ", data[:20])
            self.oldest_ms = max(self.oldest_ms,
                                 (time.monotonic_ns() - sent_ns) / 1e6)
            self.disorder += bool(self.got and seq < self.got[-1])
            self.got.append(seq)

    def lost(self):
        return self.seq - len(set(self.got))


class Call:
    def __init__(self, relay, name):
        self.relay, self.name = relay, name
        self.voices = (Voice("127.0.1.1"), Voice("127.0.1.2"))
        offer = self.signal("offer", 0)
        answer = self.signal("answer", 1)
        self.at = (where(answer["sdp"]), where(offer["sdp"]))
        self.legs = []

    def signal(self, command, who):
        return self.relay.ng.ok(
            command, call_id=self.name, from_tag="a",
            to_tag="b" if command == "answer" else None,
            sdp=self.voices[who].sdp(),
            received_from=["IP4", self.voices[who].ip])

    def connect(self):
        a, b = self.voices
        self.legs = [Leg(a, b, self.at[0]), Leg(b, a, self.at[1])]

    def talk(self):
        for voice in self.voices:
            voice.rtp.settimeout(1)
        heard(self.voices[0], self.voices[1], self.at[0], self.at[1])
        heard(self.voices[1], self.voices[0], self.at[1], self.at[0])


class Talk:
    """All legs at 50 packets a second; run() returns what went wrong."""

    def __init__(self, relay):
        self.calls = [Call(relay, f"restart-{i}") for i in range(CALLS)]
        for call in self.calls:
            call.talk()
            call.connect()
        self.legs = [leg for call in self.calls for leg in call.legs]

    def take(self, wait):
        by_sock = {leg.into: leg for leg in self.legs}
        for sock in select.select(list(by_sock), [], [], max(wait, 0))[0]:
            by_sock[sock].take()

    def run(self, seconds, at=(), act=lambda: None):
        """at: when to act, in the middle between two rounds of packets.  A
        process that is killed takes along what it has read and not sent."""
        begin, acts = time.monotonic(), list(at)
        for tick in range(int(seconds / INTERVAL_S)):
            for leg in self.legs:
                leg.send()
            for half in (0.5, 1):
                end = begin + (tick + half) * INTERVAL_S
                while (left := end - time.monotonic()) > 0:
                    self.take(left)
                if acts and tick * INTERVAL_S >= acts[0]:
                    acts.pop(0)
                    act()
        end = time.monotonic() + 1
        while any(leg.lost() for leg in self.legs) and time.monotonic() < end:
            self.take(0.05)

    def sums(self):
        return {
            "sent": sum(leg.seq for leg in self.legs),
            "lost": sum(leg.lost() for leg in self.legs),
            "refused": sum(leg.refused for leg in self.legs),
            "disorder": sum(leg.disorder for leg in self.legs),
            "oldest": max(leg.oldest_ms for leg in self.legs),
        }


def calls_go_on_when_the_daemon_is_killed(build, kind):
    with Held(build, settings={"relay": kind}) as relay:
        talk = Talk(relay)
        killed = []
        talk.run(4, at=(1, 2, 3), act=lambda: killed.append(relay.kill()))
        sums = talk.sums()
        print(f"# {kind}: killed {len(killed)} times under {CALLS} calls: "
              f"{sums['lost']} of {sums['sent']} packets lost, oldest "
              f"{sums['oldest']:.0f} ms, {sums['disorder']} out of order, "
              f"{sums['refused']} ICMP errors")
        until("the daemon answers", relay.pings)
        assert relay.child() not in killed and len(set(killed)) == 3, killed
        if kind == "range":
            assert sums["refused"] == 0, "a phone was told by ICMP"
            assert sums["disorder"] == 0
            assert sums["oldest"] < OLD_MS + 50, "an old packet was sent"
            # more than 100 ms away, and what waited is thrown away
            assert sums["lost"] == 0 or sums["oldest"] > 80, "packets lost"
        control_goes_on(relay, talk)


def control_goes_on(relay, talk):
    assert len(relay.ng.ok("list")["calls"]) == CALLS
    for call in talk.calls:
        reply = call.signal("offer", 0)
        assert where(reply["sdp"]) == call.at[1], "a re-offer moved the port"
        assert where(call.signal("answer", 1)["sdp"]) == call.at[0]
        tags = relay.ng.ok("query", call_id=call.name)["tags"]
        assert sorted(tags) == ["a", "b"], tags
    talk.run(0.5)
    for call in talk.calls:
        relay.ng.ok("delete", ("delete delay", 0), call_id=call.name,
                    from_tag="a")
    assert not relay.ng.ok("list")["calls"]


def a_kill_amid_signalling_leaves_whole_calls(build, kind):
    """Every call whose answer was acknowledged must talk afterwards."""
    with Held(build, settings={"relay": kind}) as relay:
        done = []
        for round_ in range(5):
            kill_at = time.monotonic() + 0.05 * (round_ + 1)
            killed = False
            for i in range(12):
                call = Call(relay, f"storm-{round_}-{i}")
                done.append(call)
                if not killed and time.monotonic() > kill_at:
                    killed = True
                    relay.kill()
        until("the daemon answers", relay.pings)
        known = relay.ng.ok("list", limit=1000)["calls"]
        missing = [c.name for c in done if c.name not in known]
        assert not missing, f"forgotten: {missing}"
        for call in done:
            call.talk()


def stopped(relay):
    """kill -9, without anybody who starts it again."""
    os.kill(relay.process.pid, signal.SIGKILL)
    relay.process.wait()
    relay.ng.close()


def store_file(relay):
    return relay.dir / "state" / "calls"


def a_refused_reoffer_goes_back_to_its_port(build, kind):
    """Offered at a new port, killed, refused: the old one is still open."""
    with Relay("rtp-pinner", build, settings={"relay": kind}) as relay:
        call = Call(relay, "pending")
        call.talk()
        moved = Voice("127.0.1.3")
        offer = relay.ng.ok("offer", call_id=call.name, from_tag="a",
                            to_tag="b", via_branch="z9", sdp=moved.sdp(),
                            flags=["no port latching"])
        assert where(offer["sdp"]) != call.at[1], offer["sdp"]
        stopped(relay)
        relay.start()
        relay.ng.ok("delete", call_id=call.name, from_tag="a", via_branch="z9")
        call.talk()


def a_call_too_long_for_the_store_is_not_half_known(build, kind):
    with Relay("rtp-pinner", build, settings={"relay": kind}) as relay:
        Call(relay, "short")
        sdp = Voice("127.0.1.1").sdp()
        for i in range(25):
            branch = f"z{i:03}" * 250
            relay.ng.ok("offer", call_id="long", from_tag="a",
                        via_branch=branch, sdp=sdp)
            relay.ng.ok("answer", call_id="long", from_tag="a",
                        to_tag=branch.upper(), via_branch=branch,
                        label=branch, sdp=sdp)
        assert "not kept" in relay.log(), relay.log()
        stopped(relay)
        relay.start()
        known = relay.ng.ok("list")["calls"]
        assert known == ["short"], known


def a_damaged_record_is_dropped_alone(build, kind):
    with Relay("rtp-pinner", build, settings={"relay": kind}) as relay:
        calls = [Call(relay, f"damage-{i}") for i in range(3)]
        stopped(relay)
        data = bytearray(store_file(relay).read_bytes())
        at = data.index(b"damage-1")
        data[at] ^= 0x20
        store_file(relay).write_bytes(data)
        relay.start()
        known = relay.ng.ok("list")["calls"]
        assert sorted(known) == ["damage-0", "damage-2"], known
        calls[0].talk()
        calls[2].talk()
        assert "dropped" in relay.log(), relay.log()
        # its ports rest: no new call gets them
        ports = {call_at[1] for call_at in calls[1].at}
        fresh = Call(relay, "fresh")
        assert not ports & {call_at[1] for call_at in fresh.at}


def a_damaged_header_refuses_the_file(build, kind):
    with Relay("rtp-pinner", build, settings={"relay": kind}) as relay:
        Call(relay, "header")
        stopped(relay)
        data = bytearray(store_file(relay).read_bytes())
        data[1] ^= 0xff
        store_file(relay).write_bytes(data)
        try:
            relay.start()
            raise RuntimeError("it started on a damaged store")
        except AssertionError:
            pass
        assert relay.process.returncode not in (0, None)
        assert str(store_file(relay)) in relay.log(), relay.log()
        store_file(relay).unlink()      # the cure it names
        relay.start()
        Call(relay, "after").talk()


def main():
    namespace()
    for test in (calls_go_on_when_the_daemon_is_killed,
                 a_kill_amid_signalling_leaves_whole_calls,
                 a_refused_reoffer_goes_back_to_its_port,
                 a_call_too_long_for_the_store_is_not_half_known,
                 a_damaged_record_is_dropped_alone,
                 a_damaged_header_refuses_the_file):
        for kind in ("range", "sockets"):
            test(sys.argv[1], kind)
            print(f"ok: {test.__name__.replace('_', ' ')} ({kind})", flush=True)


main()
