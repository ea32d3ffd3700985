#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""rtp.py BUILD - the agent's probe of media against a real rtp-pinner

In a network namespace of its own: a relay that works, with both ways to the
packets and both families; drained, down, full and out of ports; frozen, killed,
deaf, lossy.  Then relays that are none, in all the ways a probe is for.
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "pinner")]
# pylint: disable=wrong-import-position
import node  # noqa: E402
from relay import Relay, find  # noqa: E402
from waiting import until  # noqa: E402

V4, V6 = "198.51.100.11", "2001:db8:1::11"
SERVICE = "192.0.2.53"
PORTS = (30000, 30399)
GOOD = r"good 5 of 5 packets there, 5 of 5 back, \d+\.\d ms at most"
SITE = """[service]
domain = sip.example.net
address = {service}
secret = {secret}
{more}
[node a]
address = {v4}, {v6}
"""
SECRET = "a-secret-of-the-tests-long-enough"
# a machine that runs other tests is late itself: only where nothing is to come
# is no time to be lost
PATIENT = {"timeout": 2000, "delay": 1000}
QUICK = {"timeout": 500, "delay": 250}
# there is time to do something in the middle of it
LONG = {"packets": 50, "timeout": 3000, "delay": 1000}


class Prober:
    """probe_once, with a site file that may differ from the relay's."""

    def __init__(self, build):
        self.path = find("probe_once", build)
        self.dir = tempfile.TemporaryDirectory(prefix="anycast-rtp.")
        self.site = self.write_site("site.conf")

    def write_site(self, name, secret=SECRET, more=""):
        path = Path(self.dir.name, name)
        path.write_text(SITE.format(service=SERVICE, secret=secret, more=more,
                                    v4=V4, v6=V6))
        return str(path)

    def words(self, site=None, **keys):
        keys = {"kind": "rtp", "target": V4, "ng": "127.0.0.1",
                "ng_port": 2223, "packets": 5, "loss": 20, **PATIENT, **keys}
        return [self.path, site or self.site, "a",
                *(f"{key.replace('_', '-')}={value}"
                  for key, value in keys.items())]

    def run(self, **keys):
        """The lines it says, "good TEXT", and the longest attempt in ms."""
        done = subprocess.run(self.words(**keys), capture_output=True,
                              text=True, check=False, timeout=300)
        if done.stderr or done.returncode == 2:
            raise AssertionError(f"{keys}: {done.stdout}{done.stderr}")
        lines, longest = [], 0
        for line in done.stdout.splitlines():
            match = re.fullmatch(r"(good|bad) (\d+) (.*)", line)
            if match:
                longest = max(longest, int(match[2]) / 1000)
                line = f"{match[1]} {match[3]}"
            lines.append(line)
        return lines, longest

    def want(self, pattern, **keys):
        (line, *_), longest = self.run(**keys)
        if not re.fullmatch(pattern, line):
            raise AssertionError(f"wanted: {pattern}\ngot:    {line}")
        if longest > {**PATIENT, **keys}["timeout"] + 1000:
            raise AssertionError(f"{line}: took {longest} ms")
        return longest


def told(what, longest):
    print(f"ok: {what} ({longest:.0f} ms)", flush=True)


def nothing_left(relay):
    info = relay.ng.ok("node info")
    assert info["probes"] == 0 and info["sessions"] == 0, info
    assert info["ports used"] == 0, info
    assert relay.ng.ok("list")["calls"] == []


def metrics(relay):
    """{name: value} of the figures without labels"""
    url = relay.settings["metrics"]
    host, _, port = url.rpartition(":")
    with socket.create_connection((host, int(port)), 5) as web:
        web.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        text = b"".join(iter(lambda: web.recv(65536), b"")).decode()
    return {name: int(value) for name, value in
            re.findall(r"^rtp_pinner_(\w+) (\d+)$", text, re.M)}


# --- a relay that works ------------------------------------------------------

