# SPDX-License-Identifier: GPL-2.0-or-later
"""perform.py - one case: its phones, its flip, what came of it"""
import hashlib
import time
import zlib

from .cases import START
from .flows import ACKED, FLOWS, UNHEARD, CutOff, Play, reached
from .paths import Path
from .ua import Ua
from .wire import Loop

AGENTS = {"proxied": "innovaphone IP111",
          "follows": "innovaphone IP222", "served": "SIP.js/0.21"}
DEADLINE = 60


def addresses(number, family):
    """Of the caller and the callee."""
    if family == "IPv6":
        # a /64 is one source to the flood limit
        return [f"2001:db8:c1:{number:x}::{one}" for one in (1, 2)]
    high, low = divmod(number, 100)
    return [f"198.18.{high}.{low * 2 + one}" for one in (1, 2)]


def users(number):
    return f"a{number}", f"b{number}"


class Flip:
    """One flip of the path of one phone or two, after a message of one."""

    def __init__(self, case, watched, phones, roads):
        self.case, self.watched, self.phones = case, watched, phones
        self.paths = {ua: Path(roads, ua.ip) for ua in phones}
        self.points, self.done, self.going_back = [], False, set()
        watched.passed = self.passed
        for ua in phones:
            ua.around = lambda *what, ua=ua: self.around(ua, *what)

    def start(self):
        if self.case.point == START:
            if self.case.mode == "one":
                self.watched.reach(self.watched.service)
            self.flip()

    def passed(self, label):
        count = sum(point.split("#")[0] == label for point in self.points)
        self.points.append(f"{label}#{count + 1}" if count else label)
        if self.points[-1] == self.case.point:
            self.flip()

    def flip(self):
        self.done = True
        for ua, path in self.paths.items():
            flow = None
            if self.case.mode == "one":
                conn = ua.conns.get(ua.service)
                if not conn or not conn.alive:
                    continue
                flow = ua.transport, conn.port, ua.service[1]
            path.flip(flow)
            ua.note("flip")
            ua.flipped = True
            if self.case.mode == "back":
                self.going_back.add(ua)
            if self.case.mode == "loss" and ua is self.watched:
                ua.deaf = lambda msg: True

    def around(self, ua, to, conn, send):
        """What goes to the service has passed r1 when this returns."""
        path = self.paths[ua]
        if to != ua.service and getattr(conn, "to", to) != ua.service:
            send()
            return
        seen = path.count()
        if send():
            path.wait_for_more(seen)
        if ua in self.going_back:
            self.going_back.remove(ua)
            path.back()
            ua.note("back")

    def end(self):
        for path in self.paths.values():
            path.back()


class Performed:
    def __init__(self, case):
        self.case, self.error, self.points = case, "", []
        self.cut = False        # in a way that is told, and then reached
        self.seconds, self.phones, self.play = 0.0, [], None
        self.lag = float("inf")     # how long a REGISTER took

    def trace(self):
        """Both sides' messages."""
        lines = sorted((at, ua.name, way, where, text) for ua in self.phones
                       for at, way, where, text in ua.trace)
        begin = lines[0][0] if lines else 0
        for at, name, way, where, text in lines:
            first, *rest = text.split("\r\n")
            heads = [line for line in rest if line.split(":")[0].lower() in (
                "via", "cseq", "to", "contact", "route", "record-route",
                "call-id", "path", "reason", "warning")]
            yield f"{(at - begin) * 1000:8.1f} ms {name} {way} " \
                  f"{where[0] if where else ''}  {first}"
            for line in heads:
                yield f"{'':24}{line[:150]}"


def perform(stage, case, number, base=0):
    done = Performed(case)
    began = time.monotonic()
    loop = Loop(began + DEADLINE)
    ips = addresses(number, case.family)
    # the same Call-IDs in each run: which node is asked for an owner is the same
    name = f"{zlib.crc32(case.name.encode()):08x}"
    done.phones = phones = [
        Ua(stage, loop, user, ip, case.transport,
           AGENTS[case.kind if side == "caller" else "served"],
           f"{side}", f"{name}{side[5]}")
        for side, user, ip in zip(("caller", "callee"), users(number), ips)]
    caller, callee = phones
    caller.proxied = case.kind == "proxied"
    flip = None
    try:
        asked = callee.register()
        loop.until("callee registered", lambda: asked.final, 20)
        assert asked.final.status == 200, asked.final.first
        done.lag = time.monotonic() - began
        done.play = Play(stage, loop, caller, callee)
        done.play.known(callee)
        if case.transport != "udp":     # nothing is on its way any more
            loop.for_a_while(ACKED)
        callee.facts.clear()
        flipped = {"caller": [caller], "callee": [callee]}.get(
            case.side, phones)
        watched = callee if case.side == "callee" else caller
        flip = Flip(case, watched, flipped, stage.roads)
        flip.start()
        FLOWS[case.flow](done.play)
        done.play.settle()
    except CutOff as error:
        done.error = str(error)
        done.cut = not came_back(done)
    except (AssertionError, OSError) as error:
        done.error = str(error) if isinstance(error, AssertionError) \
            else f"{type(error).__name__}: {error}"
    finally:
        if flip:
            done.points = flip.points
            flip.end()
        for ua in phones:
            ua.close()
    done.seconds = time.monotonic() - began
    return done


def came_back(done):
    """What is wrong with the callee after a call that was cut off, or ""."""
    play = done.play
    try:
        play.callee.inbox.clear()
        play.call = None
        for ua in (play.caller, play.callee):
            while UNHEARD in ua.facts:
                ua.facts.remove(UNHEARD)
        play.known(play.callee)
        try:
            reached(play)
        except (AssertionError, OSError):
            # it did not know yet that its connection is gone
            play.known(play.callee)
            reached(play)
    except (AssertionError, OSError) as error:
        done.error += f"; and then: {error}"
        return done.error
    return ""


def seen_of(done):
    """For the judge."""
    asked = done.play.asked if done.play else []
    return {"error": done.error, "cut": done.cut,
            "asked": [(one.method, one.statuses, one.made) for one in asked],
            "facts": [ua.facts for ua in done.phones],
            "resets": sum(ua.resets for ua in done.phones)}
