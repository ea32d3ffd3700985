#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A phone in a browser (JsSIP in Chromium) and a desk phone (baresip) call each
other over ICE and DTLS-SRTP through a node's media relay, and the route of the
service moves while they talk.

Nothing is asked of what a phone says of itself where the other can say it: what
one has sent, the other must have heard.  At the end the figures are printed.

usage: webphone.py BUILD [full]        full: what else breaks on the service
"""
import re
import shutil
import struct
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent), str(HERE.parents[1] / "lab")]
# pylint: disable=wrong-import-position
import npm                                  # noqa: E402
from baresip import Baresip, modules        # noqa: E402
from bundle import bundle                   # noqa: E402
from chromium import Browser                # noqa: E402
from lib import spaces, topology            # noqa: E402
from node import PASSWORDS, skip            # noqa: E402
from waiting import until                   # noqa: E402
from world import DESK, WEB, domain, host, key_of, world    # noqa: E402

JSSIP = "jssip@3.13.8"
AWAY, HOME = "ams1", "fra1"     # fra1 has the browser
THERE = AWAY                    # is the desk phone's
PACKETS = 100                   # two seconds, of each direction
IN_FLIGHT = 5


def write_page(build, folder):
    folder.mkdir(parents=True, exist_ok=True)
    place = npm.need(build, JSSIP, "npm-phones")
    (folder / "jssip.js").write_text(bundle("JsSIP", place, "jssip"))
    for name in ("page.html", "page.js"):
        shutil.copy(HERE / name, folder)


class Page:
    """alice's browser, as a test has to do with it."""

    def __init__(self, lab):
        c1 = lab.spaces["c1"]
        hosts = {domain: topology.SERVICE[0]}
        hosts.update({host(name): own[0]
                      for name, (own, _) in topology.NODES.items()})
        self.browser = Browser(c1.dir / "browser", c1.words, hosts,
                               [key_of(node) for node in lab.nodes.values()])
        self.run = self.browser.run

    def now(self):
        return self.run("Math.round(performance.now())")

    def wait(self, what, seconds=15, since=0):
        """When it has happened, after `since'."""
        def happened():
            return self.run(f"phone.happened({what!r}, {since})")
        try:
            return until(what, happened, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.story()}") from None

    def happened(self, what, since):
        return self.run(f"phone.happened({what!r}, {since})")

    def story(self):
        return "\n".join(f"{e['at']:6} ms {e['what']} {e.get('more') or ''}"
                         for e in self.run("phone.events"))

    def open(self, server=""):
        """The page by the service, and its phone registered."""
        url = self.browser.open(f"https://{domain}/page.html")
        self.run(f"phone.start('alice', '{domain}', '{PASSWORDS['alice']}', "
                 f"'{server}')")
        self.wait("registered")
        return url

    def stats(self):
        return self.run("phone.stats()")

    def heard(self, packets=PACKETS, seconds=15):
        """Its statistics, so many received packets further on."""
        begin = self.stats().get("received", 0)
        return until(f"{packets} more packets in the browser",
                     lambda: (now := self.stats()).get("received", 0)
                     >= begin + packets and now, seconds)


class Desk(Baresip):
    def __init__(self, lab, node):
        space = lab.spaces["desk"]
        super().__init__(
            space.dir / "bob", "bob", PASSWORDS["bob"], node.own,
            address=DESK[0][0], words=space.words,
            account=";mediaenc=dtls_srtp;medianat=ice",
            extra=("ice", "dtls_srtp", "srtp", "sndfile"),
            config=f"rtcp_mux yes\nrtp_stats yes\nsnd_path {space.dir}/bob\n")

    def ended(self, after):
        """(sent, received) of a call that has ended."""
        self.wait("terminated (duration", after=after)
        self.wait("\nerrors:", after=after)
        found = re.search(r"\npackets:\s+(\d+)\s+(\d+)", self.said()[after:])
        return int(found[1]), int(found[2])

    def relay(self, after):
        """Where it sends its media: what ICE has found."""
        return set(re.findall(r"mnat 'ice' connected: raddr (\S+):\d+",
                              self.said()[after:]))

    def loudness(self):
        """Of what it has decoded, in the newest recording."""
        newest = max(self.dir.glob("dump-*-dec.wav"),
                     key=lambda path: path.stat().st_mtime)
        data = newest.read_bytes()[44:]
        samples = struct.unpack(f"<{len(data) // 2}h", data[:len(data) & ~1])
        return max(map(abs, samples), default=0)


def candidates(sdp):
    return set(re.findall(r"(?m)^a=candidate:\S+ \d+ \w+ \d+ (\S+) ", sdp))


def judge_call(page, desk, node, mark, since):
    """In the middle of a call: it is heard at both ends, and either sends to
    addresses of the node alone."""
    begin = page.stats()
    now = page.heard()
    assert now["dtls"] == "connected" and not now["lost"], now
    assert now["energy"] > begin.get("energy", 0), "the browser hears silence"
    own = {node.own, node.own6}
    sdp = next(e["more"] for e in page.run("phone.events")
               if e["what"].startswith("sdp remote") and e["at"] >= since)
    assert candidates(sdp) and candidates(sdp) <= own, sdp
    assert now["remote"] in own, now
    assert desk.relay(mark) <= own and desk.relay(mark), desk.relay(mark)


def judge_end(page, desk, mark, last):
    """What the one has sent, the other has received, but for what was on its
    way when one of them hung up."""
    sent, received = desk.ended(mark)
    assert received + IN_FLIGHT >= last["sent"] >= PACKETS, (received, last)
    assert last["received"] <= sent and not last["lost"], (sent, last)
    assert desk.loudness() > 1000, "the desk phone has heard silence"
    return f"{received} packets heard at the desk, at least " \
           f"{last['received']} in the browser, none lost"