def works(prober, build, backend):
    settings = {"relay": backend, "metrics": "127.0.0.1:9103"}
    with Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS,
               settings=settings) as relay:
        for target in (V4, V6):
            told(f"{backend}: media of {target}",
                 prober.want(GOOD, target=target))
        told(f"{backend}: many packets, faster",
             prober.want(r"good 50 of 50 packets there, 50 of 50 back, .*",
                         packets=50, timeout=8000, delay=7500))
        told(f"{backend}: one packet", prober.want(
            r"good 1 of 1 packets there, 1 of 1 back, .*", packets=1))
        nothing_left(relay)
        figures = metrics(relay)
        assert figures["calls_probes_total"] == 4, figures
        assert figures["calls_probes_left_total"] == 0, figures
        assert figures["calls_created_total"] == 0, figures
        assert figures["calls_ended_deleted_total"] == 0, figures
        assert figures["calls_ended_no_way_total"] == 0, figures
        assert figures["ng_unknown_words_total"] == 0, figures
        assert figures["ng_refused_words_total"] == 0, figures


def is_seen_while_it_runs(prober, build):
    """A probe is in no list, but whoever knows its name can ask."""
    with Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS) as relay:
        with subprocess.Popen(prober.words(count=3, **LONG),
                              stdout=subprocess.DEVNULL):
            end = time.monotonic() + 5
            while relay.ng.ok("node info")["probes"] == 0:
                assert time.monotonic() < end
            assert relay.ng.ok("list")["calls"] == []
            assert relay.ng.ok("node info")["sessions"] == 0
        nothing_left(relay)
    print("ok: a probe is counted by itself and in no list", flush=True)


# --- a relay that takes no calls ---------------------------------------------

def offer(relay, call="x"):
    sdp = (f"v=0\r\no=- 1 1 IN IP4 {V4}\r\ns=-\r\nc=IN IP4 {V4}\r\nt=0 0\r\n"
           "m=audio 50000 RTP/AVP 0\r\n")
    return relay.ng.command("offer", call_id=call, from_tag="f", sdp=sdp,
                            supports=["load limit"])["result"]


def drains(prober, build):
    with Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS,
               settings={"metrics": "127.0.0.1:9103"}) as relay:
        relay.ng.ok("drain")
        assert offer(relay) == "load limit"
        told("drained by command", prober.want(GOOD))
        relay.ng.ok("undrain")

        # a secret the relay does not have: no probe, but a relay that answers
        relay.ng.ok("drain")
        other = prober.write_site("other.conf", "another-secret-than-theirs")
        told("drained, and the probe is not known", prober.want(
            "good load limit: Parallel session limit reached; media is not "
            "tried", site=other))
        assert metrics(relay)["ng_probes_refused_total"] >= 1
        relay.ng.ok("undrain")
        told("a probe that is not known is a call like any other",
             prober.want(GOOD, site=other))
        assert metrics(relay)["calls_created_total"] == 1
        nothing_left(relay)


def is_down(prober, build):
    """The agent wrote that the node is down: new calls go elsewhere."""
    with tempfile.TemporaryDirectory(prefix="anycast-state.") as folder:
        state = Path(folder, "node.state")
        for word in ("down", "draining", "disabled"):
            state.write_text(f"sip-anycast-state 1\nself a {word}\n")
            with Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS,
                       settings={"node-state": str(state)}) as relay:
                assert offer(relay) == "load limit"
                told(f"node state {word}", prober.want(GOOD))
                nothing_left(relay)


def is_full(prober, build):
    with Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS,
               settings={"max-sessions": "1"}) as relay:
        assert offer(relay, "one") == "ok"
        assert offer(relay, "two") == "load limit"
        told("full of calls", prober.want(GOOD))
    with Relay("rtp-pinner", build, media=[V4, V6],
               ports=(30000, 30005)) as relay:
        assert offer(relay, "one") == "ok"
        told("out of ports", prober.want(
            "bad refuses the call, load limit: Ran out of ports"))


