# SPDX-License-Identifier: GPL-2.0-or-later
"""flaps.py - the prefix flaps: the agent of fra1 withdraws, and announces again

By BGP, not by rules of the router.  Each flap waits until r1 has moved the routes
of both families, there and back, and says nothing of itself.
"""
import time

from .topology import PREFIXES

# what these stories need of the agent: nothing holds the routes back
AGENT = {"group": "hold-down = 100ms\npenalty = 0"}


class Flaps:
    def __init__(self, lab):
        self.lab, self.count, self.longest_ms = lab, 0, 0.0

    def flap(self, away=0.3, back=0.2):
        """Seconds it stays away, and there again."""
        lab = self.lab
        self._move("disable", lab.leads_elsewhere("fra1"))
        time.sleep(away)
        self._move("resume", lab.leads_to("fra1"))
        time.sleep(back)
        self.count += 1

    def _move(self, command, what):
        begin = time.monotonic_ns()
        self.lab.fra1.ask(command)
        for prefix in PREFIXES:
            at = self.lab.watch.wait(prefix, what, after_ns=begin)
            assert at, f"{command}: {prefix} leads to " \
                       f"{self.lab.watch.via(prefix)}"
            self.longest_ms = max(self.longest_ms, (at - begin) / 1e6)

    def __str__(self):
        return f"{self.count} flaps, each route moved within " \
               f"{self.longest_ms:.0f} ms"
