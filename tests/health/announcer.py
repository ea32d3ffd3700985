# SPDX-License-Identifier: GPL-2.0-or-later
"""announcer.py - a program for ExaBGP to run: it announces what it is told to"""
import os

PROGRAM = """#!/usr/bin/python3
import sys, threading
threading.Thread(target=lambda: [None for _ in sys.stdin], daemon=True).start()
while True:
    with open("{}") as commands:
        for line in commands:
            sys.stdout.write(line)
            sys.stdout.flush()
"""


def make(program, pipe):
    """The program, and the pipe that takes its lines."""
    os.mkfifo(pipe)
    program.write_text(PROGRAM.format(pipe))
    program.chmod(0o755)
