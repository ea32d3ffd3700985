#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""compare.py - the same offers and answers to rtpengine and to rtp-pinner

  compare.py BUILD           rtp-pinner of the build against Debian's rtpengine
  compare.py --self          rtpengine against itself: checks this program

Compared is what a body means: accepted or not, address, ports, direction,
order of media and codecs, RTCP, ICE, attributes kept.  All bodies of
../shared/data/sdp (SIP_ANYCAST_DATA) and those of bodies.py.  KNOWN lists the
differences that are meant.
"""
import re
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent),
                str(HERE.parent.parent / "sipp-tests/pylib")]
# pylint: disable=wrong-import-position
import node
import sandbox
from bodies import A4, CASES
from relay import Relay
from sdptext import Body, KEYING, MANAGED, Own, lines_of, name_of

# (case, difference): patterns of what may differ, each with the reason.
KNOWN = [
    # rtpengine ends ICE and SRTP itself; rtp-pinner passes both through, so
    # they are checked against the input instead (passes_through)
    (".*", "^ice: "),
    # rtpengine refuses what others can use: lines of types it does not know
    # (GB/T 28181 has y= and f=), ports of media it does not understand
    (".*", "^accepted only by the other"),
    # glued to the last line: a=x-owna=rtpmap:...
    ("no last CRLF", "^attribute lost|^kept by none"),
    ("no last CRLF after m=", "^m[0-9]+ formats"),
    # a direction with a space behind it is none to rtpengine
    ("space at the end", "^m[0-9]+ direction"),
    # its count of spaces in m= goes wrong
    ("two spaces", "^m[0-9]+ "),
    # T.38 over TCP is not relayed here, and is relayed as UDP there
    ("sdp-transform/tcp-", "^m0 (port|address)"),
    # the answer to a bundled section has the bundle's port (RFC 8843 7.3.3)
    ("sdp-transform/jsep.*answered", "^m1 "),
    # 0.0.0.0 beside ICE is no hold, candidates follow (RFC 8839 4.4); rtpengine
    # turns its direction, or the address where ICE is removed
    ("(sdp-transform/(hacky|ssrc|sctp-dtls-26)"
     "|webrtc-fuzzer-corpora/(firefox-|opera-|unittest-2))",
     "^m[0-9]+ (direction|address)"),
    # rtpengine drops what follows
    ("blank line", "^attribute"),
]

FLAGS = {
    "": {},
    " +remove": {"ICE": "remove", "replace": ["origin", "session-connection"]},
    " +demux": {"rtcp_mux": ["demux"]},
}


def meaning(body):
    """What both relays have to agree on, as named facts."""
    facts = {"origin": body.origin, "media": len(body.media)}
    for number, media in enumerate(body.media):
        name = f"m{number}"
        facts[f"{name} kind"] = f"{media.kind} {media.proto}"
        facts[f"{name} formats"] = " ".join(media.formats)
        facts[f"{name} port"] = media.state
        if media.port == 0:
            continue
        facts[f"{name} address"] = media.where
        facts[f"{name} direction"] = media.direction
        if media.rtp:
            facts[f"{name} mux"] = media.mux
            # with mux both parties know better than a=rtcp
            facts[f"{name} rtcp"] = "any" if media.mux else media.rtcp
    return facts


def ice_facts(body):
    return {f"m{number}": (media.ice, bool(media.candidates()))
            for number, media in enumerate(body.media) if media.port}


def kept_of(given, body):
    """How many of the lines given in each media are still there."""
    kept = Counter()
    for number, (before, after) in enumerate(zip(given.media, body.media)):
        there = Counter(after.kept())
        for line, count in Counter(before.kept()).items():
            if name_of(line) not in KEYING:
                kept[number, line] = min(count, there[line])
    return kept


def differences(given, reference, other):
    """given: the body sent; reference, other: the replies' bodies."""
    want, have = meaning(reference), meaning(other)
    for name in want.keys() | have.keys():
        if want.get(name) != have.get(name):
            yield f"{name}: {want.get(name)} / {have.get(name)}"
    if ice_facts(reference) != ice_facts(other):
        yield f"ice: {ice_facts(reference)} / {ice_facts(other)}"
    there = kept_of(given, other)
    for key, count in kept_of(given, reference).items():
        if there[key] < count:
            yield f"attribute lost in m{key[0]}: {key[1]}"


def sound(body):
    """What has to be true of any relayed body."""
    ports = Counter()
    bundled = body.group()
    for number, media in enumerate(body.media):
        if media.port == 0:
            continue
        if media.state == "ours":
            if not media.all("mid") or media.all("mid")[0] not in bundled:
                ports[media.port] += 1
            if media.where not in ("relay4", "relay6", "zero"):
                yield f"m{number}: our port at an address not ours"
        for component, where, port in media.candidates():
            if where not in ("relay4", "relay6"):
                yield f"m{number}: a candidate that is not ours"
            elif component == "1" and where == media.where \
                    and port != media.port:
                yield f"m{number}: a candidate with a port not of m="
        if media.rtp and media.state == "ours" and not media.mux \
                and media.rtcp not in ("next", "mux"):
            yield f"m{number}: RTCP at {media.rtcp}"
    for port, count in ports.items():
        if count > 1:
            yield f"port {port} in {count} media"


