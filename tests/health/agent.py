#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""agent.py BUILD - the life of a health agent, told by its operator's tools

The real program with `output = dry-run', in namespaces of its own; its probes
look for files.  Started, drained, reloaded, killed, frozen, without disk, without
descriptors, without memory, with a clock that is stepped.
"""
import ctypes
import errno
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from agents import SITE, Agent, until
from node import namespace

BUILD = sys.argv[1]


# --- an operator's day

def nothing_is_announced_before_all_is_good():
    group = "hold-down = 600ms\npenalty = 0\n"
    with Agent(BUILD, probes=["one", "two"], group=group) as agent:
        agent.touch("two")
        until("a verdict", lambda: agent.state() == "down")
        assert not agent.announced() and not agent.moves()
        why = "\n".join(agent.ok("why")["lines"])
        assert "one has failed" in why and "two" in why, why
        begun = time.monotonic()
        agent.touch("one")
        agent.is_up()
        assert time.monotonic() - begun >= 0.5, "hold-down"
        assert agent.moves() == ["announce"]
        agent.forget("one")
        until("it is down", lambda: not agent.announced())
        assert agent.moves() == ["announce", "withdraw"]
        assert agent.stop() == 0


def a_drain_waits_and_is_taken_back():
    with Agent(BUILD, group="hold-down = 0\ndrain-wait = 2s\n") as agent:
        agent.touch("one")
        agent.is_up()
        reply = agent.ok("drain")
        assert "no other node" in reply["warning"], reply
        assert agent.state() == "draining" and agent.announced()
        assert "self fra1 draining" in agent.node_state()
        reply = agent.ok("drain", force=True)
        until("it is drained", lambda: agent.status()["drained"])
        assert agent.moves() == ["announce", "change", "withdraw"]
        assert agent.ok("drain", force=True)["warning"] == ""
        agent.ok("resume")
        agent.is_up()
        # by the wait of the order
        begun = time.monotonic()
        agent.ok("drain", force=True, wait=0)
        until("it is drained", lambda: agent.status()["drained"])
        assert time.monotonic() - begun < 1.8
        agent.ok("resume")
        agent.is_up()
        orders = agent.entries("order", 6)
        assert [e["to"] for e in orders] == ["drain", "drain", "drain",
                                             "resume", "drain", "resume"]
        assert all("uid 0" in e["cause"] for e in orders), orders
        assert orders[4]["cause"] == "by uid 0, forced, wait 0 s", orders


def orders_outlive_a_restart():
    agent = Agent(BUILD)
    agent.touch("one")
    with agent:
        agent.is_up()
        agent.ok("disable")
        until("it is withdrawn", lambda: not agent.announced())
        assert agent.state() == "disabled"
        until("it is remembered", lambda: agent.remembered()[0]
              == "disable")
        agent.kill()
        agent.start()
        until("it is disabled still", lambda: agent.state() == "disabled")
        # of an agent long gone, only the order counts
        assert agent.stop() == 0
        memory = agent.state_dir / "health.memory"
        os.utime(memory, (0, 0))
        agent.start()
        until("it is disabled still", lambda: agent.state() == "disabled")
        assert agent.moves() == ["announce", "withdraw"]
        agent.ok("resume")
        agent.is_up()


def log_nodes_and_unknown_commands_are_answered():
    with Agent(BUILD) as agent:
        agent.touch("one")
        agent.is_up()
        lines = agent.ok("log", lines=100)["lines"]
        assert lines[0]["what"] == "start", lines
        assert {"probe", "unit", "node"} <= {e["what"] for e in lines}
        assert all(set(e) == {"time", "boot_ms", "node", "what", "name",
                              "group", "family", "from", "to", "cause"}
                   for e in lines), lines
        assert len(agent.ok("log", lines=1)["lines"]) == 1
        own = agent.ok("nodes")["self"]
        assert (own["name"], own["state"]) == ("fra1", "up"), own
        reply = agent.ask("statsu")
        assert reply == {"ok": False,
                         "error": "unknown command `statsu' (status?)"}


