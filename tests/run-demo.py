#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""./run: every line it prints works as printed, and it leaves nothing behind.

usage: run-demo.py BUILD
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from node import SOURCE, namespace, skip
from phone import Phone

READY = 60      # seconds; it does not build here
STOPPED = 60


class Run:
    """One ./run with a state folder of its own, its output collected."""

    def __init__(self, build, *more, folder=None):
        self.dir = folder or Path(tempfile.mkdtemp(prefix="anycast-run."))
        self.out = self.dir.with_name(self.dir.name + ".out")
        with open(self.out, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [SOURCE / "run", "--no-setup", "--build", build, "--dir",
                 self.dir, *more], cwd=SOURCE, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True)

    def text(self):
        return self.out.read_text(encoding="utf-8")

    def ready(self):
        wait_for(lambda: "\nready: " in self.text() and "Count:" in self.text()
                 or self.process.poll() is not None, READY, "ready:")
        assert self.process.poll() is None, self.text()
        return self

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.ended()

    def ended(self):
        try:
            return self.process.wait(STOPPED)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end:\n{self.text()}") from None

    def kamailio(self):
        """Pids of its Kamailio, main process first."""
        return sorted(processes_of(self.dir, "kamailio"))

    def nothing_left(self):
        wait_for(lambda: not processes_of(self.dir), STOPPED, "no process left")
        assert not (self.dir / "run").exists(), "its run/ is still there"
        assert listeners() == [], listeners()
        left = sorted(path.name for path in self.dir.iterdir())
        assert left == [".sip-anycast-run", "invite.sip", "lock", "log",
                        "phone-alice",
                        "phone-bob", "secret", "site.conf", "users"], left

    def remove(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
        self.out.unlink(missing_ok=True)


def wait_for(what, seconds, name):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"{name}: not within {seconds} s"
        time.sleep(0.05)


def processes_of(folder, *names):
    """Living processes of a node that were started with this folder."""
    names = names or ("kamailio", "rtp-pinner", "rtp-pinner-hold", "bird",
                      "anycast-health", "python3", "knotd")
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.path.basename(line[0]).decode() in names and \
                str(folder).encode() in b" ".join(line):
            found.append(int(entry.name))
    return found


def listeners():
    out = subprocess.run(["ss", "-Hlntu"], check=True, capture_output=True,
                         text=True).stdout
    return [line for line in out.splitlines() if line]


def shell(command, status=0):
    """What a user gets who types this line."""
    done = subprocess.run(["bash", "-c", command], cwd=SOURCE, check=False,
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == status, \
        f"{command}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def printed(run):
    """The lines to try, in their order."""
    return [line[2:] for line in run.text().splitlines()
            if line.startswith("  ")]


# --- the stories -------------------------------------------------------------

def every_printed_line_works(build):
    run = Run(build).ready()
    try:
        lines = printed(run)
        options, invite, web, follow, naptr, srv, address, drain, status, \
            why, resume, kill, log, bob, alice, calls, count = lines
        assert "SIP/2.0 200" in shell(options)
        for _ in range(3):
            # 1: sipsak's word for a final answer that is not a success
            moved = shell(invite, 1)
            assert "SIP/2.0 302" in moved, moved
            assert "Contact: <sip:bob@127.0.53.11:5060>" in moved, moved
        answer = shell(web)
        assert "302" in answer.splitlines()[0], answer
        assert "127.0.53.11:8080/hello" in answer, answer
        assert "sip-anycast node fra1: up" in shell(follow)
        dns_leads_to_the_service(naptr, srv, address)
        it_drains_and_resumes(run, drain, status, why, resume, invite)
        kamailio_is_killed(run, kill, log, options)
        assert re.search(r"action_redirect = [1-9]", shell(count))
        two_phones_talk(run, calls, bob, alice)
    finally:
        run.remove()


def dns_leads_to_the_service(naptr, srv, address):
    said = shell(naptr)
    assert '"SIP+D2U" "" _sip._udp.sip.example.net.' in said, said
    assert '"fra1"' in said, said
    assert shell(srv) == "0 0 5060 sip.example.net.\n", shell(srv)
    assert shell(address) == "127.0.53.53\n", shell(address)


ROUTE = "192.0.2.53/32 from 127.0.53.11, MED 100"
DRAINING = "192.0.2.53/32 from 127.0.53.11, MED 4294967295, community 65535:0"
GONE = "192.0.2.53/32 is gone"


def routes(run):
    """What it said of the route, since it was ready."""
    return re.findall(r"^route: (.*)$", run.text(), re.M)


def it_drains_and_resumes(run, drain, status, why, resume, invite):
    assert f"the router has {ROUTE}\n" in run.text(), run.text()
    shell(drain)
    wait_for(lambda: routes(run) == [DRAINING, GONE], 20,
             "the router is told that the node drains, then nothing")
    assert "draining" in shell(status)
    assert "drain" in shell(why)
    # nobody else is there to take a call
    assert "sip:bob@127.0.53.11" in shell(invite, 1)
    shell(resume)
    wait_for(lambda: routes(run) == [DRAINING, GONE, ROUTE], 20, "it resumes")
    assert "up" in shell(status)


def kamailio_is_killed(run, kill, log, options):
    """Without orphans it is started again, and the route goes and comes."""
    before, known = run.kamailio(), len(routes(run))
    shell(kill)
    wait_for(lambda: routes(run)[known:] == [GONE, ROUTE],
             30, "the route goes and comes")
    assert "kamailio was killed by signal 9 (KILL); started again\n" \
        in run.text(), run.text()
    assert not set(before) & set(run.kamailio())
    assert "SIP/2.0 200" in shell(options)
    assert "kamailio" in shell(log)


def a_restart_rings_nobody(build):
    """Kamailio is found ready again whether bob has a phone or not."""
    run = Run(build).ready()
    try:
        ready = "kamailio: redirects SIP on "
        bob = Phone("127.0.0.1", "bob", "sip.example.net")
        os.kill(run.kamailio()[0], signal.SIGKILL)
        wait_for(lambda: "; started again\n" in run.text(), 10,
                 "it is started again")
        wait_for(lambda: answers("127.0.53.11"), 10, "Kamailio answers")
        bob.register(("127.0.53.11", 5060), "builder")
        assert run.text().count(ready) == 1, run.text()
        wait_for(lambda: run.text().count(ready) == 2
                 or run.process.poll() is not None, 40, "ready again")
        assert run.process.poll() is None, run.text()
        bob.expect_nothing()
    finally:
        run.remove()


def answers(address):
    return subprocess.run(
        ["sipsak", "-H", "127.0.0.1", "-s", f"sip:{address}"], check=False,
        capture_output=True, timeout=60).returncode == 0


def relayed(calls):
    """Packets of the one call there is, and its name."""
    rows = re.findall(r"^ +\d+ +(\d+) +\d+ +\S+  (\S+)$", shell(calls), re.M)
    return (int(rows[0][0]), rows[0][1]) if len(rows) == 1 else (0, "")


def two_phones_talk(run, calls, *lines):
    phones = []
    try:
        for number, line in enumerate(lines):
            log = run.dir / "log" / f"phone{number}"
            with open(log, "w", encoding="utf-8") as out:
                phones.append((subprocess.Popen(
                    ["bash", "-c", f"exec {line}"], cwd=SOURCE, stdout=out,
                    stdin=subprocess.PIPE, stderr=subprocess.STDOUT), log))
            if number == 0:
                wait_for(lambda: "registered successfully" in said(log), 15,
                         "bob registers")
        for _, log in phones:
            wait_for(lambda: "incoming rtp for 'audio' established"
                     in said(log), 15, f"audio arrives ({log.name})")
        wait_for(lambda: relayed(calls)[0] >= 100, 15,
                 "the node relays their packets")
        one = shell(calls.replace(" calls", f" call {relayed(calls)[1]}"))
        heard = re.findall(r"media  our 127\.0\.53\.11:\d+, theirs \S+ "
                           r"\(latched; ", one)
        assert len(heard) == 2, one
        the_pinner_is_killed_under_it(run, calls)
    except AssertionError as error:
        raise AssertionError("\n".join(
            [str(error)] + [said(log) for _, log in phones])) from None
    finally:
        for phone, _ in phones:
            phone.terminate()
            try:
                phone.wait(10)
            except subprocess.TimeoutExpired:
                phone.kill()
                phone.wait()


def the_pinner_is_killed_under_it(run, calls):
    """Its parent starts it again, and the packets go on."""
    before, name = relayed(calls)
    pids = processes_of(run.dir, "rtp-pinner")
    assert len(pids) == 1, pids
    os.kill(pids[0], signal.SIGKILL)
    wait_for(lambda: relayed(calls)[0] >= before + 100, 15,
             "a killed pinner goes on with its call")
    assert relayed(calls)[1] == name
    assert processes_of(run.dir, "rtp-pinner") not in ([], pids)


def said(log):
    return log.read_text(encoding="utf-8", errors="replace")


def it_stops_and_starts_again(build):
    folder = Path(tempfile.mkdtemp(prefix="anycast-run."))
    for how in (signal.SIGINT, signal.SIGTERM):
        run = Run(build, folder=folder).ready()
        status = run.stop(how)
        assert status == 0, f"exit status {status}\n{run.text()}"
        run.nothing_left()
        # a signal while it starts leaves as little
        run = Run(build, folder=folder)
        wait_for(lambda: processes_of(folder), READY, "Kamailio starts")
        status = run.stop(how)
        assert status == 0, f"exit status {status}\n{run.text()}"
        run.nothing_left()
    run.remove()


def a_part_that_dies_again_and_again_is_given_up(build):
    run = Run(build).ready()
    try:
        # five deaths in a minute; a slow machine needs some more
        for number in range(15):
            # its pid is known as soon as it is there, ready or not
            wait_for(lambda: run.process.poll() is not None
                     or run.text().count("; started again\n") == number
                     and len(run.kamailio()) > 5, READY, "it is started again")
            pids = run.kamailio()
            if run.process.poll() is not None or not pids:
                break
            os.kill(pids[0], signal.SIGKILL)
        status = run.ended()
        assert status == 1, status
        assert "kamailio was killed by signal 9 (KILL); stopping" \
            in run.text(), run.text()
        run.nothing_left()
    finally:
        run.remove()


def the_tour_shows_a_route_come_and_go(build):
    run = Run(build, "--tour")
    try:
        wait_for(lambda: run.process.poll() is not None, 90, "the tour ends")
        assert run.process.returncode == 0, run.text()
        assert routes(run) == [DRAINING, GONE, ROUTE, GONE, ROUTE], run.text()
        said_of_it = re.findall(r"^tour: (\S+)", run.text(), re.M)
        assert len(said_of_it) == 4, run.text()
        run.nothing_left()
    finally:
        run.remove()


def its_own_death_ends_kamailio(build):
    run = Run(build).ready()
    try:
        run.stop(signal.SIGKILL)
        wait_for(lambda: not processes_of(run.dir), STOPPED, "no process left")
        assert listeners() == [], listeners()
        # and the next start finds nothing in its way
        again = Run(build, folder=run.dir).ready()
        again.stop()
        again.nothing_left()
    finally:
        run.remove()


def a_taken_port_is_named_with_its_holder(build):
    for kind, name, address, port in (
            (socket.SOCK_DGRAM, "udp", "127.0.53.53", 5060),
            (socket.SOCK_STREAM, "tcp", "0.0.0.0", 8080)):
        with socket.socket(socket.AF_INET, kind) as holder:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind((address, port))
            if kind == socket.SOCK_STREAM:
                holder.listen()
            run = Run(build)
            status = run.ended()
            said_all = run.text()
            run.remove()
            assert status == 1, f"{status}\n{said_all}"
            assert f"{name} port {port} of 127.0.53.53 is taken" in said_all, \
                said_all
            assert re.search(rf"by python\S* \(process {os.getpid()}\)",
                             said_all), said_all


def dns_gives_way_to_another_server(build):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("0.0.0.0", 53))
        run = Run(build, "--dns-port", "53")
        status, said_all = run.ended(), run.text()
        run.remove()
        assert status == 1, said_all
        assert "udp port 53 of 127.0.53.11 is taken: 0.0.0.0:53 by python" \
            in said_all, said_all
        run = Run(build).ready()
        try:
            assert "dns: none, udp port 53 of 127.0.53.11 is taken: 0.0.0.0:53" \
                in run.text(), run.text()
            assert "kdig" not in run.text(), run.text()
            assert "127.0.53.11:8080" in shell(printed(run)[2])
        finally:
            run.remove()


def a_folder_serves_one_run(build):
    first = Run(build).ready()
    try:
        second = subprocess.run(
            [SOURCE / "run", "--no-setup", "--build", build, "--dir",
             first.dir], check=False, capture_output=True, text=True)
        assert second.returncode == 1, second.stderr
        assert f"(process {first.process.pid})" in second.stderr, second.stderr
        assert first.process.poll() is None
        assert "SIP/2.0 200" in shell(printed(first)[0])
    finally:
        first.remove()


def two_runs_live_side_by_side(build):
    first = Run(build).ready()
    second = Run(build, "--service", "127.0.54.53", "--node", "127.0.54.11",
                 "--port", "5070", "--http-port", "8090",
                 "--ng-port", "2224", "--dns-port", "5353")
    try:
        second.ready()
        for run in (first, second):
            lines = printed(run)
            assert "SIP/2.0 200" in shell(lines[0])
            assert "SIP/2.0 302" in shell(lines[1], 1)
            assert "302" in shell(lines[2]).splitlines()[0]
            assert "node fra1" in shell(lines[3])
            assert '"fra1"' in shell(lines[4])
    finally:
        first.remove()
        second.remove()


def a_part_that_cannot_start_is_shown(build):
    with tempfile.TemporaryDirectory(prefix="anycast-broken.") as broken:
        os.makedirs(f"{broken}/bin")
        os.makedirs(f"{broken}/lib")
        for program in ("anycastctl", "rtp-pinner", "rtp-pinner-hold",
                        "anycast-health"):
            shutil.copy(f"{build}/bin/{program}", f"{broken}/bin")
        Path(f"{broken}/lib/anycast.so").write_text("not a module")
        run = Run(broken)
        status = run.ended()
        try:
            assert status == 1, status
            assert "kamailio ended with exit status" in run.text(), run.text()
            assert "anycast.so" in run.text(), run.text()
            run.nothing_left()
        finally:
            run.remove()


def a_folder_of_others_is_left_alone(build):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "run"))
        kept = os.path.join(folder, "run", "kept")
        with open(kept, "w", encoding="ascii") as f:
            f.write("mine\n")
        done = subprocess.run(
            [SOURCE / "run", "--dir", folder, "--no-setup",
             "--build", build], capture_output=True, text=True, check=False,
            timeout=30)
        assert done.returncode == 1, done
        assert "was not made by ./run" in done.stderr, done.stderr
        assert os.listdir(folder) == ["run"] and os.path.exists(kept)