def passes_through(given, body, keys):
    """The promise of rtp-pinner: whatever it does not manage comes out as it
    went in, in its order; ICE and keys are the phones' own."""
    before = [line.rstrip() for line in lines_of(given.text)]
    after = iter([line.rstrip() for line in lines_of(body.text)])
    for line in before:
        if line[:2] in ("m=", "c=", "o=") or name_of(line) in MANAGED:
            continue
        if line not in after:
            yield f"line lost or out of order: {line}"
            return
    removed = keys.get("ICE") == "remove"
    for number, (mine, theirs) in enumerate(zip(given.media, body.media)):
        if theirs.port == 0:
            continue
        if removed and (theirs.ice or theirs.candidates()):
            yield f"m{number}: ICE is left"
        if not removed and mine.rtp and mine.ice and mine.candidates():
            if mine.all("ice-ufrag") != theirs.all("ice-ufrag"):
                yield f"m{number}: another ice-ufrag"
            if not theirs.candidates():
                yield f"m{number}: no candidate"


class Side:
    """One relay, its addresses, and how to ask it."""

    def __init__(self, relay):
        self.relay = relay
        self.own = Own(relay.media, relay.ports)

    def ask(self, command, **keys):
        """(body or None, what it said)"""
        reply = self.relay.ng.command(command, **keys)
        if reply.get("result") != "ok":
            return None, reply.get("error-reason", reply.get("result"))
        return Body(reply.get("sdp", ""), self.own), "ok"

    def forget(self, call):
        self.relay.ng.command("delete", call_id=call, from_tag="f",
                              delete_delay=0)


class Comparison:
    def __init__(self, reference, other):
        self.reference, self.other = reference, other
        self.bad, self.known = [], Counter()
        self.count, self.accepted = 0, 0
        self.ours = other.relay.program == "rtp-pinner"

    def note(self, case, difference):
        for pattern, what in KNOWN if self.ours else ():
            if re.search(f"^{pattern}", case) and re.search(what, difference):
                self.known[what] += 1
                return
        self.bad.append(f"{case}: {difference}")

    def step(self, case, command, sdp, **keys):
        """One command to both; False when one of them refused it."""
        self.count += 1
        want, why = self.reference.ask(command, sdp=sdp, **keys)
        have, error = self.other.ask(command, sdp=sdp, **keys)
        self.accepted += bool(want)
        if have and want:
            given = Body(sdp, self.other.own)
            for difference in differences(given, want, have):
                self.note(case, difference)
            self.own_rules(case, given, have, keys)
        elif want:
            self.note(case, f"accepted only by rtpengine, else: {error}")
        elif have:
            self.note(case, f"accepted only by the other, else: {why}")
            self.own_rules(case, Body(sdp, self.other.own), have, keys)
        return have and want

    def own_rules(self, case, given, have, keys):
        if self.ours:
            for difference in [*sound(have),
                               *passes_through(given, have, keys)]:
                self.note(case, difference)

    def run(self, case, offer, answer, keys, more):
        call = f"call-{self.count}"
        if self.step(f"{case}", "offer", offer, call_id=call, from_tag="f",
                     **keys) and answer:
            self.step(f"{case}, answered", "answer", answer, call_id=call,
                      from_tag="f", to_tag="t", **more)
        for side in (self.reference, self.other):
            side.forget(call)

    def report(self):
        for line in self.bad:
            print(f"not ok: {line}", file=sys.stderr)
        for what, count in sorted(self.known.items()):
            print(f"meant to differ, {count} times: {what}")
        print(f"{self.count} bodies compared, {self.accepted} of them accepted "
              f"by rtpengine, {len(self.bad)} differences")


def data_bodies():
    """(name, text) of each third-party body; skips where there are none."""
    for path in sorted(Path(sandbox.data("sdp")).rglob("*.sdp")):
        yield f"{path.parent.name}/{path.stem}", path.read_bytes().decode(
            "utf-8", "surrogateescape")


def with_addresses(text):
    """Names and multicast groups, which rtpengine refuses, become the
    caller's address: more bodies to compare."""
    return re.sub(r"IN IP4 (?:[^\d\s]\S*|2[2-3]\d\.\S+)", f"IN IP4 {A4}", text)


def compare(other_program, build):
    ours = other_program == "rtp-pinner"
    with Relay("rtpengine", media=["127.0.53.21", "2001:db8::21"],
               ports=(20000, 20999), listen=("127.0.0.1", 2221)) as reference, \
            Relay(other_program, build, media=["127.0.53.11", "2001:db8::11"],
                  ports=(30000, 31999),
                  settings={"quarantine": "0s"}) as other:
        work = Comparison(Side(reference), Side(other))
        for case in CASES:
            work.run(*case)
        if work.bad:
            work.report()
            if not other.alive():
                other.show_log()
            return 1
        print(f"ok: {len(CASES)} cases of our own, {work.count} bodies")
        for name, text in data_bodies():
            for sdp in dict.fromkeys((text, with_addresses(text))):
                for suffix, keys in FLAGS.items():
                    work.run(name + suffix, sdp, sdp, keys, keys)
        work.report()
        alive = reference.alive() and other.alive()
        if not alive or (ours and work.bad):
            other.show_log(20)
        return 0 if alive and not work.bad else 1


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = "rtpengine" if sys.argv[1] == "--self" else "rtp-pinner"
    node.namespace("127.0.53.11", "127.0.53.21", "2001:db8::11",
                   "2001:db8::21", "192.0.2.1")
    sys.exit(compare(program, sys.argv[1]))


if __name__ == "__main__":
    main()
