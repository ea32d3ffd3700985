# SPDX-License-Identifier: GPL-2.0-or-later
"""npm.py - packages of npm that a test needs, installed once per build"""
import fcntl
import subprocess
from pathlib import Path

import node


def need(build, names, folder="npm"):
    """The node_modules with the packages of that folder of the build; skips
    where they cannot be had."""
    place = Path(build, folder).resolve()
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done_file = place / "done"
        if not done_file.exists() or done_file.read_text() != names:
            why = _install(place, names.split())
            if why:
                node.skip(f"npm cannot install {names}: {why[-300:]}")
            done_file.write_text(names)
    return str(place / "node_modules")


def _install(place, names):
    """Why it could not."""
    try:
        done = subprocess.run(
            ["npm", "install", "--no-save", "--no-audit", "--no-fund",
             "--fetch-retries=1", "--fetch-timeout=20000",
             "--prefix", place, *names], capture_output=True,
            text=True, timeout=90, check=False, cwd=place)
    except FileNotFoundError:
        return "there is no npm"
    except subprocess.TimeoutExpired:
        return "no answer"
    return done.stderr if done.returncode else ""