def the_socket_is_for_root_and_its_own_group():
    with Agent(BUILD) as agent:
        agent.ok("status")
        path = agent.dir / "run/control.sock"
        assert path.stat().st_mode & 0o7777 == 0o660
        agent.dir.chmod(0o755)
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            try:
                socket.socket(socket.AF_UNIX).connect(str(path))
                os._exit(1)
            except PermissionError:
                os._exit(0)
            except OSError:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def metrics_are_served():
    with Agent(BUILD, settings={"metrics": "127.0.0.1:9104"}) as agent:
        agent.touch("one")
        agent.is_up()
        with urllib.request.urlopen("http://127.0.0.1:9104/metrics") as page:
            text = page.read().decode()
        for sample in ('unit_state{group="service",family="4",state="up"} 1',
                       'node_state{state="up"} 1', "worker_starts_total 1",
                       'probe_good{probe="one",family="any"} 1',
                       "audit_lost_total 0", "memory_failures_total 0",
                       "hooks_total 0"):
            assert f"\nanycast_health_{sample}\n" in text, f"{sample}: {text}"
        # each family has its head, once, before its samples
        heads = re.findall(r"^# TYPE (\w+) ", text, re.M)
        assert len(heads) == len(set(heads))
        for line in text.splitlines():
            name = re.match(r"(?:# (?:HELP|TYPE) )?(\w+)", line)[1]
            assert name in heads, line


def a_hook_is_run_at_each_change():
    agent = Agent(BUILD, settings={"hook-timeout": "2s"})
    out, hook = agent.dir / "hooked", agent.dir / "hook"
    hook.write_text(
        f"#!/bin/sh\necho $ANYCAST_WHAT $ANYCAST_FROM-$ANYCAST_TO >>{out}\n"
        f"test ! -e {agent.dir}/hang || exec /bin/sleep 1000\n")
    hook.chmod(0o755)
    agent.settings["hook"] = hook
    agent.write()
    with agent:
        until("a verdict", lambda: agent.state() == "down")
        until("two hooks", lambda: out.exists() and out.read_text() == (
            "unit unknown-down\nnode unknown-down\n"))
        out.unlink()
        agent.touch("one")
        agent.is_up()
        until("two more", lambda: out.exists() and out.read_text() == (
            "unit down-up\nnode down-up\n"))
        # one that hangs holds nothing up but the next hook
        agent.touch("hang")
        agent.forget("one")
        until("it is down", lambda: agent.state() == "down")
        agent.touch("one")
        agent.is_up()
        agent.forget("hang")
        until("four more", lambda: out.read_text().count("\n") == 6)


# --- reload, restart, death

def a_reload_makes_no_flap():
    with Agent(BUILD, probes=["one", "two"]) as agent:
        agent.touch("one", "two")
        agent.is_up()
        worker = agent.worker()
        agent.group += "med-up = 70\n"
        agent.write()
        agent.process.send_signal(signal.SIGHUP)
        until("the new MED", lambda: agent.status()["groups"][0]["routes"][0]
              ["text"] == "med 70")
        agent.probes = ["two"]
        agent.write()
        agent.ok("reload")
        agent.forget("one")
        assert agent.announced()
        assert [p["name"] for p in agent.status()["probes"]] == ["two"]
        # broken: all as it was, and said
        (agent.dir / "site.conf").write_text(SITE.replace("127.0.53.11", "x"))
        reply = agent.ask("reload")
        assert not reply["ok"] and "site.conf:6" in reply["error"], reply
        assert "site.conf:6" in agent.status()["config_error"]
        assert agent.state() == "up"
        assert agent.moves() == ["announce", "change"], agent.moves()
        assert agent.worker() == worker
        assert [e["to"] for e in agent.entries("reload", 3)] \
            == ["done", "done", "refused"]


def what_the_guardian_must_know_restarts_it_in_place():
    site = SITE.replace("192.0.2.53", "192.0.2.53\nprefix = 192.0.2.0/24\n"
                        "prefix = 192.0.2.53")
    with Agent(BUILD, site=site) as agent:
        agent.touch("one")
        agent.is_up()
        pid, worker = agent.process.pid, agent.worker()
        assert agent.moves() == ["announce"] * 2
        agent.site = SITE
        agent.write()
        agent.ok("reload")
        agent.another(worker)
        agent.is_up()
        assert agent.process.poll() is None and agent.process.pid == pid
        routes = agent.status()["groups"][0]["routes"]
        assert [r["prefix"] for r in routes] == ["192.0.2.53/32"], routes
        # the one that is gone was withdrawn, before
        log = agent.log()
        assert "would withdraw 192.0.2.0/24" in log
        assert "would withdraw 192.0.2.53/32" not in log