# --- the story

def flips(lab, page, times=3):
    """The route goes away and comes back, in the middle of a call; the
    statistics behind it."""
    since, before = page.now(), page.stats()
    for _ in range(times):
        for name in (AWAY, HOME):
            lab.lead(name)
            for kind, caller in lab.callers.items():
                assert caller.settled(name, count=3), f"{kind}: {name}"
    after = page.heard(10)
    for what in ("disconnected", "ended", "failed"):
        assert not page.happened(what, since), page.story()
    assert not after["lost"], after
    lab.say(f"the route has moved {2 * times} times: "
            f"{after['received'] - before['received']} packets heard "
            "meanwhile, 0 lost, the WebSocket as it was")
    return after


def browser_calls(lab, page, desk):
    mark, since = len(desk.said()), page.now()
    page.run(f"phone.call('sip:bob@{domain}')")
    page.wait("confirmed", since=since)
    judge_call(page, desk, lab.fra1, mark, since)
    last = flips(lab, page)
    page.run("phone.hangUp()")
    lab.say("the browser has called, and hangs up: "
            + judge_end(page, desk, mark, last))


def desk_calls(lab, page, desk):
    mark, since = len(desk.said()), page.now()
    lab.lead(THERE)
    desk.type(f"/dial sip:alice@{topology.SERVICE[0]}")
    page.wait("confirmed", since=since)
    judge_call(page, desk, lab.nodes[THERE], mark, since)
    last = flips(lab, page)
    desk.type("b")
    page.wait("ended", since=since)
    lab.say("the desk phone has called, and hangs up: "
            + judge_end(page, desk, mark, last))


def a_drained_node_keeps_its_browser(lab, page, desk):
    lab.lead_by_bgp()
    lab.fra1.ask("drain")
    until("ams1 knows that fra1 drains", lambda: "draining" in
          lab.ams1.rpc("anycast.nodes"))
    mark, since = len(desk.said()), page.now()
    desk.type(f"/dial sip:alice@{topology.SERVICE[0]}")
    page.wait("confirmed", since=since)
    last = page.heard(2 * PACKETS)
    assert not page.happened("disconnected", since), page.story()
    desk.type("b")
    page.wait("ended", since=since)
    lab.say("fra1 drains, and its browser is still called: "
            + judge_end(page, desk, mark, last))
    lab.fra1.ask("resume")


def on_the_service(lab, page, desk):
    """For contrast, the WebSocket to the service address: a call during which
    the route moves.  What it heard till then."""
    lab.lead(HOME)
    page.open(domain)
    since = page.now()
    page.run(f"phone.call('sip:bob@{domain}')")
    page.wait("confirmed", since=since)
    page.heard()
    lab.lead(AWAY)
    moved = page.now()
    lost = page.wait("disconnected", 40, since=moved)
    back = page.wait("registered", 20, since=moved)
    lab.say("the WebSocket on the service address is lost "
            f"{(lost['at'] - moved) / 1000:.1f} s after the route has moved, "
            f"and registered again after {(back['at'] - moved) / 1000:.1f} s")
    after = page.heard()
    assert not page.happened("ended", since), page.story()
    assert not after["lost"], after
    lab.say(f"its media, on the node's address, goes on: 0 of "
            f"{after['received']} lost")
    return after


def browser_ends_it(lab, page, desk):
    mark = len(desk.said())
    after = on_the_service(lab, page, desk)
    page.run("phone.hangUp()")
    lab.say("the browser hangs up by its new WebSocket: "
            + judge_end(page, desk, mark, after))


def desk_ends_it(lab, page, desk):
    """The new WebSocket is not the one the dialog knows."""
    mark = len(desk.said())
    on_the_service(lab, page, desk)
    since = page.now()
    desk.type("b")
    desk.ended(mark)
    quiet = page.wait("ice disconnected", 60, since=since)
    end = page.wait("ended", 60, since=since)
    lab.say("the desk phone has hung up, which goes to the old one; the "
            f"browser misses it after {(quiet['at'] - since) / 1000:.1f} s "
            f"and gives up after {(end['at'] - since) / 1000:.1f} s")


def main():
    build = sys.argv[1]
    for program in ("chromium", "baresip", "npm"):
        if not shutil.which(program):
            skip(f"{program} is not installed (scripts/setup test)")
    if not modules():
        skip("baresip keeps its modules where nobody looks for them")
    folder = Path(build, "webphone-page").resolve()
    write_page(build, folder)
    spaces.enter()
    with world(build, folder) as lab:
        page = Page(lab)
        url = page.open()
        assert url == f"https://{host(HOME)}:{WEB}/page.html", url
        lab.say(f"the page has come from {url}, its phone is registered")
        desk = Desk(lab, lab.nodes[THERE])
        began = time.monotonic()
        try:
            browser_calls(lab, page, desk)
            desk_calls(lab, page, desk)
            a_drained_node_keeps_its_browser(lab, page, desk)
            browser_ends_it(lab, page, desk)
            if "full" in sys.argv[2:]:
                desk_ends_it(lab, page, desk)
        except AssertionError:
            lab.say(f"what the browser tells:\n{page.story()}\n"
                    f"what the desk phone tells:\n{desk.said()[-3000:]}")
            raise
        finally:
            desk.end()
            page.browser.end()
        lab.say(f"{time.monotonic() - began:.0f} s of calls")


main()