def knows_the_previous_secret(prober, build):
    """While a new secret goes round, some have it and some do not yet."""
    new, more = "the-secret-after-the-present-one", f"previous-secret = {SECRET}"
    both = prober.write_site("both.conf", new, more)
    with Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS) as relay:
        relay.ng.ok("drain")
        told("the agent has read the new secret, the relay has not",
             prober.want(GOOD, site=both))
        (relay.dir / "site.conf").write_text(SITE.format(
            service=SERVICE, secret=new, more=more, v4=V4, v6=V6))
        os.kill(relay.process.pid, signal.SIGHUP)
        end = time.monotonic() + 5
        while not re.fullmatch(GOOD, prober.run(
                site=prober.write_site("new.conf", new))[0][0]):
            assert time.monotonic() < end
        told("the relay has, the agent has not", prober.want(GOOD))
        told("both have", prober.want(GOOD, site=both))


# --- a relay that fails ------------------------------------------------------

def fails(prober, build):
    told("nobody there", prober.want("bad nobody takes commands there"))
    with Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS) as relay:
        pid = relay.process.pid
        prober.want(GOOD)
        os.kill(pid, signal.SIGSTOP)
        told("frozen", prober.want("bad no answer to an offer in 500 ms",
                                   **QUICK))
        prober.run(count=5, **QUICK)
        os.kill(pid, signal.SIGCONT)
        told("goes on", prober.want(GOOD))
        # what was asked meanwhile has been asked and taken back
        nothing_left(relay)
        relay.process.kill()
        relay.process.wait()
        told("killed", prober.want("bad nobody takes commands there"))
    told("no such address", prober.want(
        "bad no socket for media at this node's address: .*",
        target="198.51.100.99"))


def firewall(family, *rule):
    program = "ip6tables" if family == V6 else "iptables"
    subprocess.run([program, "-A", "INPUT", "-p", "udp", *rule, "-j", "DROP"],
                   check=True)
    return lambda: subprocess.run([program, "-F"], check=True)


def loses(prober, build, backend):
    """The relay answers; what happens to packets it cannot know."""
    media = ("--dport", f"{PORTS[0]}:{PORTS[1]}")
    # both phones send at once: of two packets of each the first ones
    halves = [("-m", "statistic", "--mode", "nth", "--packet", "0", "--every",
               each) for each in ("4", "3")]
    with Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS,
               settings={"relay": backend}) as relay:
        for target in (V4, V6):
            undo = firewall(target, *media)
            told(f"{backend}: nothing comes to {target}", prober.want(
                "bad takes calls, but relays nothing: 0 of 5 packets came to "
                "the callee, 0 of 5 to the caller", target=target, **QUICK))
            undo()
            told(f"{backend}: it does again", prober.want(GOOD, target=target))
        for half in halves:
            undo = firewall(V4, *media, *half)
        told(f"{backend}: half is lost", prober.want(
            "bad loses packets: 5 of 10 came to the callee, 5 of 10 to the "
            "caller", packets=10))
        told(f"{backend}: half may be lost", prober.want(
            "good 5 of 10 packets there, 5 of 10 back, .*", packets=10,
            loss=50))
        undo()
        nothing_left(relay)


def steering(*words):
    return json.loads(subprocess.run(
        ["bpftool", "-j", "link", *words], capture_output=True, text=True,
        check=True).stdout or "null")


def own_namespace_inode():
    return os.stat("/proc/self/ns/net").st_ino


def loses_its_steering(prober, build):
    """What leads packets to the relay is taken off: ng answers as before."""
    with Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS,
               settings={"relay": "range"}) as relay:
        links = [link["id"] for link in steering("show")
                 if link.get("attach_type") == "sk_lookup" and
                 link.get("netns_ino") == own_namespace_inode()]
        assert len(links) == 1, steering("show")
        steering("detach", "id", str(links[0]))
        assert relay.ng.ok("ping")["result"] == "pong"
        told("range: its program is detached", prober.want(
            "bad takes calls, but relays nothing: .*", **QUICK))


