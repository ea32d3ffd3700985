#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The guardian between a real ExaBGP and a real BIRD, with a worker that is
played: what a router has, to the attribute and to the millisecond.

usage: exabgp.py BUILD [--exabgp COMMAND] [--python-path PATH]
"""
import argparse
import os
import signal
import statistics
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]
# pylint: disable=wrong-import-position
from sessions import (ADOPT_MS, FOREIGN, PREFIX, ROUTER, World, kill, lives,
                      until)
from lab.lib.spaces import enter, skip

P4, P6 = PREFIX[4], PREFIX[6]
BOTH = f"{P4} med 100, {P6} med 100"
FIGURES = {}


def measured(what, ms):
    FIGURES.setdefault(what, []).append(ms)


def is_right(world):
    """ExaBGP's list has it a moment before the router's table."""
    world.worker.until_said(f"{P4[:-3]}=advertised", f"{P6[:-4]}=advertised")
    for prefix in PREFIX.values():
        until(f"{prefix} at the router", lambda p=prefix: world.watch.via(p))


def stays_as_it_was(world, begun, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not world.changes(begun), world.watch.events
        time.sleep(0.05)    # between two looks


# --- stories, in this order

def nothing_is_announced_before_it_is_wanted(world):
    world.worker.pid()
    until("both sessions", lambda: world.session_up(4) and world.session_up(6))
    world.worker.order("want")
    world.worker.until_said("found=0", f"{P4[:-3]}=none", f"session:{ROUTER[4]}"
                            "=up", f"session:{ROUTER[6]}=up")
    assert not world.watch.via(P4) and not world.watch.via(P6)


def a_want_is_announced_to_the_attribute(world):
    for family, prefix in PREFIX.items():
        measured("want -> route", world.after(
            lambda p=prefix: world.worker.want(f"{p} med 100"), prefix, True))
        assert world.route(prefix) == ("100", [], "64511")
        world.worker.want(
            f"{prefix} med 4294967295 prepend 2 community 65535:0 "
            "community 64511:20 community no-export")
        until("its attributes", lambda p=prefix: world.route(p) == (
            "4294967295", ["(64511,20)", "(65535,0)", "(65535,65281)"],
            "64511 64511 64511"))
        world.worker.until_said(f"{prefix.rsplit('/')[0]}=advertised",
                                f"session:{ROUTER[family]}=up")
        measured("want nothing -> no route", world.after(
            lambda: world.worker.want(""), prefix, False))
    for _ in range(10):
        measured("want -> route", world.after(
            lambda: world.worker.want(BOTH), P4, True))
        is_right(world)
        measured("want nothing -> no route", world.after(
            lambda: world.worker.want(""), P4, False))


def a_killed_worker_takes_the_routes_with_it(world):
    for count in range(4):
        world.worker.want(BOTH)
        is_right(world)
        world.worker.wants = None
        workers = len(world.worker.pids)
        pid = world.worker.pid()
        measured("worker killed -> no route",
                 world.after(lambda p=pid: kill(p), P4, False))
        until("no IPv6 route", lambda: not world.watch.via(P6))
        until("another worker",
              lambda n=workers: len(world.worker.pids) > n)
        world.worker.until_said(f"starts={count + 2} ")


def a_frozen_worker_takes_the_routes_with_it(world):
    world.worker.want(BOTH)
    is_right(world)
    world.worker.wants = None
    workers, pid = len(world.worker.pids), world.worker.pid()
    ms = world.after(lambda: kill(pid, signal.SIGSTOP), P4, False)
    assert 1500 < ms < 4000, ms     # worker-timeout is 2 s
    measured("worker frozen -> no route", ms)
    until("another worker", lambda: len(world.worker.pids) > workers)
    assert not lives(pid)


def a_killed_guardian_is_followed_without_a_flap(world):
    world.worker.want(BOTH)
    is_right(world)
    begun, workers = time.monotonic_ns(), len(world.worker.pids)
    old = world.guardian()
    kill(old)
    until("another worker", lambda: len(world.worker.pids) > workers)
    is_right(world)
    measured("guardian killed -> its successor is right",
             (time.monotonic_ns() - begun) / 1e6)
    world.worker.until_said("found=2 ")
    assert world.guardian() != old
    # what a check would find and change, it has by then
    stays_as_it_was(world, begun, 2.5)


def a_successor_without_a_decision_withdraws(world):
    world.worker.wants = None
    ms = world.after(lambda: kill(world.guardian()), P4, False)
    measured("guardian killed, nobody decides -> no route", ms)
    assert ADOPT_MS / 2 < ms < ADOPT_MS + 2000, ms
    until("no IPv6 route", lambda: not world.watch.via(P6))


def a_restart_in_place_changes_nothing(world):
    world.worker.want(BOTH)
    is_right(world)
    begun, workers = time.monotonic_ns(), len(world.worker.pids)
    guardian = world.guardian()
    world.worker.order("restart")
    until("another worker", lambda: len(world.worker.pids) > workers)
    is_right(world)
    assert world.guardian() == guardian
    assert not world.changes(begun), world.watch.events


def a_session_that_returns_has_its_routes(world):
    for family, prefix in PREFIX.items():
        begun = time.monotonic_ns()
        world.birdc(f"restart node{family}")
        assert world.watch.wait(prefix, lambda hops: not hops, after_ns=begun)
        world.worker.until_once_said(f"session:{ROUTER[family]}=down",
                                     f"{prefix.rsplit('/')[0]}=session down")
        assert world.watch.wait(prefix, bool, after_ns=begun, seconds=20)
        is_right(world)
        assert world.route(prefix) == ("100", [], "64511")


def settled(world, text):
    """The guardian has done this want, as far as ExaBGP acks."""
    def generation():
        return int(world.worker.statuses[-1].partition("generation=")[2]
                   .split()[0])
    before = generation()
    world.worker.want(text)
    until(f"done: {text}", lambda: generation() > before)


def begin_sessions_that_hang(world):
    """The routers' kernel accepts, and BIRD says nothing yet."""
    for family in PREFIX:
        world.birdc(f"disable node{family}")
    world.worker.until_said(*(f"session:{ROUTER[f]}=down" for f in PREFIX))
    for family in PREFIX:
        world.birdc(f"enable node{family}")
    # the answer to birdc comes before the sockets
    until("listeners", lambda: world.router.run("ss", "-Hltn").count(
        ":179 ") == 2, pause=0.005)
    kill(world.bird.pid, signal.SIGSTOP)
    until("connections", lambda: world.router.run(
        "ss", "-Htn", "state", "established").count(":179 ") == 2)