def a_restart_in_place_keeps_its_pid_and_state():
    with Agent(BUILD, group="hold-down = 1h\npenalty = 0\n") as agent:
        agent.touch("one")
        until("a verdict", lambda: agent.state() == "down")
        agent.ok("resume")
        agent.group = "hold-down = 0\npenalty = 0\n"
        agent.write()
        agent.ok("reload")
        agent.is_up()
        agent.group = "hold-down = 1h\npenalty = 0\n"
        agent.write()
        pid, worker = agent.process.pid, agent.worker()
        agent.ok("restart")
        agent.another(worker)
        # nothing but what it remembers can bring it up within an hour
        agent.is_up()
        assert agent.process.poll() is None and agent.process.pid == pid
        assert "withdraw" not in agent.moves()


def a_killed_worker_is_replaced():
    with Agent(BUILD) as agent:
        agent.touch("one")
        agent.is_up()
        worker = agent.worker()
        os.kill(worker, signal.SIGKILL)
        begun = time.monotonic()
        until("it is withdrawn", lambda: agent.moves()[1:2] == ["withdraw"])
        withdrawn = time.monotonic() - begun
        agent.another(worker)
        agent.is_up()
        print(f"   withdrawn after {withdrawn * 1000:.0f} ms, up again after "
              f"{(time.monotonic() - begun) * 1000:.0f} ms")
        entries = agent.entries("worker", 1)
        assert "2 so far" in entries[-1]["cause"], entries
        assert agent.status()["guardian"]["worker_starts"] == 2


def a_frozen_worker_is_replaced():
    with Agent(BUILD, settings={"worker-timeout": "500ms"}) as agent:
        agent.touch("one")
        agent.is_up()
        os.kill(agent.worker(), signal.SIGSTOP)
        begun = time.monotonic()
        until("it is withdrawn", lambda: agent.moves()[1:2] == ["withdraw"])
        assert time.monotonic() - begun < 1.9   # by default after 2 s
        agent.is_up()


def who_dies_again_and_again_is_damped():
    # of three losses 4 s apart, as on a busy machine, 2548 is left
    group = ("hold-down = 0\npenalty = 1000\nsuppress = 2500\nreuse = 2000\n"
             "half-life = 16s\n")
    with Agent(BUILD, group=group) as agent:
        agent.touch("one")
        agent.is_up()
        # restarts that leave the routes where they are cost nothing
        for _ in range(4):
            worker = agent.worker()
            agent.ok("restart")
            agent.another(worker)
            agent.is_up()
        until("five starts", lambda: agent.moves() == ["announce"] * 5)
        assert agent.status()["groups"][0]["penalty"] == 0
        begun = 5
        # one death costs the time of a start; the third one is too many
        for deaths in (1, 2):
            agent.kill_worker()
            until("it is announced again", lambda n=deaths: agent.moves()
                  [begun:] == ["withdraw", "announce"] * n)
            agent.is_up()
            penalty = agent.status()["groups"][0]["penalty"]
            assert 1000 * (deaths - 1) < penalty <= 1000 * deaths, penalty
            until("it is remembered", lambda n=deaths: agent.remembered()[1]
                  and agent.remembered_penalty() > 1000 * (n - 1))
        agent.kill_worker()
        until("it is damped", lambda: agent.state() == "down")
        damped = time.monotonic()
        unit = agent.status()["groups"][0]
        assert unit["cause"].startswith("damped: penalty "), unit
        assert unit["state"] == "down" and not unit["announced"], unit
        until("that is remembered", lambda: not agent.remembered()[1]
              and agent.remembered_penalty() > 2000)
        why = "\n".join(agent.ok("why")["lines"])
        assert "has started 4 workers" in why, why
        # and costs nothing more while it is
        agent.kill_worker()
        until("a fifth one", lambda: (agent.ask("status") or {
            "guardian": {}})["guardian"].get("worker_starts") == 5)
        agent.is_up()
        took = time.monotonic() - damped
        # 16 s * log2(2.5 / 2) at least, 16 s * log2(3 / 2) at most
        assert 4 < took < 14, took
        until("three of both", lambda: agent.moves()[begun:]
              == ["withdraw", "announce"] * 3)
        print(f"   announced again {took:.1f} s after the third death")
        losses = [e for e in agent.audit() if e["what"] == "route"
                  and "a loss" in e["cause"]]
        assert len(losses) == 3, losses


