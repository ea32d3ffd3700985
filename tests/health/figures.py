#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures the health agent gives to Prometheus are those of docs/health.md.

usage: figures.py BUILD [--print]

--print: the table that docs/health.md carries
"""
import re
import sys
import urllib.request

from startup import SOURCE, Program, Running, namespace, until

PAGE = SOURCE / "docs/health.md"
# those of which no value is printed here: there is no ExaBGP
LABELS = {"anycast_health_session_up": ["neighbor", "family"]}
BEGIN = "<!-- tests/health/figures.py BUILD --print -->"
PORT = 9104
TEXT = """[agent]
output = dry-run
control = {dir}/control.sock
state-dir = {dir}
audit-log = {dir}/audit.log
node-state = {dir}/node.state
metrics = 127.0.0.1:9104
[group service]
hold-down = 0
[probe there]
type = command
command = /bin/true
"""


def fetch():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics",
                                    timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return None


def figures(text):
    """[(name, its labels, type, help)] in the order they are printed"""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    out = []
    for name, meaning in re.findall(r"^# HELP (\S+) (.*)$", text, re.M):
        labels = []
        for said in re.findall(rf"^{name}\{{(.*)\}} ", text, re.M):
            labels += [label for label in re.findall(r'(\w+)="', said)
                       if label not in labels]
        out.append((name, labels or LABELS.get(name, []), types[name], meaning))
    return out


def table(text):
    lines = ["| `anycast_health_`... | | |", "|---|---|---|"]
    for name, labels, kind, meaning in figures(text):
        name = name.removeprefix("anycast_health_")
        label = f"{{{','.join(labels)}}}" if labels else ""
        meaning = meaning.rstrip(".")
        lines.append(f"| `{name}{label}` | {kind} | {meaning} |")
    return "\n".join(lines) + "\n"


def every_figure_is_sound(text):
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) anycast_health_\w+ .+|"
                            r'anycast_health_\w+(\{(\w+="[^"\\]*",?)+\})? '
                            r"-?[\d.]+", line), line
    names = [name for name, *_ in figures(text)]
    assert len(names) == len(set(names)) > 40, names
    values = [line.rpartition(" ")[0] for line in text.splitlines()
              if not line.startswith("#")]
    assert len(values) == len(set(values)), "a figure is there twice"
    for name, _, kind, _ in figures(text):
        assert (kind == "counter") == name.endswith("_total"), f"{name} {kind}"


def the_documentation_has_each_of_them(text):
    found = re.search(f"{re.escape(BEGIN)}\n(.*?)<!-- end -->",
                      PAGE.read_text(), re.S)
    assert found, f"{PAGE}: no table below {BEGIN}"
    documented, wanted = (set(part.splitlines())
                          for part in (found[1], table(text)))
    assert documented == wanted, \
        "\n".join(sorted(documented ^ wanted)) + f"\ndiffer from {PAGE}"


def main():
    namespace()
    program = Program(sys.argv[1])
    with Running(program, TEXT) as agent:
        until("up", lambda: agent.states() == {"up"})
        text = until("figures", fetch)
    if "--print" in sys.argv:
        print(table(text), end="")
        return
    for test in (every_figure_is_sound, the_documentation_has_each_of_them):
        test(text)
        print(f"ok: {test.__name__.replace('_', ' ')}", flush=True)


main()
