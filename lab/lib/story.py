# SPDX-License-Identifier: GPL-2.0-or-later
"""story.py - what every story has: its options, its runs, its summary

    usage: ./lab/STORY [OPTION]...

      --build DIR      the programs to use (default: build/release)
      --times N        run it N times, report the median (default: 1)
      --agents WHICH   ours (default), theirs (ExaBGP's own healthcheck, where
                       the story can be told of it), or both
      --router NAME    bird, frr or gobgp (default: the story's own)
      --full           longer and heavier, where the story knows that
      --results DIR    where STORY.json goes (default: build/lab/once)
      --logs           show the logs of all parts at the end
      --shell          a shell in the lab when the story has ended
      --help

A story is a file that calls tell(story).  Each run has a world of its own
(spaces.enter()), and is over when that is.
"""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from . import spaces
from .topology import DRAWING

TOP = Path(__file__).resolve().parents[2]
FIGURES = {"gone": "route gone", "added": "route there",
           "elsewhere": "first client answered elsewhere",
           "right": "right again", "unanswered": "calls unanswered",
           "lost": "calls lost", "voice": "voice packets lost"}
COUNTS = ("unanswered", "lost", "voice")


def options(name, router):
    parser = argparse.ArgumentParser(prog=f"./lab/{name}", add_help=False)
    parser.add_argument("--build", default=str(TOP / "build/release"))
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--agents", default="ours",
                        choices=("ours", "theirs", "both"))
    parser.add_argument("--router", default=router,
                        choices=("bird", "frr", "gobgp"))
    parser.add_argument("--results", default=str(TOP / "build/lab/once"))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--logs", action="store_true")
    parser.add_argument("--shell", action="store_true")
    parser.add_argument("--help", action="store_true")
    return parser.parse_args()


def tell(story, *, baseline=False, router="bird", needs=()):
    """Run the story as the command line says; does not return.  baseline: it
    can be told of ExaBGP's healthcheck as well; router: that of the story;
    needs: programs."""
    module = sys.modules["__main__"]
    name, title = Path(module.__file__).name, module.__doc__.strip()
    told = options(name, router)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if told.help:
        print(title + "\n\n" + __doc__.split("\n\n", 1)[1])
        sys.exit(0)
    needed(told, needs)
    print(title, DRAWING, sep="\n\n", end="\n\n", flush=True)
    rows, status = [], 0
    agents = [agent for agent, word in
              (("anycast-health", "ours"), ("healthcheck", "theirs"))
              if told.agents in (word, "both")
              and (word == "ours" or baseline)]
    for agent in agents:
        for number in range(told.times):
            if len(agents) * told.times > 1:
                print(f"-- {agent}, run {number + 1} of {told.times}")
            sys.stdout.flush()
            code, kept = one_run(story, told, agent)
            rows += kept
            status = status or code
            if code:
                break
    summary = summarize(rows)
    if rows and not status:
        file = name if told.router == router else f"{name}.{told.router}"
        keep(Path(told.results, f"{file}.json"), name, title, summary)
    for line in summary_lines(summary):
        print(f"{name}: {line}")
    print(f"{name}: " + {0: "ok", spaces.SKIP: "skipped"}.get(status, "FAILED"))
    sys.exit(status)


def needed(told, programs):
    for program in ("bin/anycastctl", "bin/rtp-pinner", "bin/anycast-health",
                     "lib/anycast.so"):
        if not Path(told.build, program).exists():
            spaces.skip(f"{told.build}/{program} is not built")
    for program in ("exabgp", "bird", "kamailio", "sipsak", "ip", "nsenter",
                    *programs):
        found = subprocess.run(
            ["sh", "-c", 'PATH=$PATH:/usr/sbin:/usr/lib/frr command -v "$0"',
             program], capture_output=True, check=False)
        if found.returncode:
            spaces.skip(f"{program} is not installed (scripts/setup)")


def one_run(story, told, agent):
    """(exit status, rows) of a run in a world of its own."""
    with tempfile.TemporaryFile("w+") as kept:
        child = os.fork()
        if not child:
            status = 1
            spaces.die_with_parent()
            try:
                status = in_a_world(story, told, agent, kept)
            except KeyboardInterrupt:
                print("interrupted", flush=True)
            except BaseException:       # pylint: disable=broad-except
                traceback.print_exc()
            os._exit(status)
        try:
            _, status = os.waitpid(child, 0)
        except KeyboardInterrupt:
            _, status = os.waitpid(child, 0)
        kept.seek(0)
        text = kept.read()
        return os.waitstatus_to_exitcode(status), json.loads(text or "[]")


def in_a_world(story, told, agent, kept):
    spaces.enter()
    # pylint: disable=import-outside-toplevel
    from .world import Finished, Lab
    lab, status = Lab(told.build, agent, told.router), 0
    lab.full = told.full
    try:
        story(lab)
    except Finished:
        pass
    except AssertionError as error:
        lab.say(f"FAILED: {error}")
        status = 1
    finally:
        if told.shell:
            subprocess.run([os.environ.get("SHELL", "bash")], check=False)
        lab.leave()
    if status or told.logs:
        print("\n".join(lab.logs()), flush=True)
    json.dump(lab.rows, kept)
    kept.flush()
    return status


# --- what is left of it

def summarize(rows):
    """One row per cause, agent and router: the median of each figure."""
    merged = {}
    for row in rows:
        key = row["step"], row["agent"], row["router"]
        merged.setdefault(key, []).append(row)
    return [median(group) for group in merged.values()]


def median(group):
    out = dict(group[0], runs=len(group))
    for key, value in list(out.items()):
        values = [row.get(key) for row in group]
        if key in FIGURES:
            # "never" is later than any time
            ordered = sorted(float("inf") if v is None else v for v in values)
            middle = statistics.median_high(ordered)
            out[key] = None if middle == float("inf") else round(middle, 1)
            out[f"{key}_all"] = [v if v is None else round(v, 1)
                                 for v in values]
        elif isinstance(value, bool):
            out[key] = all(values)
    return out


def figure(key, row):
    value, target = row[key], row.get(f"{key}_target")
    text = "never" if value is None else \
        f"{value:g}" if key in COUNTS else f"{value:g} ms"
    if target is not None and row["agent"] == "anycast-health":
        met = value is not None and value <= target
        text += f" (target {target:g} ms" + (")" if met else ", MISSED)")
    return f"{FIGURES[key]} {text}"


def summary_lines(rows):
    for row in rows:
        found = [figure(key, row) for key in FIGURES if key in row]
        if found:
            yield f"{row['agent']}: {row['cause']}: {', '.join(found)}"


def keep(path, name, title, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"story": name, "title": title.splitlines()[0],
                       "rows": rows}, indent=1)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(text + "\n")
    new.rename(path)
