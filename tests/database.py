# SPDX-License-Identifier: GPL-2.0-or-later
"""database.py - a PostgreSQL of a test: its own folder, a socket, no port

One server for all nodes, with a database for each.
"""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import waiting
from node import SOURCE, skip

OWNER = "postgres"
USER = "sip-anycast"     # Kamailio's, as in location.sql


def programs():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        skip("PostgreSQL is not installed (scripts/setup test)")
    return found[-1].parent


class Database:
    def __init__(self, *names):
        self.bin, self.names = programs(), names
        self.dir = Path(tempfile.mkdtemp(prefix="anycast-pg."))
        user = pwd.getpwnam(OWNER)
        os.chown(self.dir, user.pw_uid, user.pw_gid)
        self.dir.chmod(0o755)
        self.process = None
        self._run("initdb", "-D", self.dir / "data", "-A", "trust", "-N",
                  "--no-instructions", "-U", OWNER)
        self.start()
        self._run("createuser", "-h", self.dir, USER)
        for name in names:
            self._run("createdb", "-h", self.dir, "-O", USER, name)
            # by its text: the tree may lie where only root can read
            self._run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.dir,
                      "-U", USER, name, text=(
                          SOURCE / "configs/postgres/location.sql").read_text())

    def _words(self, program, *words):
        return ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}",
                "--init-groups", str(self.bin / program),
                *[str(word) for word in words]]

    def _run(self, *words, text=""):
        """text: what it reads."""
        return subprocess.run(self._words(*words), check=True, cwd="/",
                              input=text, capture_output=True,
                              text=True).stdout

    def start(self):
        with open(self.dir / "log", "a", encoding="ascii") as log:
            self.process = subprocess.Popen(
                self._words("postgres", "-D", self.dir / "data", "-k",
                            self.dir, "-h", ""), cwd="/", stdout=log,
                stderr=log, start_new_session=True)
        waiting.until("PostgreSQL answers", self._answers)

    def _answers(self):
        try:
            return self.sql("postgres", "SELECT 1")
        except subprocess.CalledProcessError:
            return ""

    def sql(self, name, text):
        return self._run("psql", "-q", "-At", "-h", self.dir, "-c", text, name)

    def users(self, name):
        """Who is registered, as its rows say."""
        return self.sql(name, "SELECT username FROM location "
                        "ORDER BY username").split()

    def stop(self):
        """At once, as a crash would: its own log brings it back."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGCONT)
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None

    def freeze(self, still=True):
        """Every one of its processes: a disk that hangs."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP if still else signal.SIGCONT)

    def _pids(self):
        # its backends are in process groups of their own
        out = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], check=True,
                             capture_output=True, text=True).stdout
        pairs = [line.split() for line in out.splitlines()]
        main = str(self.process.pid)
        return [int(pid) for pid, parent in pairs if main in (pid, parent)]

    def remove(self):
        if self.process:
            self.freeze(False)
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
