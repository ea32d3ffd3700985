# SPDX-License-Identifier: GPL-2.0-or-later
"""supervisor.py - keeps the parts of a node running, as systemd would

Test machines run no systemd, so a thread does what the units say: each part is
a session of its own; when its main process ends, what is left of the part is
ended before it is started again (Restart=, RestartSec=); one that promised to
feed the watchdog (WatchdogSec=) and does not is killed, all of it.

What belongs to a part is told by a variable in its environment: a process that
leaves the group or loses its parent still has that, as it would its cgroup.
Descriptors that a part hands over (FDSTORE=1) it gets back when it is started
again (sd_listen_fds(3)).
"""
import fcntl
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

MARK = "LAB_UNIT"


def processes(mark, session=None):
    """Living processes with this mark or of this session, the eldest first."""
    found, wanted = [], f"{MARK}={mark}".encode()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            environ = Path("/proc", entry, "environ").read_bytes()
            stat = Path("/proc", entry, "stat").read_text(encoding="ascii")
        except OSError:
            continue
        state, _, *rest = stat.rpartition(")")[2].split()
        # what has a title of its own may have written it over its environment
        if (wanted in environ.split(b"\0") or int(rest[1]) == session) \
                and state not in "ZX":
            found.append((int(rest[17]), int(entry)))
    return [pid for _, pid in sorted(found)]


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Unit:
    """command: a list, or what returns one; ready: returns "" or what is
    lacking; restart, nice: as in systemd (no, on-failure, always); watchdog:
    seconds, None without one; before_stop, after_start: commands, as
    ExecStop= and ExecStartPost=; main_only: KillMode=mixed."""

    def __init__(self, name, command, *, ready=None, restart="no",
                 restart_sec=0.1, watchdog=None, before_stop=None,
                 after_start=None, main_only=False, stop_sec=4.0, nice=0,
                 env=None, cwd="/"):
        self.name, self.command, self.ready = name, command, ready
        self.restart, self.restart_sec = restart, restart_sec
        self.watchdog = watchdog
        self.before_stop, self.after_start = before_stop, after_start
        self.main_only, self.stop_sec = main_only, stop_sec
        self.nice = nice
        self.env, self.cwd = dict(env or {}), cwd
        self.process, self.pidfd = None, -1
        self.wanted = False     # to be running
        self.starts = 0
        self.watchdog_kills = 0
        self.start_at = None    # when it is started again
        self.kill_at = None     # when the rest of it is killed
        self.fed_at = None
        self.notices = None
        self.kept = []          # FDSTORE: (name, descriptor)
        self.ended = []         # how: exit status, negative a signal