def leaves_nothing(prober, build, backend, cnt):
    with Relay("rtp-pinner", build, media=[V4, V6], ports=(30000, 30099),
               settings={"relay": backend, "quarantine": "0",
                         "metrics": "127.0.0.1:9103"}) as relay:
        descriptors = Path(f"/proc/{relay.process.pid}/fd")
        before = len(os.listdir(descriptors))
        words = prober.words(packets=1, count=cnt, usage=1, timeout=8000,
                             delay=7000)
        done = subprocess.run(words, capture_output=True, text=True,
                              check=False, timeout=300)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        nothing_left(relay)
        # its threads close them
        until("as many descriptors as before",
              lambda: len(os.listdir(descriptors)) == before)
        figures = metrics(relay)
        assert figures["calls_probes_total"] == cnt, figures
        assert figures["calls_probes_left_total"] == 0, figures
        print(f"ok: {backend}: {done.stdout.strip()}; nothing is left",
              flush=True)


def is_killed_in_the_middle(prober, build):
    """The agent dies: its call is not there for ever."""
    with Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS,
               settings={"metrics": "127.0.0.1:9103"}) as relay:
        with subprocess.Popen(prober.words(**LONG), text=True,
                              stdout=subprocess.PIPE) as probe:
            end = time.monotonic() + 5
            while relay.ng.ok("node info")["probes"] == 0:
                assert time.monotonic() < end
            probe.kill()
        began = time.monotonic()
        while relay.ng.ok("node info")["probes"]:
            assert time.monotonic() < began + 30
            time.sleep(0.05)
        assert metrics(relay)["calls_probes_left_total"] == 1
        nothing_left(relay)
        print(f"ok: a probe that was killed leaves a call for "
              f"{time.monotonic() - began:.0f} s", flush=True)


def relay_is_killed_in_the_middle(prober, build):
    """Calls of an earlier run go on; a probe does not, and is no wonder."""
    relay = Relay("rtp-pinner", build, media=[V4, V6], ports=PORTS,
                  settings={"relay": "sockets", "metrics": "127.0.0.1:9103",
                            "quarantine": "60s"})
    with relay:
        assert offer(relay, "a call") == "ok"
        with subprocess.Popen(prober.words(**LONG), text=True,
                              stdout=subprocess.PIPE) as probe:
            end = time.monotonic() + 5
            while relay.ng.ok("node info")["probes"] == 0:
                assert time.monotonic() < end
            relay.process.kill()
            relay.process.wait()
            relay.start()
            assert probe.communicate()[0].startswith("bad "), "it had luck"
        info = relay.ng.ok("node info")
        assert info["resumed"] == 1 and info["probes"] == 0, info
        assert info["ports quarantined"] >= 2, info     # the probe's
        assert relay.ng.ok("list")["calls"] == ["a call"], info
        assert metrics(relay)["rows_left_over_total"] == 0
        assert "belong to no call" not in relay.log(), relay.log()
    print("ok: a relay that was killed takes up calls and no probe", flush=True)


# --- relays that are none ----------------------------------------------------