def what_changes_while_a_session_begins_is_not_mixed_up(world):
    """ExaBGP sends what it has been told since it called in an order of its
    own, and a withdrawal not at all."""
    begin_sessions_that_hang(world)
    for words in ("med 100", "med 500 community 65535:0", "med 100"):
        settled(world, ", ".join(f"{p} {words}" for p in PREFIX.values()))
    kill(world.bird.pid, signal.SIGCONT)
    is_right(world)
    for prefix in PREFIX.values():
        assert world.route(prefix) == ("100", [], "64511"), world.route(prefix)

    begin_sessions_that_hang(world)
    for words in ("med 100", "med 500 community 65535:0", None):
        settled(world, ", ".join(f"{p} {words}" for p in PREFIX.values())
                if words else "")
    begun = time.monotonic_ns()
    kill(world.bird.pid, signal.SIGCONT)
    until("both sessions", lambda: world.session_up(4) and world.session_up(6))
    stays_as_it_was(world, begun, 3)
    assert not world.route(P4) and not world.route(P6)
    world.worker.want(BOTH)
    is_right(world)


def what_others_change_is_put_right(world):
    world.tell_other(f"neighbor {ROUTER[4]} announce route {FOREIGN} next-hop "
                     "self")
    until("a foreign route", lambda: world.route(FOREIGN))
    begun = time.monotonic_ns()
    measured("withdrawn by another -> there again", world.after(
        lambda: world.tell_other(f"neighbor {ROUTER[4]} withdraw route {P4}"),
        P4, True))
    assert len(world.watch.since(begun, P4)) == 2
    world.tell_other(f"neighbor {ROUTER[4]} announce route {P4} next-hop self "
                     "med 7 local-preference 300")
    until("the other's MED", lambda: world.route(P4)[0] == "7")
    until("our MED", lambda: world.route(P4)[0] == "100")
    world.worker.want(f"{P6} med 100")
    until("no IPv4 route", lambda: not world.watch.via(P4))
    world.tell_other(f"neighbor {ROUTER[4]} announce route {P4} next-hop self")
    until("an unwanted route", lambda: world.watch.via(P4))
    until("no unwanted route", lambda: not world.watch.via(P4))
    assert world.route(FOREIGN), "a foreign route is gone"
    world.worker.want(BOTH)
    is_right(world)


