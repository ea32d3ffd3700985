#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""drain.py BUILD - how a drain ends, and what the nodes tell each other of it

The real agent with `output = dry-run', in namespaces of its own.  The relay is a
script that says how many calls it has: none, some, nothing at all.
"""
import re
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from agents import SITE, Agent, until
from node import namespace

BUILD = sys.argv[1]
AT = ("127.0.0.1", 2223)
METRICS = 9104


class Relay:
    """Answers `node info' on the ng port; calls None: it says nothing."""

    def __init__(self, calls=0):
        self.calls = calls
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(AT)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            asked, source = self.socket.recvfrom(2048)
            cookie, body = asked.split(b" ", 1)
            if body == b"stop":
                return
            assert body == b"d7:command9:node infoe", body
            if self.calls is not None:
                self.socket.sendto(cookie + b" d6:result2:ok7:runningi%dee"
                                   % self.calls, source)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"x stop", AT)
        self.thread.join()
        self.socket.close()


def started(**settings):
    agent = Agent(BUILD, group="hold-down = 0\npenalty = 0\n"
                  "drain-wait = 100ms\n",
                  settings={"pinner": "127.0.0.1:2223",
                            "metrics": f"127.0.0.1:{METRICS}", **settings})
    agent.touch("one")
    return agent


def phase(agent):
    drain = agent.status()["drain"]
    return drain and drain["phase"]


def is_in(agent, wanted):
    until(f"the drain is in phase {wanted}", lambda: phase(agent) == wanted)
    return agent.status()


def drains(agent):
    """What the audit log has of it: [(from, to, cause)]"""
    return [(e["from"], e["to"], e["cause"]) for e in agent.audit()
            if e["what"] == "drain"]


def ctl(agent, *words):
    return subprocess.run(
        [Path(BUILD, "bin/anycastctl"), *words, "--agent",
         agent.dir / "run/control.sock", "--state",
         agent.dir / "run/node.state"], capture_output=True, text=True,
        check=False, timeout=60)


def metric(name):
    page = urllib.request.urlopen(f"http://127.0.0.1:{METRICS}/metrics",
                                  timeout=5).read().decode()
    found = re.search(rf"^anycast_health_{re.escape(name)} (\S+)$", page, re.M)
    return found and float(found[1])


# --- one drain

def the_calls_that_run_are_waited_for():
    with Relay(2) as relay, started() as agent:
        agent.is_up()
        until("the calls are known", lambda: agent.status()["calls"] == 2)
        assert agent.status()["drain"] is None
        agent.ok("drain", force=True, wait=60000)
        status = is_in(agent, "announced")
        assert status["drain"]["withdrawn_ms"] is None, status["drain"]
        assert agent.announced() and not status["drained"]
        agent.ok("drain", force=True, wait=0)
        status = is_in(agent, "calls")
        assert not agent.announced() and not status["drained"]
        assert re.fullmatch(r"withdrawn \S+ s ago, 2 calls go on, for 120 min "
                            "at most", status["cause"]), status["cause"]
        assert 0 < status["drain"]["until_ms"] <= 7200000
        assert metric('drain_phase{phase="calls"}') == 1
        assert metric("calls") == 2 and metric("drained") == 0
        relay.calls = 1
        until("one has ended",
              lambda: agent.status()["drain"]["calls"] == 1)
        relay.calls = 0
        status = is_in(agent, "drained")
        assert status["drained"] and metric("drained") == 1
        assert status["cause"] == "drained: not announced, no call is left"
        told = until("the log has it", lambda: drains(agent)[1:] and
                     drains(agent))
        assert [entry[:2] for entry in told] == [
            ("announced", "calls"), ("calls", "drained")], told
        assert "2 calls go on" in told[0][2], told
        # a phone that is still served here makes a call
        relay.calls = 1
        is_in(agent, "calls")
        relay.calls = 0
        is_in(agent, "drained")


