# SPDX-License-Identifier: GPL-2.0-or-later
"""waiting.py - tests wait for what they want to see, not for time"""
import subprocess
import time


def until(what, condition, seconds=30, *, pause=0.02):
    """Its first result that is true; asked until then, pause seconds apart."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < end, f"in {seconds} s: not {what}"
        time.sleep(pause)   # between two looks


def ended(process, seconds=10):
    """Tells it to end, kills it if it does not: its exit status."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return process.returncode