def a_reload_of_exabgp_changes_nothing(world):
    begun = time.monotonic_ns()
    workers = len(world.worker.pids)
    pid = world.exabgp.pid
    world.worker.statuses.clear()
    kill(pid, signal.SIGUSR1)
    is_right(world)
    assert len(world.worker.pids) == workers
    # the processes too: the old agent's withdrawals are not heard any more
    kill(pid, signal.SIGUSR2)
    until("another worker", lambda: len(world.worker.pids) > workers)
    is_right(world)
    # the old one waits a second for its answers
    stays_as_it_was(world, begun, 1.5)


def a_frozen_exabgp_is_waited_for(world):
    begun = time.monotonic_ns()
    workers = len(world.worker.pids)
    kill(world.exabgp.pid, signal.SIGSTOP)
    world.worker.until_said("text=ExaBGP does not answer")
    kill(world.exabgp.pid, signal.SIGCONT)
    is_right(world)
    world.worker.until_said("text=")
    assert len(world.worker.pids) == workers
    assert not world.changes(begun), "hold time is 9 s"


def the_end_of_exabgp_is_the_end_of_all(world):
    pids = world.guardian(), world.worker.pid()
    begun = time.monotonic_ns()
    measured("ExaBGP ended -> no route", world.after(
        world.exabgp.terminate, P4, False))
    world.exabgp.wait(10)
    measured("ExaBGP ended -> all gone", (time.monotonic_ns() - begun) / 1e6)
    until("the agent's end", lambda: not any(map(lives, pids)))


STORIES = (
    nothing_is_announced_before_it_is_wanted,
    a_want_is_announced_to_the_attribute,
    a_killed_worker_takes_the_routes_with_it,
    a_frozen_worker_takes_the_routes_with_it,
    a_killed_guardian_is_followed_without_a_flap,
    a_successor_without_a_decision_withdraws,
    a_restart_in_place_changes_nothing,
    a_session_that_returns_has_its_routes,
    what_changes_while_a_session_begins_is_not_mixed_up,
    what_others_change_is_put_right,
    a_reload_of_exabgp_changes_nothing,
    a_frozen_exabgp_is_waited_for,
    the_end_of_exabgp_is_the_end_of_all,
)


def tell(world, encoder):
    world.start_exabgp()
    for story in STORIES:
        begun = time.monotonic()
        story(world)
        print(f"ok: {encoder}: {story.__name__.replace('_', ' ')} "
              f"({time.monotonic() - begun:.1f} s)", flush=True)


def show_figures():
    for what, values in FIGURES.items():
        print(f"{what}: median {statistics.median(values):.1f} ms, worst "
              f"{max(values):.1f} ms of {len(values)}")


def show_logs(world):
    for name in ("agent.log", "log"):
        path = world.dir / name
        if path.exists():
            print(f"-- {name}\n" + "\n".join(
                path.read_text(errors="replace").splitlines()[-40:]),
                file=sys.stderr)
    print("\n".join(world.worker.statuses[-3:]), file=sys.stderr)


def in_a_world_of_its_own(arguments, encoder):
    """Each encoder has its namespaces; its figures come through a pipe."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        with os.fdopen(reader) as lines:
            for line in lines:
                what, _, ms = line.rpartition("=")
                measured(what, float(ms))
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(reader)
    FIGURES.clear()
    enter()
    world = World(arguments.build, encoder, arguments.exabgp,
                  arguments.python_path)
    try:
        tell(world, encoder)
    except BaseException as error:  # pylint: disable=broad-except
        show_logs(world)
        print(f"not ok: {encoder}: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)
    with os.fdopen(writer, "w") as out:
        for what, values in FIGURES.items():
            out.writelines(f"{what}={value}\n" for value in values)
    os._exit(0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--exabgp", type=str.split)
    parser.add_argument("--python-path", default="")
    arguments = parser.parse_args()
    for program in ("exabgp", "bird"):
        if not Path("/usr/sbin", program).exists():
            skip(f"{program} is not installed")
    for encoder in ("json", "text"):
        status = in_a_world_of_its_own(arguments, encoder)
        if status:
            sys.exit(status)
    show_figures()


main()