def the_deadline_ends_it_with_calls_left():
    with Relay(3), started(drain_deadline="500ms") as agent:
        agent.is_up()
        done = ctl(agent, "drain", "--wait", "--force")
        assert done.returncode == 2, done
        assert "fra1: draining: 3 calls, withdrawn " in done.stdout, done
        assert done.stdout.endswith("fra1: drained at the deadline: 3 calls "
                                    "left\n"), done
        status = agent.status()
        assert status["drained"] and status["drain"]["calls"] == 3, status
        assert status["cause"].endswith("time is over: 3 calls left"), status
        assert drains(agent)[-1][:2] == ("calls", "left"), drains(agent)
        # one of its own goes before that of the configuration
        agent.ok("resume")
        agent.is_up()
        agent.ok("drain", force=True, deadline=0)
        assert is_in(agent, "left")["drain"]["withdrawn_ms"] is not None
        entry = agent.entries("order", 3)[-1]
        assert entry["cause"] == "by uid 0, forced, deadline 0 s", entry


def phones_have_time_to_register_elsewhere():
    with Relay(0), started(drain_phones="400ms") as agent:
        agent.is_up()
        agent.ok("drain", force=True, wait=0)
        status = is_in(agent, "calls")
        assert "no call is left, phones have" in status["cause"], status
        assert 0 < status["drain"]["phones_ms"] <= 400, status["drain"]
        status = is_in(agent, "drained")
        assert status["drain"]["withdrawn_ms"] >= 400, status["drain"]
        agent.ok("resume")
        agent.is_up()
        agent.ok("drain", force=True, wait=0, phones=60000)
        is_in(agent, "calls")
        agent.ok("drain", force=True, phones=0)
        is_in(agent, "drained")


def the_operator_waits_and_sees_how_far_it_is():
    with Relay(1) as relay, started() as agent:
        agent.is_up()
        done = ctl(agent, "drain", "--withdrawn", "--force")
        assert done.returncode == 0, done
        assert done.stdout.endswith("fra1: withdrawn: 1 call may go on\n"), done
        nodes = ctl(agent, "nodes").stdout.splitlines()
        assert nodes[1].split()[:2] == ["fra1", "draining"], nodes
        relay.calls = 0
        done = ctl(agent, "drain", "--wait")
        assert done.returncode == 0, done
        assert done.stdout.endswith("fra1: drained: safe to stop\n"), done
        nodes = ctl(agent, "nodes").stdout.splitlines()
        assert nodes[1].split()[:2] == ["fra1", "drained"], nodes


def a_resume_reverses_it_at_any_point():
    with Relay(1) as relay, started() as agent:
        agent.is_up()
        for point, calls, order in (
                ("announced", 1, {"wait": 60000}),
                ("calls", 1, {"wait": 0}),
                ("left", 1, {"wait": 0, "deadline": 0}),
                ("drained", 0, {"wait": 0}),
                ("calls", 1, {"wait": 0, "deadline": 60000})):
            relay.calls = calls
            until("it is known", lambda n=calls: agent.status()["calls"] == n)
            agent.ok("drain", force=True, **order)
            is_in(agent, point)
            assert "self fra1 draining" in agent.node_state()
            agent.ok("resume")
            status = agent.status()
            assert status["state"] == "up" and agent.announced(), status
            assert status["drain"] is None and not status["drained"], status
            until("Kamailio and the relay are told",
                  lambda: "self fra1 up" in agent.node_state())


# --- with what may be amiss

def a_restart_goes_on_where_it_was():
    with Relay(1) as relay, started(drain_deadline="60s") as agent:
        agent.is_up()
        agent.ok("drain", force=True, wait=0)
        is_in(agent, "calls")
        until("some time has passed",
              lambda: agent.status()["drain"]["withdrawn_ms"] > 500)
        entries = len(drains(agent))
        for restart in (agent.kill_worker, agent.kill):
            before = agent.status()["drain"]["withdrawn_ms"]
            restart()
            if not agent.process:
                agent.start()
            status = is_in(agent, "calls")
            assert status["drain"]["withdrawn_ms"] >= before, status["drain"]
            assert not agent.announced()
        assert len(drains(agent)) == entries, drains(agent)
        relay.calls = 0
        is_in(agent, "drained")