class Fake:
    """Answers offers and answers as told, and relays as told.

    answer(command, keys, sdp) -> bytes behind the cookie, or None
    relay(packet, at) -> list of packets to pass on
    """

    def __init__(self, answer=None, relay=None):
        self.answer, self.relay = answer or self.fine, relay or self.all
        self.ng = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ng.bind(("127.0.0.1", 2223))
        self.media = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                      for _ in range(2)]
        self.phones = [None, None]
        self.commands, self.over = [], False
        self.threads = [threading.Thread(target=self.serve)]
        for at, media in enumerate(self.media):
            media.bind((V4, 0))
            self.threads.append(threading.Thread(target=self.serve_media,
                                                 args=(at,)))

    def __enter__(self):
        for each in (self.ng, *self.media):
            each.settimeout(0.02)
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        for thread in self.threads:
            thread.join()
        for each in (self.ng, *self.media):
            each.close()

    def receive(self, where):
        """Datagrams and where they come from, until it is over."""
        while not self.over:
            try:
                yield where.recvfrom(65536)
            except TimeoutError:
                pass

    def sdp(self, at):
        port = self.media[at].getsockname()[1]
        return f"v=0\r\nc=IN IP4 {V4}\r\nm=audio {port} RTP/AVP 0\r\n"

    @staticmethod
    def fine(_command, sdp):
        return json.dumps({"result": "ok", "sdp": sdp}).encode()

    @staticmethod
    def all(packet, _at):
        return [packet]

    def serve(self):
        for datagram, peer in self.receive(self.ng):
            cookie, body = datagram.split(b" ", 1)
            keys = json.loads(body)
            self.commands.append(keys["command"])
            if keys["command"] == "delete":
                continue
            at = 0 if keys["command"] == "offer" else 1
            port = re.search(r"m=audio (\d+)", keys["sdp"])[1]
            self.phones[at] = (V4, int(port))
            # the callee sends to media[1], which goes to the caller
            said = self.answer(keys, self.sdp(1 - at))
            for each in said if isinstance(said, list) else [said]:
                if each is not None:
                    self.ng.sendto(each if each.startswith(b"\0")
                                   else cookie + b" " + each, peer)

    def serve_media(self, at):
        """media[0] hears the caller, media[1] the callee."""
        for packet, _ in self.receive(self.media[at]):
            for each in self.relay(packet, at):
                if self.phones[1 - at]:
                    self.media[1 - at].sendto(each, self.phones[1 - at])


def says(**keys):
    return lambda command, sdp: json.dumps(
        {name: value.format(sdp=sdp) if isinstance(value, str) else value
         for name, value in keys.items()}).encode()


def late(seconds):
    def relay(packet, at):
        time.sleep(seconds)
        return [packet]
    return relay


ALIEN = bytes([0x80, 0, 0, 1]) + bytes(168)
TOLD = [
    ("an error", says(result="error", **{"error-reason": "Unknown\r\n\x1b[2J"}),
     "bad refuses the call, it says: Unknown\\?\\?\\?\\[2J"),
    ("nonsense", lambda *_: b"!" * 64, "bad no answer to an offer in 500 ms"),
    ("64 kB", lambda *_: b"{" + b"x" * 64000,
     "bad no answer to an offer in 500 ms"),
    ("half an answer", lambda *_: b'{"result":"ok","sdp":"v=0',
     "bad no answer to an offer in 500 ms"),
    ("to somebody else", lambda *_: b"\0other {}",
     "bad no answer to an offer in 500 ms"),
    ("nothing", lambda *_: None, "bad no answer to an offer in 500 ms"),
    ("no SDP", says(result="ok"),
     "bad refuses the call, no audio in the SDP it returns"),
    ("no audio", says(result="ok", sdp="v=0\r\n"),
     "bad refuses the call, no audio in the SDP it returns"),
    ("the service address",
     says(result="ok", sdp=f"c=IN IP4 {SERVICE}\r\nm=audio 4000 RTP/AVP 0\r\n"),
     "bad wants media at the service address"),
    ("another family",
     says(result="ok", sdp=f"c=IN IP6 {V6}\r\nm=audio 4000 RTP/AVP 0\r\n"),
     "bad its media cannot be reached: .*"),
    ("an answer to the offer alone",
     lambda command, sdp: Fake.fine(command, sdp)
     if command["command"] == "offer" else None,
     "bad no answer to an answer in 500 ms"),
    ("garbage before the answer",
     lambda command, sdp: [b"\0", b"\0x {}", b"{", Fake.fine(command, sdp)],
     GOOD),
]
RELAYED = [
    ("nothing", lambda packet, at: [],
     "bad takes calls, but relays nothing: 0 of 5 packets came to the callee, "
     "0 of 5 to the caller"),
    ("one way", lambda packet, at: [packet] if at == 0 else [],
     "bad loses packets: 5 of 5 came to the callee, 0 of 5 to the caller"),
    ("a changed byte", lambda packet, at: [packet[:-1] + bytes([packet[-1] ^ 1])],
     r"bad takes calls, but relays nothing: \d of 5 \(\d altered\) packets .*"),
    ("silence instead", lambda packet, at: [packet[:12] + bytes(160)],
     r"bad takes calls, but relays nothing: 0 of 5 \(5 altered\) packets .*"),
    ("other numbers", lambda packet, at: [packet[:2] + b"\0\0" + packet[4:]],
     r"bad takes calls, .*"),
    ("another SSRC", lambda packet, at: [packet[:8] + b"\0\0\0\0" + packet[12:]],
     r"bad takes calls, but relays nothing: 0 of 5 \(5 foreign\) packets .*"),
    ("all twice", lambda packet, at: [packet, packet],
     r"good 5 of 5( \(\d twice\))? packets there, 5 of 5( \(\d twice\))? back.*"),
    ("all too late", late(0.3), r"bad takes calls, but relays nothing: .*"),
    ("strangers' packets too", lambda packet, at: [ALIEN, b"x", packet],
     r"good 5 of 5 \(\d+ foreign\) packets there, 5 of 5 \(\d+ foreign\) back.*"),
]

