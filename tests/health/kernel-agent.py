#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kernel-agent.py BUILD - the agent with output = kernel, and its table

In a network namespace of its own; what is in table 200 is told by ip(8).  Up,
drained and down, executed anew in place, its worker dead or frozen, itself dead.
"""
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent),
                str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
import node  # noqa: E402
from agents import SITE, Agent, children, until  # noqa: E402

V4, V6 = "192.0.2.53", "2001:db8:53::53"
BOTH = SITE.replace(V4, f"{V4}, {V6}").replace(
    "127.0.53.11", "127.0.53.11, 2001:db8:1::11").replace(
    "127.0.53.12", "127.0.53.12, 2001:db8:1::12")


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True,
                          check=False).stdout


def table(number="200", name="anycast0"):
    """{address: metric} of what is ours in it"""
    text = ip("-4", "route", "show", "table", number) + \
        ip("-6", "route", "show", "table", number)
    return {found[1]: int(found[2]) for found in re.finditer(
        rf"^(\S+) dev {name} proto 200.* metric (\d+)", text, re.M)}


def device(name="anycast0"):
    """Its index, 0 without one."""
    found = re.match(rf"(\d+): {name}", ip("-o", "link", "show", name))
    return int(found[1]) if found else 0


def has(metric):
    return lambda: table() == {V4: metric, V6: metric}


def empty():
    return not table()


def took(began):
    return f"{(time.monotonic() - began) * 1000:.0f} ms"


def goes_up_and_down(agent):
    assert empty()
    agent.touch("one")
    until("both routes", has(1))
    status = agent.ask("status")
    assert status["output"] == "kernel", status
    assert not status["output_text"], status
    for group in status["groups"]:
        for route in group["routes"]:
            assert route["proof"] == "advertised", status

    agent.ask("drain", force=True)
    until("the metric of a drain", has(10))
    until("withdrawn", empty)
    agent.ask("resume")
    until("both routes again", has(1))
    agent.forget("one")
    until("none", empty)
    agent.touch("one")
    until("both once more", has(1))
    print("ok: up, drained, resumed, down", flush=True)


def is_executed_anew(agent):
    was, pid, first = device(), agent.process.pid, agent.worker()
    # every change of a route or a link from here on
    with subprocess.Popen(["ip", "monitor", "route", "link"], text=True,
                          stdout=subprocess.PIPE) as monitor:
        assert agent.ask("restart")["ok"]
        until("another worker", lambda: children(pid) and
              children(pid)[0] != first)
        until("it answers", lambda: (agent.ask("status") or {}).get("state")
              == "up")
        time.sleep(1.5)     # longer than it may take to decide
        monitor.terminate()
        changes = monitor.stdout.read()
    assert not changes, changes
    assert device() == was and has(1)(), (device(), was, table())
    # the device is the guardian's alone
    for each in children(pid):
        links = [os.readlink(f"/proc/{each}/fd/{fd}")
                 for fd in os.listdir(f"/proc/{each}/fd")]
        assert "/dev/net/tun" not in links, links
    print("ok: executed anew, and nothing has changed", flush=True)


def restarted(agent, **settings):
    first = agent.worker()
    agent.settings.update(settings)
    agent.write()
    agent.ok("restart")
    agent.another(first)


def is_executed_anew_as_something_else(agent):
    """What it had before is nobody's: it must not stay where a router sees it.
    """
    restarted(agent, kernel_table=201)
    until("both routes, there", lambda: table("201") == {V4: 1, V6: 1})
    assert empty(), table()
    restarted(agent, kernel_device="anycast7")
    until("both routes, to another device",
          lambda: table("201", "anycast7") == {V4: 1, V6: 1})
    assert not device() and not table("201"), table("201")
    restarted(agent, output="dry-run")
    # on a busy machine there may be another worker before it is executed anew
    until("it is up, as a dry run", lambda: (
        lambda now: now and now["output"] == "dry-run"
        and now["state"] == "up")(agent.ask("status")))
    assert not device("anycast7") and not table("201", "anycast7")
    restarted(agent, output="kernel", kernel_table=200,
              kernel_device="anycast0")
    until("both routes again", has(1))
    print("ok: executed anew with another table, device and output",
          flush=True)


def loses_its_worker(agent):
    began = time.monotonic()
    os.kill(agent.worker(), signal.SIGKILL)
    until("withdrawn", empty)
    print(f"ok: worker killed: withdrawn in {took(began)}", flush=True)
    until("up again", has(1))
    began = time.monotonic()
    worker = agent.worker()
    os.kill(worker, signal.SIGSTOP)
    until("withdrawn", empty)
    print(f"ok: worker frozen: withdrawn in {took(began)}", flush=True)
    until("up again", has(1))
    assert worker not in children(agent.process.pid)


def dies(agent):
    began = time.monotonic()
    agent.process.kill()
    until("no routes", empty)
    print(f"ok: guardian killed: withdrawn in {took(began)}", flush=True)
    assert not device()
    agent.kill()
    agent.start()
    until("adopted", has(1))
    assert agent.stop() == 0
    assert empty() and not device()
    print("ok: started again, and stopped", flush=True)


def finds_its_device_taken(agent):
    ip("tuntap", "add", "dev", "anycast0", "mode", "tun")
    agent.start()
    assert agent.process.wait(10) not in (0, None)
    assert "there is a device anycast0 already" in agent.log(), agent.log()
    agent.process.stdin.close()
    agent.process = None
    assert device()
    ip("link", "del", "anycast0")
    print("ok: a device of somebody else's is left alone", flush=True)


def main():
    build = sys.argv[1]
    if not os.access("/dev/net/tun", os.W_OK):
        node.skip("there is no /dev/net/tun")
    node.namespace("127.0.53.11", "2001:db8:1::11")
    with Agent(build, site=BOTH, group="hold-down = 1s\npenalty = 0\n"
               "drain-wait = 4s\n",
               settings={"output": "kernel", "worker_timeout": "2s"}) \
            as agent:
        goes_up_and_down(agent)
        is_executed_anew(agent)
        is_executed_anew_as_something_else(agent)
        loses_its_worker(agent)
        dies(agent)
        finds_its_device_taken(agent)


if __name__ == "__main__":
    main()
