# SPDX-License-Identifier: GPL-2.0-or-later
"""nodebench.py - what the benches of whole nodes share: a build to measure, the
cores, whose time was spent, and tables

They run in namespaces of their own, on the nodes of tests/cluster.py.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
sys.path.insert(0, str(ROOT / "tests"))
# pylint: disable=wrong-import-position
from node import process_group  # noqa: E402

SERVER_CORE, LOAD_CORE = 0, 1


def build():
    return Path(os.environ.get("BENCH_BUILD", ROOT / "build/release"))


def kamailio_modules():
    for path in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
                 "/usr/lib64"):
        if Path(path, "kamailio/modules").exists():
            return Path(path, "kamailio/modules")
    found = sorted(Path("/usr/lib").glob("*/kamailio/modules"))
    assert found, "Kamailio's modules are not installed"
    return found[0]


def machine():
    """A line that says what else was going on."""
    one, five, _ = os.getloadavg()
    return (f"{os.cpu_count()} cores, load {one:.1f} (5 minutes: {five:.1f}) "
            "before it began")


def on_core(core, words):
    return ["taskset", "-c", str(core if os.cpu_count() > 1 else 0), *words]


def prefer(leader=None):
    """BENCH_NICE=-20 puts a process group (or ours) above other work: its
    session too, which the scheduler may weigh as a whole."""
    nice = os.environ.get("BENCH_NICE")
    if not nice:
        return
    os.setpriority(os.PRIO_PGRP, leader or 0, int(nice))
    try:
        Path("/proc", str(leader or "self"), "autogroup").write_text(nice)
    except OSError:
        pass


def processes_of(leader):
    """{pid: parent} of all processes in a process group."""
    return {pid: int(fields[1])
            for pid, fields in process_group(leader).items()}


def cpu_ns(pid):
    """Of all threads of a process, as the scheduler counted it."""
    total = 0
    for task in Path("/proc", str(pid)).glob("task/*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except OSError:
            continue
    return total


def group_cpu_ns(leader):
    return sum(cpu_ns(pid) for pid in processes_of(leader))


def roles(node):
    """{pid: what it does} of a Kamailio, by what it says itself."""
    text = node.rpc("core.psx")
    found = {}
    for pid, name in re.findall(r"PID: (\d+)\s+DSC: ([^\n]+)", text):
        name = re.sub(r"(child|index)=\d+ ?", "", name)
        name = re.sub(r"sock=(\S+).*", r"\1", name).strip()
        found[int(pid)] = name
    return found


def core_ticks():
    """Per core: (busy, all) in clock ticks."""
    found = []
    for line in Path("/proc/stat").read_text().splitlines():
        if re.match(r"cpu\d", line):
            ticks = [int(word) for word in line.split()[1:9]]
            found.append((sum(ticks) - ticks[3] - ticks[4], sum(ticks)))
    return found


def busy_percent(before, after):
    return [100 * (b[0] - a[0]) / max(1, b[1] - a[1])
            for a, b in zip(before, after)]


def udp_drops(space):
    """Datagrams that found their socket's buffer full, in a namespace."""
    lines = [line.split() for line in space.run("cat", "/proc/net/snmp")
             .splitlines() if line.startswith("Udp:")]
    counts = dict(zip(lines[0][1:], lines[1][1:]))
    return int(counts["RcvbufErrors"])


def table(heads, rows):
    widths = [max(len(str(row[i])) for row in [heads, *rows])
              for i in range(len(heads))]
    for row in [heads, *rows]:
        print("  ".join(str(word).ljust(width) if i == 0 else
                        str(word).rjust(width)
                        for i, (word, width) in enumerate(zip(row, widths))),
              flush=True)


def say(text=""):
    print(text, flush=True)


def quiet(words, **options):
    """A command whose failure shows what it has said."""
    done = subprocess.run([str(word) for word in words], capture_output=True,
                          text=True, check=False, **options)
    assert done.returncode == 0, \
        f"{words[0]}: exit status {done.returncode}\n{done.stdout[-2000:]}" \
        f"{done.stderr[-2000:]}"
    return done.stdout