def a_relay_that_says_nothing_is_waited_for():
    with Relay(None) as relay, started() as agent:
        agent.is_up()
        agent.ok("drain", force=True, wait=0)
        status = is_in(agent, "calls")
        assert status["drain"]["relay"] == "silent", status["drain"]
        assert "does not say how many calls" in status["cause"], status
        assert metric("calls") is None
        relay.calls = 0
        is_in(agent, "drained")


def without_a_relay_it_ends_with_the_withdrawal():
    with started() as agent:
        agent.is_up()
        agent.ok("drain", force=True, wait=0)
        status = is_in(agent, "drained")
        assert status["drain"]["relay"] == "none", status["drain"]
        assert status["cause"] == "drained: not announced", status
    # none was configured
    with started() as agent:
        del agent.settings["pinner"]
        agent.write()
        agent.ok("reload")
        agent.is_up()
        agent.ok("drain", force=True, wait=0)
        assert is_in(agent, "drained")["calls"] is None
        # one is, and it has calls
        with Relay(4):
            agent.settings["pinner"] = "127.0.0.1:2223"
            agent.write()
            agent.ok("reload")
            is_in(agent, "calls")


# --- the cluster

def other(agent, name):
    return next(p for p in agent.ok("nodes")["peers"] if p["name"] == name)


def the_nodes_see_each_others_state_calls_and_site_file():
    with Relay(5) as relay, \
            started(peers="yes") as fra, \
            Agent(BUILD, node="ams1", settings={"peers": "yes"}) as ams:
        ams.touch("one")
        fra.is_up()
        ams.is_up()
        until("ams1 knows fra1's calls",
              lambda: other(ams, "fra1")["calls"] == 5)
        assert other(ams, "fra1")["same_site"] is True
        assert other(fra, "ams1")["calls"] is None      # it has no relay
        fra.ok("drain", wait=0)
        until("ams1 sees it drain", lambda: other(ams, "fra1")["state"]
              == "draining" and not other(ams, "fra1")["drained"])
        relay.calls = 0
        until("and drained", lambda: other(ams, "fra1")["drained"])
        since = other(ams, "fra1")["since_ms"]
        assert 0 <= since < 20000, since
        assert "fra1" in ctl(ams, "nodes").stdout
        # ams1 is forgotten when the site file is changed
        fra.site = SITE + "[node lon1]\naddress = 127.0.53.13\n"
        fra.write()
        fra.ok("reload")
        for agent, name in ((fra, "ams1"), (ams, "fra1")):
            until("the other's site file is another",
                  lambda a=agent, n=name: other(a, n)["same_site"] is False)
            until("it is warned of", lambda a=agent, n=name: any(
                w == f"{n}: its site file is not that of this node"
                for w in a.status()["warnings"]))
            assert "ANOTHER" in ctl(agent, "nodes").stdout
        ams.site = fra.site
        ams.write()
        ams.ok("reload")
        for agent, name in ((fra, "ams1"), (ams, "fra1")):
            until("it is the same again",
                  lambda a=agent, n=name: other(a, n)["same_site"] is True)
            until("no warning is left", lambda a=agent: not [
                w for w in a.status()["warnings"] if "site file" in w])


STORIES = (
    the_calls_that_run_are_waited_for,
    the_deadline_ends_it_with_calls_left,
    phones_have_time_to_register_elsewhere,
    the_operator_waits_and_sees_how_far_it_is,
    a_resume_reverses_it_at_any_point,
    a_restart_goes_on_where_it_was,
    a_relay_that_says_nothing_is_waited_for,
    without_a_relay_it_ends_with_the_withdrawal,
    the_nodes_see_each_others_state_calls_and_site_file,
)


def main():
    namespace()
    for story in STORIES:
        story()
        print("ok:", story.__name__.replace("_", " "), flush=True)


main()
