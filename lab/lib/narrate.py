# SPDX-License-Identifier: GPL-2.0-or-later
"""narrate.py - a story told to people: chapters, what one sees, and what it was

Colours only where somebody looks; figures are kept for the summary.
"""
import sys
import textwrap
import time

WIDTH = 78
COLOURS = {"bold": "1", "dim": "2", "good": "32", "bad": "31", "head": "1;36"}


class Narrator:
    def __init__(self, out=sys.stdout):
        self.out, self.coloured = out, out.isatty()
        self.began = time.monotonic()
        self.chapters, self.figures = 0, []

    def _print(self, text="", colour=""):
        if colour and self.coloured:
            text = f"\033[{COLOURS[colour]}m{text}\033[0m"
        print(text, file=self.out, flush=True)

    def _wrapped(self, text, first, colour=""):
        for line in textwrap.wrap(" ".join(text.split()), WIDTH,
                                  initial_indent=first,
                                  subsequent_indent=" " * len(first),
                                  break_on_hyphens=False):
            self._print(line, colour)

    def chapter(self, title, text=""):
        self.chapters += 1
        self._print()
        at = f"{time.monotonic() - self.began:5.1f} s"
        line = f" {self.chapters}  {title} "
        self._print(line + "-" * (WIDTH - len(line) - len(at) - 1) + f" {at}",
                    "head")
        if text:
            self._wrapped(text, "    ")

    def see(self, text):
        """Something has come about as it should."""
        self._wrapped(text, "    + ", "good")

    def honestly(self, text):
        """Something is lost, or is less than one might wish."""
        self._wrapped(text, "    - ", "bad")

    def show(self, text):
        """As a program has written it."""
        for line in text.rstrip().splitlines():
            self._print(f"      | {line}", "dim")

    def keep(self, what, figure):
        self.figures.append((what, figure))

    def summary(self):
        self._print()
        self._print("-" * WIDTH, "head")
        room = max(len(what) for what, _ in self.figures)
        for what, figure in self.figures:
            self._print(f"    {what:<{room}}  {figure}", "bold")
        self._print()
        self._wrapped(f"All of it was measured in these "
                      f"{time.monotonic() - self.began:.0f} seconds, on this "
                      "machine, by what went over the wire.", "    ")