class Supervisor(threading.Thread):
    """space: where its units run; its folder holds logs and sockets."""

    def __init__(self, space):
        super().__init__(name=f"supervisor {space.name}", daemon=True)
        self.space, self.units = space, {}
        self.lock = threading.RLock()
        self.wake, self.waker = os.pipe()
        self.leaving = False
        (space.dir / "log").mkdir()
        self.start()

    # --- what a story asks for

    def add(self, unit):
        with self.lock:
            self.units[unit.name] = unit
            unit.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            unit.notices.bind(str(self.space.dir / f"notify.{unit.name}"))
            unit.notices.setblocking(False)
        return unit

    def remove(self, name):
        self.stop(name)
        with self.lock:
            unit = self.units.pop(name)
            unit.notices.close()
            os.unlink(self.space.dir / f"notify.{name}")

    def up(self, *names):
        for name in names:
            with self.lock:
                unit = self.units[name]
                unit.wanted = True
                if not unit.process:
                    self._start(unit)
        os.write(self.waker, b".")

    def wait_ready(self, *names, seconds=30):
        for name in names:
            unit, end, lacking = self.units[name], time.monotonic() + seconds, ""
            while unit.ready and (lacking := unit.ready()):
                if time.monotonic() > end:
                    raise AssertionError(
                        f"{self.space.name}: {name} is not ready after "
                        f"{seconds} s: {lacking}\n{self.log_end(name)}")
                time.sleep(0.05)
            if unit.after_start:
                self.space.run(*unit.after_start, check=False)

    def stop(self, name):
        """ExecStop=, SIGTERM, and SIGKILL for what is left."""
        unit = self.units[name]
        with self.lock:
            unit.wanted, unit.start_at = False, None
        if not unit.process:
            return
        if unit.before_stop:
            self.space.run(*unit.before_stop, check=False)
        with self.lock:
            if unit.process:
                mine = [unit.process.pid] if unit.main_only \
                    else self.processes(name)
                signal_all(mine, signal.SIGTERM)
                signal_all(mine, signal.SIGCONT)
                unit.kill_at = time.monotonic() + unit.stop_sec
        os.write(self.waker, b".")
        end = time.monotonic() + unit.stop_sec + 5
        while unit.process or self.processes(name):
            assert time.monotonic() < end, f"{name} does not end"
            time.sleep(0.01)

    def everybody(self):
        return [pid for name in self.units for pid in self.processes(name)]

    def crash(self, pids):
        """The machine dies: kill -9 of everybody(), and of whom they start
        meanwhile; what was kept for them is gone."""
        with self.lock:
            signal_all(pids, signal.SIGKILL)
            for unit in self.units.values():
                unit.wanted, unit.start_at = False, None
            while left := self.everybody():
                signal_all(left, signal.SIGKILL)
                time.sleep(0.002)
            for unit in self.units.values():
                while unit.kept:
                    os.close(unit.kept.pop()[1])

    def hold(self, name):
        """Should it end: it stays so until up() is called."""
        with self.lock:
            self.units[name].wanted = False

    def pid(self, name):
        process = self.units[name].process
        return process.pid if process else None

    def processes(self, name):
        process = self.units[name].process
        return processes(f"{self.space.name}.{name}",
                         process.pid if process else None)

    def log(self, name):
        path = self.space.dir / "log" / name
        return path.read_text(errors="replace") if path.exists() else ""

    def log_end(self, name, lines=15):
        return f"-- {self.space.name}: {name}\n" + "\n".join(
            line[:200] for line in self.log(name).splitlines()[-lines:])

    def leave(self):
        """Everything is about to end: nothing is started again."""
        with self.lock:
            self.leaving = True
            for unit in self.units.values():
                unit.wanted = False

    # --- the thread

    def run(self):
        while not self.leaving:
            with self.lock:
                poller, due = self._prepare()
            wait = max(0.0, due - time.monotonic()) * 1000 + 1
            ready = {fd for fd, _ in poller.poll(min(wait, 1000))}
            if self.wake in ready:
                os.read(self.wake, 4096)
            with self.lock:
                for unit in self.units.values():
                    self._hear(unit)
                    if unit.pidfd in ready:
                        self._ended(unit)
                    self._time(unit, time.monotonic())

    def _prepare(self):
        poller, due = select.poll(), time.monotonic() + 1
        poller.register(self.wake, select.POLLIN)
        for unit in self.units.values():
            poller.register(unit.notices, select.POLLIN)
            if unit.pidfd >= 0:
                poller.register(unit.pidfd, select.POLLIN)
            for at in (unit.start_at, unit.kill_at, self._starved(unit)):
                if at is not None:
                    due = min(due, at)
        return poller, due

    @staticmethod
    def _starved(unit):
        if unit.watchdog and unit.process:
            return unit.fed_at + unit.watchdog
        return None

    @staticmethod
    def _hear(unit):
        while True:
            try:
                said, fds, _, _ = socket.recv_fds(unit.notices, 4096, 16)
            except BlockingIOError:
                return
            text = said.decode(errors="replace")
            lines = text.split("\n")
            if "WATCHDOG=1" in lines:
                unit.fed_at = time.monotonic()
            name = re.search(r"(?m)^FDNAME=(.*)$", text)
            if "FDSTOREREMOVE=1" in lines:
                for pair in [p for p in unit.kept if p[0] == name[1]]:
                    unit.kept.remove(pair)
                    os.close(pair[1])
            for fd in fds:
                if "FDSTORE=1" in lines:
                    # above all places they are handed over at
                    unit.kept.append((name[1] if name else "stored",
                                      fcntl.fcntl(fd, fcntl.F_DUPFD, 300)))
                os.close(fd)

    @staticmethod
    def _hand_over(unit, env, words):
        """The stored descriptors, at 3 and on."""
        if not unit.kept:
            return words
        env["LISTEN_FDS"] = str(len(unit.kept))
        env["LISTEN_FDNAMES"] = ":".join(name for name, _ in unit.kept)
        places = " ".join(f"{3 + at}<&{fd} {fd}<&-"
                          for at, (_, fd) in enumerate(unit.kept))
        return ["bash", "-c", f'exec {places}; export LISTEN_PID=$$; exec "$@"',
                "bash", *words]

    def _time(self, unit, now):
        starved = self._starved(unit)
        if starved is not None and now >= starved:
            # WatchdogSignal=SIGKILL, to the whole control group
            unit.watchdog_kills += 1
            unit.fed_at = now
            signal_all(self.processes(unit.name), signal.SIGKILL)
        if unit.kill_at is not None and now >= unit.kill_at:
            unit.kill_at = None
            signal_all(self.processes(unit.name), signal.SIGKILL)
        if unit.start_at is not None and now >= unit.start_at:
            if self.processes(unit.name):
                unit.start_at = now + 0.01      # the rest of it still ends
                return
            unit.start_at = None
            self._start(unit)

    def _start(self, unit):
        env = {**os.environ, **unit.env, "NOTIFY_SOCKET":
               str(self.space.dir / f"notify.{unit.name}"),
               MARK: f"{self.space.name}.{unit.name}"}
        if unit.watchdog:
            env["WATCHDOG_USEC"] = str(int(unit.watchdog * 1e6))
        command = unit.command() if callable(unit.command) else unit.command
        if unit.nice:
            command = ["nice", "-n", str(unit.nice), *command]
        with open(self.space.dir / "log" / unit.name, "ab") as log:
            unit.process = subprocess.Popen(
                self._hand_over(unit, env, self.space.words(*command)),
                cwd=unit.cwd, env=env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, pass_fds=[fd for _, fd in unit.kept],
                start_new_session=True)
        unit.pidfd = os.pidfd_open(unit.process.pid)
        unit.starts += 1
        unit.kill_at, unit.fed_at = None, time.monotonic()

    def _ended(self, unit):
        status = unit.process.wait()
        os.close(unit.pidfd)
        unit.process, unit.pidfd = None, -1
        unit.ended.append(status)
        left = self.processes(unit.name)
        now = time.monotonic()
        signal_all(left, signal.SIGTERM)
        signal_all(left, signal.SIGCONT)
        unit.kill_at = now + unit.stop_sec if left else None
        if unit.wanted and (unit.restart == "always" or
                            (unit.restart == "on-failure" and status)):
            unit.start_at = now + unit.restart_sec
