#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The alerts for Prometheus look at what there is: each metric of alerts.yml is
one the agent shows, with the labels and their values, or one of the pinner's
table in docs/operations.md.  With promtool its own check is made too.

usage: alerts.py BUILD
"""
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from node import SOURCE, namespace, skip

ALERTS = SOURCE / "configs/prometheus/alerts.yml"
LIMIT = 10
URL = "http://127.0.0.1:9104/metrics"
SITE = """[service]
domain = sip.example.net
address = 127.0.53.53
prefix = 192.0.2.53
secret = a-secret-of-the-tests-long-enough
[node fra1]
address = 127.0.53.11
local-as = 64511
neighbor = 127.0.53.1 as 64500
[node ams1]
address = 127.0.53.12
"""
AGENT = """[agent]
site = {0}/site.conf
node = fra1
node-state = {0}/node.state
state-dir = {0}
audit-log = {0}/audit.log
control = {0}/control.sock
metrics = 127.0.0.1:9104
output = dry-run
[probe always]
type = command
command = /bin/true
[group service]
hold-down = 0s
"""


def metrics_of(build):
    """What an agent shows when it has announced its prefix."""
    with tempfile.TemporaryDirectory(prefix="anycast-alerts.") as folder:
        Path(folder, "site.conf").write_text(SITE)
        Path(folder, "agent.conf").write_text(AGENT.format(folder))
        with subprocess.Popen(
                [build / "bin/anycast-health", "--config",
                 Path(folder, "agent.conf")], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as agent:
            try:
                return fetch(agent)
            finally:
                agent.terminate()


def fetch(agent):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        assert agent.poll() is None, "the agent has ended"
        try:
            with urllib.request.urlopen(URL, timeout=2) as reply:
                text = reply.read().decode()
            if 'proof="advertised"} ' in text:
                return text
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.02)    # between two looks
    raise AssertionError("the agent shows no route")


def selectors(text):
    """(metric, {label: value}) of each expression."""
    for name, labels in re.findall(
            r"\b((?:anycast_health|rtp_pinner)_\w+)(?:\{([^}]*)\})?", text):
        yield name, re.findall(r'(\w+)(=~|=|!=)"([^"]*)"', labels)


def check_selector(shown, name, labels):
    if name.startswith("rtp_pinner_"):
        table = (SOURCE / "docs/operations.md").read_text()
        known = f"`{name.removeprefix('rtp_pinner_')}"
        assert known in table, f"{name} is not in docs/operations.md"
        return
    assert f"# TYPE {name} " in shown, f"{name} is none of the agent's"
    for label, operator, value in labels:
        for one in value.split("|") if operator == "=~" else [value]:
            assert re.search(rf'^{name}{{[^}}]*{label}="{one}"', shown, re.M), \
                f'{name} has no {label}="{one}"'


def main():
    build = Path(sys.argv[1]).resolve()
    if not (build / "bin/anycast-health").exists():
        skip("there is no anycast-health")
    namespace()
    shown = metrics_of(build)
    found = list(selectors(ALERTS.read_text()))
    assert len(found) >= 15, "no metrics were found in the alerts"
    for name, labels in found:
        check_selector(shown, name, labels)
    print(f"ok: {len(found)} selectors of the alerts exist")
    if shutil.which("promtool"):
        subprocess.run(["promtool", "check", "rules", ALERTS], check=True)
        print("ok: promtool reads the alerts")
    else:
        print("# promtool is not installed: its check is left out")


main()