def a_new_agent_goes_on_from_what_is_remembered():
    with Agent(BUILD, group="hold-down = 4s\npenalty = 0\n") as agent:
        agent.touch("one")
        agent.is_up()
        until("it is remembered", lambda: agent.remembered()[1])
        agent.kill()
        begun = time.monotonic()
        agent.start()
        agent.is_up()
        took = time.monotonic() - begun
        assert took < 3.5, took
        print(f"   up {took * 1000:.0f} ms after its start")
        # what is damaged is told of, and no longer believed
        agent.kill()
        (agent.state_dir / "health.memory").write_bytes(b"x" * 2048)
        begun = time.monotonic()
        agent.start()
        agent.is_up()
        assert time.monotonic() - begun > 3.9
        assert "damaged, and ignored" in agent.log()


# --- what runs out

def own_mounts():
    """A mount namespace for all that follows."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(0x20000) == 0, os.strerror(ctypes.get_errno())
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def in_a_small_disk(size):
    """In mounts of its own, a folder of so many KB."""
    own_mounts()
    disk = Path("/tmp/anycast-agent-disk")
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "none",
                    disk], check=True)
    return disk


def agent_on(disk):
    agent = Agent(BUILD)
    agent.state_dir = disk / "state"
    agent.write()
    agent.touch("one")
    return agent


def fill(path):
    """Until there is no room for a byte."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    for size in (4096, 1):
        try:
            while True:
                os.write(fd, b"x" * size)
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
    os.close(fd)


