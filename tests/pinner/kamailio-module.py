#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The stock rtpengine module of Kamailio against the pinner: statistics and MOS
variables, flags operators use, a pinner that goes and comes back, a pinner
that is full.

usage: kamailio-module.py BUILD [rtpengine]     (Debian's relay, to compare)
"""
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from calls import in_dialog
from node import SOURCE, namespace, skip
from phone import Phone
from relay import Relay
from voice import Voice, heard, receiver_report, where

PROXY = ("127.0.0.1", 5060)
MEDIA, MEDIA2 = "127.0.53.11", "127.0.53.12"


class Proxy:
    """A Kamailio with module.cfg and these pinners."""

    def __init__(self, *pinners):
        self.dir = Path(tempfile.mkdtemp(prefix="pinner-proxy."))
        sockets = " ".join(f"udp:{host}:{port}" for host, port in pinners)
        with open(self.dir / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["kamailio", "-f", SOURCE / "tests/pinner/module.cfg", "-DD",
                 "-E", "-Y", self.dir, "-w", self.dir, "-m", "64",
                 "-A", f"LISTEN=udp:{PROXY[0]}:{PROXY[1]}",
                 "-A", f'PINNERS="{sockets}"',
                 "-A", f'CTL="unixs:{self.dir}/ctl"'],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        until("Kamailio answers", self.answers)

    def rpc(self, *words):
        done = subprocess.run(["kamcmd", "-s", f"unixs:{self.dir}/ctl", *words],
                              capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    def answers(self):
        assert self.process.poll() is None, self.log()
        return self.rpc("core.version")

    def shows(self, pinner):
        """What Kamailio has noted of this pinner, by field."""
        text = self.rpc("rtpengine.show", f"udp:{pinner[0]}:{pinner[1]}")
        return {field: int(number) for field, number in re.findall(
            r"(\w+): (-?\d+)", text)}

    def uses(self, pinner):
        """Kamailio 6 calls disabled what an operator has disabled, and tells
        by itself what it has found out."""
        shown = self.shows(pinner)
        return bool(shown["active"] if "active" in shown
                    else not shown["disabled"])

    def may_use(self, pinner):
        """It will be asked when the next call needs it, or has been by the
        timer of Kamailio 6."""
        shown = self.shows(pinner)
        return shown["active"] if "active" in shown \
            else shown["recheck_ticks"] == 0

    def log(self):
        return (self.dir / "log").read_text(errors="replace")[-3000:]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


def until(what, condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"gave up waiting for: {what}"
        time.sleep(0.05)


class Call:
    """alice calls bob; flags are what rtpengine_manage() gets."""

    def __init__(self, flags="", told=None, ips=("127.0.1.1", "127.0.1.2")):
        self.alice = Phone("127.0.1.1", "alice", "example.net")
        self.bob = Phone("127.0.1.2", "bob", "example.net")
        self.voices = [Voice(ips[0], told), Voice(ips[1])]
        self.at, self.flags, self.ok = [None, None], flags, None

    def invite(self):
        uri = f"sip:bob@127.0.1.2:{self.bob.port}"
        self.call = self.alice.request(
            "INVITE", uri, PROXY, body=self.voices[0].sdp("a=foo:bar"),
            headers=[f"X-Flags: {self.flags}"])
        return self.call

    def set_up(self):
        self.invite()
        invite = self.bob.expect("INVITE")
        self.at[1] = where(invite.body)
        self.bob.reply(invite, 200, tag="callee", contact=self.bob.uri,
                       body=self.voices[1].sdp())
        self.ok = self.alice.expect(200)
        self.at[0] = where(self.ok.body)
        in_dialog(self.alice, "ACK", self.call, self.ok)
        self.bob.expect("ACK")
        return invite.body, self.ok.body

    def refused(self, status):
        self.invite()
        self.alice.ack(self.call, self.alice.expect(status))

    def talk(self):
        heard(self.voices[0], self.voices[1], self.at[0], self.at[1])
        heard(self.voices[1], self.voices[0], self.at[1], self.at[0])

    def bye(self):
        in_dialog(self.alice, "BYE", self.call, self.ok,
                  cseq=self.call["cseq"] + 1)
        bye = self.bob.expect("BYE")
        self.bob.reply(bye, 200)
        self.alice.expect(200)
        return bye

    def close(self):
        for thing in (self.alice, self.bob, *self.voices):
            thing.close()


def rtpestat_and_mos_are_those_of_the_call(world):
    proxy, relay = Proxy(world.first), world.relays[0]
    call = Call("label=caller")
    try:
        call.set_up()
        for _ in range(8):      # 5 packets each way, each time
            call.talk()
        for voice, at in zip(call.voices, call.at):
            voice.rtcp.sendto(receiver_report(voice.ssrc),
                              (at[0], at[1] + 1))
        until("RTCP comes through", lambda: relay.ng.ok(
            "query", call_id=call.call["call_id"]
        )["totals"]["RTCP"]["packets"] == 2)
        world.wait_for_mos(relay, call.call["call_id"])
        bye = call.bye()
        stat = bye.header("X-Rtpestat")
        assert "RTP: 13760 bytes, 80 packets, 0 errors" in stat, stat
        assert re.search(r"RTCP: \d+ bytes, 2 packets, 0 errors", stat), stat
        if world.program == "rtpengine":    # has MOS of RTCP reports only
            return
        mos = bye.header("X-Mos")
        print(f"# {mos}")
        words = dict(zip(mos.split()[1::2], mos.split()[2::2]))
        assert float(mos.split()[0]) >= 4.3, mos
        assert float(words["min"]) >= 4.3 and float(words["max"]) <= 4.5, mos
        assert words["loss"] == "0", mos
        assert float(words["a"]) >= 4.3, mos
    finally:
        call.close()
        proxy.close()


def the_usual_flags_are_understood(world):
    proxy = Proxy(world.first)
    try:
        for flags, check in [
            ("replace-origin replace-session-connection ICE=remove",
             lambda offer, _: "127.0.1.1" not in offer),
            ("replace-origin replace-session-connection trust-address "
             "RTP/AVP rtcp-mux-demux",
             lambda offer, _: f"c=IN IP4 {MEDIA}" in offer),
            ("direction=external direction=internal strict-source",
             lambda offer, _: "a=foo:bar" in offer),
            ("force SIP-source-address symmetric TOS=184 label=caller",
             lambda offer, _: MEDIA in offer),
            ("rtcp-mux-offer media-handover port-latching codec-mask-G722",
             lambda offer, _: "a=rtcp-mux" in offer),
            ("address-family=IP4 no-rtcp-attribute via-branch=auto",
             lambda offer, _: "a=rtcp:" not in offer),
            ("record-call=no metadata=x:y something=else other-word",
             lambda offer, _: MEDIA in offer),
        ]:
            call = Call(flags)
            try:
                offer, answer = call.set_up()
                assert check(offer, answer), f"{flags}:\n{offer}"
                call.talk()
                call.bye()
            finally:
                call.close()
    finally:
        proxy.close()


def media_behind_nat_is_latched_by_the_signalling_address(world):
    proxy = Proxy(world.first)
    call = Call("", told="10.20.30.40")
    try:
        call.set_up()
        alice, bob = call.voices
        heard(alice, bob, call.at[0], call.at[1])   # latches
        heard(bob, alice, call.at[1], call.at[0])
        call.bye()
    finally:
        call.close()
        proxy.close()


def a_pinner_that_went_is_used_again_when_it_is_back(world):
    proxy, relay = Proxy(world.first), world.relays[0]
    calls = []

    def call(wanted):
        calls.append(Call())
        if wanted == 200:
            calls[-1].set_up()
            calls[-1].talk()
            calls[-1].bye()
        else:
            calls[-1].refused(wanted)
    try:
        call(200)
        relay.stop()
        call(503)
        assert not proxy.uses(world.first)
        relay.start()
        until("Kamailio would try it again",
              lambda: proxy.may_use(world.first))
        call(200)
        assert proxy.uses(world.first)
    finally:
        for one in calls:
            one.close()
        proxy.close()


def a_full_pinner_makes_kamailio_take_the_next_one(world):
    proxy, relays = Proxy(world.first, world.second), world.relays
    used, calls = set(), []
    try:
        for relay, media in zip(relays, (MEDIA2, MEDIA)):
            world.fill(relay)
            for _ in range(4):
                calls.append(Call())
                calls[-1].set_up()
                assert calls[-1].at[0][0] == media, calls[-1].at
                calls[-1].talk()
                calls[-1].bye()
                used.add(calls[-1].at[0][0])
            world.empty(relay)
        assert used == {MEDIA, MEDIA2}
        for address in (world.first, world.second):
            assert proxy.uses(address), "full is not broken"
    finally:
        for call in calls:
            call.close()
        proxy.close()


class World:
    first, second = ("127.0.0.1", 2223), ("127.0.0.1", 2224)

    def __init__(self, build, program):
        self.program = program
        self.relays = []
        for listen, media in ((self.first, MEDIA), (self.second, MEDIA2)):
            options = ["--max-sessions=1000"] if program == "rtpengine" else []
            self.relays.append(Relay(
                program, build, media=[media], listen=listen, options=options,
                service="127.0.53.53"))

    def fill(self, relay):
        """Let it take no new calls."""
        if self.program == "rtpengine":
            self.limit(relay, 0)
        else:
            relay.ng.ok("drain")

    def empty(self, relay):
        if self.program == "rtpengine":
            self.limit(relay, 1000)
        else:
            relay.ng.ok("undrain")

    @staticmethod
    def limit(relay, sessions):
        """rtpengine reads its limit at its start only."""
        relay.stop()
        relay.options = [f"--max-sessions={sessions}"]
        relay.start()

    def wait_for_mos(self, relay, call_id):
        if self.program == "rtpengine":
            return
        until("the pinner has a MOS", lambda: "average MOS" in str(
            relay.ng.ok("query", call_id=call_id)["SSRC"]))


def main():
    program = sys.argv[2] if len(sys.argv) > 2 else "rtp-pinner"
    if not shutil.which("kamailio"):
        skip("kamailio is not installed")
    namespace()
    world = World(sys.argv[1], program)
    name, status = "the relays start", 0
    try:
        for relay in world.relays:
            relay.start()
        for test in (rtpestat_and_mos_are_those_of_the_call,
                     the_usual_flags_are_understood,
                     media_behind_nat_is_latched_by_the_signalling_address,
                     a_pinner_that_went_is_used_again_when_it_is_back,
                     a_full_pinner_makes_kamailio_take_the_next_one):
            name = test.__name__.replace("_", " ")
            test(world)
            print(f"ok: {name}", flush=True)
    except AssertionError as error:
        print(f"not ok: {name}\n{error}", file=sys.stderr)
        for relay in world.relays:
            relay.show_log()
        status = 1
    finally:
        for relay in world.relays:
            relay.remove()
    sys.exit(status)


main()