NOTHING_COMES = ("nothing", "all too late")


def fakes(prober):
    for what, answer, pattern in TOLD:
        with Fake(answer=answer) as fake:
            told(f"it says {what}", prober.want(
                pattern, **QUICK if "500 ms" in pattern else {}))
            end = time.monotonic() + 5
            while "delete" not in fake.commands:
                assert time.monotonic() < end, fake.commands
    for what, relay, pattern in RELAYED:
        with Fake(relay=relay):
            told(f"it relays {what}", prober.want(
                pattern, **QUICK if what in NOTHING_COMES else {}))


def echoes(prober):
    """What one phone says comes back to itself."""
    def relay(packet, at):
        fake.media[at].sendto(packet, fake.phones[at])
        return []
    with Fake(relay=relay) as fake:
        told("it relays to whoever sent it", prober.want(
            r"bad takes calls, but relays nothing: 0 of 5 \(5 foreign\) .*"))


def keeps_for_later(prober):
    """Packets of one attempt come in the middle of the next."""
    kept = []

    def relay(packet, _at):
        attempt = fake.commands.count("offer")
        kept.append((attempt, packet))
        return [each for when, each in kept if when == attempt - 1]
    with Fake(relay=relay) as fake:
        (first, second, third), _ = prober.run(count=3)
    nothing = "bad takes calls, but relays nothing: 0 of 5"
    assert re.match(rf"{nothing} packets", first), first
    for line in (second, third):
        assert re.match(rf"{nothing} \(\d+ foreign\) packets", line), line
    print("ok: what comes late from an attempt before does not count",
          flush=True)


def main():
    build = sys.argv[1]
    prober = Prober(build)
    find("rtp-pinner", build)
    for program in ("iptables", "bpftool"):
        if subprocess.run(["which", program], capture_output=True,
                          check=False).returncode:
            node.skip(f"there is no {program} (scripts/setup installs it)")
    node.namespace(V4, V6)
    for backend in ("range", "sockets"):
        works(prober, build, backend)
        loses(prober, build, backend)
        leaves_nothing(prober, build, backend, 1000)
    is_seen_while_it_runs(prober, build)
    drains(prober, build)
    is_down(prober, build)
    is_full(prober, build)
    knows_the_previous_secret(prober, build)
    fails(prober, build)
    loses_its_steering(prober, build)
    is_killed_in_the_middle(prober, build)
    relay_is_killed_in_the_middle(prober, build)
    fakes(prober)
    echoes(prober)
    keeps_for_later(prober)


if __name__ == "__main__":
    main()
