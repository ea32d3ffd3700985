# SPDX-License-Identifier: GPL-2.0-or-later
"""pace.py - as many cases at a time as the machine has room for

Phones send again what is not answered within T1 = 50 ms.  Too many of them on a
machine that has other things to do are more and more messages for fewer and fewer
answers, until timers of seconds expire that no route change had to do with.  So
fewer run beside each other while a REGISTER takes long, as TCP does on a full line.
"""
import threading

SLOW = 1.0      # seconds a REGISTER with its challenge may take
FIRST, LEAST = 8, 4


class Pace:
    def __init__(self, most):
        self.most, self.room, self.running = most, float(min(FIRST, most)), 0
        self.lowest = self.room
        self.changed = threading.Condition()

    def __enter__(self):
        with self.changed:
            while self.running >= self.room:
                self.changed.wait()
            self.running += 1
        return self

    def __exit__(self, *_):
        with self.changed:
            self.running -= 1
            self.changed.notify_all()

    def heard(self, lag):
        """One case's REGISTER has taken so many seconds."""
        with self.changed:
            if lag > SLOW:
                self.room = max(min(LEAST, self.most), self.room * 0.9)
            else:
                self.room = min(self.most, self.room + 0.2)
            self.lowest = min(self.lowest, self.room)
            self.changed.notify_all()
