#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The call that ./run tells its user to make, watched and listened to.

The two phones are started as printed; they get a recorder beside what ./run
wrote for them.  Every RTP packet on the wire has to come from the node address
or go to it, and each phone has to hear the tone the other one plays.

usage: run-phones.py BUILD
"""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from node import SOURCE, namespace, skip
from sound import RATE, recorded, share

OWN, SERVICE, TONE = "127.0.53.11", "127.0.53.53", 400
SECONDS = 3
RTP_BYTES = 12 + 160        # 20 ms of G.711


def until(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"gave up waiting for: {what}"
        time.sleep(0.05)


class Run:
    def __init__(self, build):
        self.dir = Path(tempfile.mkdtemp(prefix="anycast-run."))
        self.out = self.dir.with_name(self.dir.name + ".out")
        with open(self.out, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [SOURCE / "run", "--no-setup", "--build", build, "--dir",
                 self.dir], cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True)
        until("./run is ready", lambda: self.process.poll() is not None
              or "Count:" in self.text(), 60)
        assert self.process.poll() is None, self.text()

    def text(self):
        return self.out.read_text(encoding="utf-8")

    def phones(self):
        """The printed commands: bob's, then alice's."""
        return re.findall(r"^  (baresip .*)$", self.text(), re.M)

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)
        self.out.unlink()


class Capture:
    def __init__(self, folder):
        self.file = folder / "lo.pcap"
        self.process = subprocess.Popen(
            ["tshark", "-q", "-p", "-i", "lo", "-f", "udp", "-w", self.file],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "Capturing on" in line:
                break
        until("the capture has begun", lambda: self.file.exists()
              and self.file.stat().st_size > 0)

    def flows(self):
        """(from, to) of all packets as long as RTP of these phones."""
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()
        out = subprocess.run(
            ["tshark", "-r", self.file, "-Y",
             f"udp.length == {RTP_BYTES + 8} && !sip && !icmp", "-T", "fields",
             "-e", "ip.src", "-e", "ip.dst"], check=True, capture_output=True,
            text=True).stdout
        return collections.Counter(tuple(line.split("\t"))
                                   for line in out.splitlines())


def start_phone(run, line, name):
    folder = run.dir / f"phone-{name}"
    with open(folder / "config", "a", encoding="utf-8") as config:
        config.write(f"module sndfile.so\nsnd_path {folder}\n")
    log = open(folder / "log", "w", encoding="utf-8")
    return folder, subprocess.Popen(
        ["bash", "-c", f"exec {line}"], cwd=SOURCE, stdin=subprocess.PIPE,
        stdout=log, stderr=subprocess.STDOUT)


def call(run):
    folders, phones = [], []
    try:
        for line, name in zip(run.phones(), ("bob", "alice")):
            folder, phone = start_phone(run, line, name)
            folders.append(folder)
            phones.append(phone)
            if name == "bob":
                until("bob registers", lambda: "registered successfully"
                      in (folders[0] / "log").read_text(errors="replace"))
        until("both hear", lambda: all(
            len(recorded(folder)) > RATE * SECONDS for folder in folders))
        for folder in folders:
            found = share(recorded(folder)[-RATE * 2:-RATE], TONE)
            print(f"# {folder.name} hears {TONE} Hz: {found:.3f} of the power")
            # a square wave: the rest is in its overtones
            assert found > 0.75, f"{folder.name} hears something else"
    except AssertionError as error:
        logs = "\n".join((f / "log").read_text(errors="replace")[-2000:]
                         for f in folders)
        raise AssertionError(f"{error}\n{logs}") from None
    finally:
        for phone in phones:
            phone.terminate()
            phone.wait(10)


def main():
    for program in ("baresip", "tshark"):
        if not shutil.which(program):
            skip(f"{program} is not installed (scripts/setup test)")
    if not os.path.exists("/usr/lib/baresip/modules/sndfile.so"):
        skip("baresip has no sndfile module where it is looked for")
    namespace()
    run, status = Run(sys.argv[1]), 0
    try:
        capture = Capture(run.dir)
        call(run)
        flows = capture.flows()
        print(f"# {dict(flows)}")
        assert sum(flows.values()) >= 4 * 50 * SECONDS * 0.9, "too few packets"
        beside = {f: n for f, n in flows.items() if OWN not in f}
        assert not beside, f"media beside the node: {beside}"
        assert not any(SERVICE in flow for flow in flows), "media on anycast"
        print("ok: the call of ./run is heard, by way of the node alone")
    except AssertionError as error:
        print(f"not ok: {error}", file=sys.stderr)
        status = 1
    finally:
        run.close()
    sys.exit(status)


main()