def wrong_calls_are_explained(build):
    for words, what in ((["--dri", "x"], "--dri is not an option"),
                        (["--port"], "--port needs a value"),
                        (["--port", "70000"], "not a port"),
                        (["--service", "192.0.2.1"], "not a loopback"),
                        (["--service", "127.0.53.11"], "same address"),
                        (["--http-port", "5060"], "same port"),
                        (["--dns-port", "5060"], "same port"),
                        (["--ng-port", "17000"], "are for media")):
        done = subprocess.run([SOURCE / "run", *words], check=False,
                              capture_output=True, text=True)
        assert done.returncode == 64, (words, done)
        assert what in done.stderr, (words, done.stderr)
    done = subprocess.run([SOURCE / "run", "--help"], check=True,
                          capture_output=True, text=True)
    assert "--http-port N" in done.stdout, done.stdout
    assert build


TESTS = [
    a_folder_of_others_is_left_alone,
    wrong_calls_are_explained,
    every_printed_line_works,
    a_restart_rings_nobody,
    it_stops_and_starts_again,
    a_part_that_dies_again_and_again_is_given_up,
    the_tour_shows_a_route_come_and_go,
    its_own_death_ends_kamailio,
    a_taken_port_is_named_with_its_holder,
    dns_gives_way_to_another_server,
    a_folder_serves_one_run,
    two_runs_live_side_by_side,
    a_part_that_cannot_start_is_shown,
]


def main():
    build = str(Path(sys.argv[1]).resolve())
    for program in ("sipsak", "curl", "baresip", "ss", "knotd", "kdig"):
        if not shutil.which(program):
            skip(f"{program} is not installed (scripts/setup run)")
    namespace()
    for test in TESTS:
        name = test.__name__.replace("_", " ")
        try:
            test(build)
        except AssertionError as error:
            print(f"not ok: {name}\n{error}", file=sys.stderr)
            sys.exit(1)
        print(f"ok: {name}", flush=True)


main()