def a_full_disk_costs_lines_and_nothing_else():
    disk = in_a_small_disk(128)
    agent = agent_on(disk)
    try:
        with agent:
            agent.is_up()
            # both files of its memory are there
            until("two files", lambda: (agent.state_dir
                                        / "health.memory.next").exists())
            fill(disk / "ballast")
            worker = agent.worker()
            lines = len(agent.audit())
            size = (agent.state_dir / "audit.log").stat().st_size
            # fill the page the log has begun, and go on
            for _ in range(20 + 4096 // 200):
                agent.ok("disable")
                agent.ok("resume")
            agent.is_up()
            status = agent.status()
            assert any("audit log" in w for w in status["warnings"]), status
            assert agent.worker() == worker
            agent.audit()   # no line is cut
            # memory is written still: the order comes back
            agent.ok("disable")
            assert not any("health.memory" in w for w in
                           agent.status()["warnings"]), agent.status()
            until("it is remembered", lambda: agent.remembered()[0]
                  == "disable")
            agent.kill()
            agent.start()
            until("it is disabled", lambda: agent.state() == "disabled")
            agent.ok("resume")
            agent.is_up()
            # in memory, too, nothing is lost
            assert agent.ok("log", lines=1)["lines"][0]["to"] == "up"
            (disk / "ballast").unlink()
            agent.forget("one")
            until("it is down", lambda: agent.state() == "down")
            until("the loss is told of", lambda: any(
                "lines lost so far" in e["cause"] for e in agent.audit()))
            assert not agent.status()["warnings"]
            assert len(agent.audit()) > lines
            assert (agent.state_dir / "audit.log").stat().st_size > size
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def without_descriptors_it_is_down_and_comes_back():
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    with Agent(BUILD, prepare=few) as agent:
        agent.touch("one")
        agent.is_up()
        worker = agent.worker()
        idle = []
        begun = time.monotonic()
        while "withdraw" not in agent.moves():
            assert time.monotonic() - begun < 20
            if len(idle) < 60:
                s = agent.connect()
                if s:
                    idle.append(s)
        for s in idle:
            s.close()
        agent.is_up()
        assert agent.worker() == worker
        # up, down, up
        causes = [e["cause"].lower() for e in agent.entries("probe", 3)]
        assert any("too many open files" in c for c in causes), causes


def without_memory_it_goes_on():
    with Agent(BUILD) as agent:
        agent.touch("one")
        agent.is_up()
        worker = agent.worker()
        was = resource.prlimit(worker, resource.RLIMIT_AS)
        resource.prlimit(worker, resource.RLIMIT_AS, (4096, was[1]))
        for _ in range(200):
            agent.ask("status")
            agent.ask("log", lines=256)
        agent.ok("drain", force=True, wait=0)
        until("it is withdrawn", lambda: "withdraw" in agent.moves())
        resource.prlimit(worker, resource.RLIMIT_AS, was)
        agent.ok("resume")
        agent.is_up()
        assert agent.worker() == worker


def who_reads_no_log_stops_nothing():
    agent = Agent(BUILD)
    log, agent.stderr = os.pipe()
    with agent:
        os.close(agent.stderr)
        agent.touch("one")
        agent.is_up()
        worker = agent.worker()
        # more than a pipe holds
        for _ in range(250):
            agent.ok("disable")
            agent.ok("resume")
        agent.is_up()
        agent.forget("one")
        until("it is withdrawn", lambda: not agent.announced())
        assert agent.worker() == worker
        # of the guardian's too
        agent.kill_worker()
        agent.another(worker)
        agent.touch("one")
        agent.is_up()
        assert len(os.read(log, 1 << 20)) > 60000
        agent.ok("disable")
        told = until("what is lost", lambda: os.read(log, 1 << 20))
        assert re.match(rb"warning: log: lines lost cnt=\d+", told), told
    os.close(log)


def a_thousand_connections_stop_nothing():
    with Agent(BUILD) as agent:
        agent.touch("one")
        agent.is_up()
        worker = agent.worker()
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
        idle = [until("a place", agent.connect) for _ in range(1000)]
        begun = time.monotonic()
        attempts = agent.status()["probes"][0]["attempts"]
        answered = time.monotonic() - begun
        assert attempts > 0
        # meanwhile it probes and decides
        agent.forget("one")
        until("it is withdrawn", lambda: "withdraw" in agent.moves())
        print(f"   answered behind 1000 idle ones after "
              f"{answered * 1000:.0f} ms")
        for s in idle:
            s.close()
        agent.touch("one")
        agent.is_up()
        assert agent.worker() == worker
        log = [e for e in agent.audit() if e["what"] == "worker"]
        assert not log, log


def in_a_disk_that_can_hang():
    """The same with a disk of its own; None where there are none."""
    own_mounts()
    disk, image = Path("/tmp/anycast-agent-ext4"), "/tmp/anycast-agent.ext4"
    disk.mkdir(exist_ok=True)
    subprocess.run(["truncate", "-s", "16M", image], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    mount = subprocess.run(["mount", "-o", "loop", image, disk], check=False,
                           stderr=subprocess.DEVNULL)
    os.unlink(image)
    return disk if mount.returncode == 0 else None


def a_disk_that_hangs_stops_nothing():
    disk = in_a_disk_that_can_hang()
    if not disk:
        print("   skipped: no loop device")
        return
    agent = agent_on(disk)
    try:
        with agent:
            agent.is_up()
            worker = agent.worker()
            subprocess.run(["fsfreeze", "-f", disk], check=True)
            agent.ok("disable")
            agent.ok("resume")
            agent.is_up()
            agent.forget("one")
            until("it is withdrawn", lambda: not agent.announced())
            agent.touch("one")
            agent.is_up()
            assert agent.worker() == worker
            until("it is said", lambda: any(
                "health.memory" in w for w in agent.status()["warnings"]))
            reply = agent.ok("disable")
            assert "does not outlive a restart" in reply["warning"], reply
            agent.ok("resume")
            subprocess.run(["fsfreeze", "-u", disk], check=True)
            until("all is well", lambda: not agent.status()["warnings"])
            # nor does it hold up a start
            assert agent.stop() == 0
            subprocess.run(["fsfreeze", "-f", disk], check=True)
            agent.start()
            agent.is_up()
            subprocess.run(["fsfreeze", "-u", disk], check=True)
    finally:
        subprocess.run(["fsfreeze", "-u", disk], check=False,
                       stderr=subprocess.DEVNULL)
        subprocess.run(["umount", "-l", disk], check=True)
        disk.rmdir()


# --- time

def step_by(path, seconds):
    """In place: the library has it mapped."""
    with open(path, "r+b") as f:
        f.write(struct.pack("=q", seconds))


def a_stepped_clock_moves_nothing():
    """Only CLOCK_REALTIME can be stepped.  The agent asks it for what others
    read (the time in the audit log, in a probe's header, in datagrams) and for
    nothing it waits for."""
    with Agent(BUILD) as agent:
        agent.kill()
        step = agent.dir / "step"
        step.write_bytes(bytes(8))
        library = Path(BUILD, "lib/clockstep.so").resolve()
        assert library.exists(), library
        agent.environment.update(LD_PRELOAD=str(library), LAB_CLOCK=str(step))
        agent.start()
        agent.touch("one")
        agent.is_up()
        for seconds in (3600, -3600, 0):
            before = agent.status()
            step_by(step, seconds)
            until("ten more attempts", lambda b=before: agent.status()
                  ["probes"][0]["attempts"] >= b["probes"][0]["attempts"] + 10)
            now = agent.status()
            assert now["state"] == "up" and now["groups"][0]["announced"]
            assert now["since_ms"] >= before["since_ms"], now
            assert now["probes"][0]["age_ms"] < 1000, now
        agent.ok("disable")
        agent.ok("resume")
        step_by(step, 3600)
        agent.ok("disable")
        # it did see another time
        first, last = agent.entries("order", 3)[1:]
        assert last["time"][:13] != first["time"][:13], (first, last)
        assert last["boot_ms"] - first["boot_ms"] < 60000
        assert agent.moves() == ["announce", "withdraw"] * 2


# --- two of them

def a_drain_waits_for_the_other_node():
    settings = {"peers": "yes"}
    group = "hold-down = 0\ndrain-wait = 100ms\n"
    with Agent(BUILD, settings=settings, group=group) as one, \
            Agent(BUILD, node="ams1", settings=settings, group=group) as other:
        one.touch("one")
        one.is_up()
        until("they know each other", lambda: one.ok("nodes")["peers"][0]
              ["state"] == "down")
        one.ok("drain")
        until("it drains", lambda: one.state() == "draining")
        assert one.announced()
        other.touch("one")
        other.is_up()
        until("it is drained", lambda: one.status()["drained"])
        until("the other knows", lambda: other.ok("nodes")["peers"][0]["state"]
              == "draining")
        assert re.search(r"^node fra1 draining \d+$", other.node_state(),
                         re.M), other.node_state()
        begun = time.monotonic()
        one.kill()
        until("it is unknown", lambda: other.ok("nodes")["peers"][0]["state"]
              == "unknown")
        # 3 s after its last word, which was in the second before
        assert 1.5 < time.monotonic() - begun < 10
        until("and no longer told of", lambda: "fra1" not in other.node_state())
        assert other.state() == "up"


def a_flood_of_datagrams_stops_nothing():
    settings = {"peers": "yes", "metrics": "127.0.0.1:9104"}
    with Agent(BUILD, settings=settings) as agent:
        agent.touch("one")
        agent.is_up()
        worker = agent.worker()
        flood = os.fork()
        if flood == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("127.0.53.12", 0))
            s.connect(("127.0.53.11", 7053))
            while True:
                for size in (0, 1, 100, 512, 513, 9000):
                    try:
                        s.send(os.urandom(size))
                    except OSError:
                        pass
        try:
            until("it is heard", lambda: counted("malformed") > 10000)
            begun = time.monotonic()
            agent.forget("one")
            until("it is withdrawn", lambda: "withdraw" in agent.moves())
            print(f"   withdrawn after {(time.monotonic() - begun) * 1000:.0f}"
                  " ms in the flood")
        finally:
            os.kill(flood, signal.SIGKILL)
            os.waitpid(flood, 0)
        assert agent.worker() == worker
        agent.touch("one")
        agent.is_up()


def counted(what):
    """Datagrams of this kind, as the metrics say."""
    with urllib.request.urlopen("http://127.0.0.1:9104/metrics") as page:
        return int(re.search(
            rf'^anycast_health_datagrams_total{{what="{what}"}} (\d+)$',
            page.read().decode(), re.M)[1])


def main():
    namespace()
    tests = [
        nothing_is_announced_before_all_is_good,
        a_drain_waits_and_is_taken_back,
        orders_outlive_a_restart,
        log_nodes_and_unknown_commands_are_answered,
        the_socket_is_for_root_and_its_own_group,
        metrics_are_served,
        a_hook_is_run_at_each_change,
        a_reload_makes_no_flap,
        what_the_guardian_must_know_restarts_it_in_place,
        a_restart_in_place_keeps_its_pid_and_state,
        a_killed_worker_is_replaced,
        a_frozen_worker_is_replaced,
        who_dies_again_and_again_is_damped,
        a_new_agent_goes_on_from_what_is_remembered,
        without_descriptors_it_is_down_and_comes_back,
        without_memory_it_goes_on,
        who_reads_no_log_stops_nothing,
        a_thousand_connections_stop_nothing,
        a_stepped_clock_moves_nothing,
        a_drain_waits_for_the_other_node,
        a_flood_of_datagrams_stops_nothing,
        a_full_disk_costs_lines_and_nothing_else,   # last: these move namespace
        a_disk_that_hangs_stops_nothing,
    ]
    for test in tests:
        if len(sys.argv) > 2 and test.__name__ not in sys.argv[2:]:
            continue
        print(f"{test.__name__.replace('_', ' ')}", flush=True)
        test()
        print(f"ok: {test.__name__.replace('_', ' ')}", flush=True)


main()
