# SPDX-License-Identifier: GPL-2.0-or-later
"""Play systemd for a shipped unit: read its settings, run its commands as it
says, by an ordinary user with the capabilities it leaves, over a copy of /etc in
a mount namespace.
"""
import ctypes
import fcntl
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from calls import OUTSIDE
from node import SOURCE, namespace, skip

NOBODY = 65534


class Unit:
    """The [Service] settings, and their commands as systemd would call them."""

    def __init__(self, path):
        self.path = path
        self.settings = []
        section = ""
        for line in path.read_text().splitlines():
            if line.startswith("["):
                section = line
            elif section == "[Service]" and "=" in line and line[0] != "#":
                self.settings.append(tuple(line.split("=", 1)))

    def all(self, key):
        return [value for name, value in self.settings if name == key]

    def environment(self, extra):
        env = {"PATH": "/usr/bin:/bin"}
        for line in self.all("Environment"):
            for word in shlex.split(line):
                name, value = word.split("=", 1)
                env[name] = value
        return {**env, **extra}

    def commands(self, key, env):
        """systemd.service(5), command lines: ${X} is one word or part of one,
        $X alone is split, $$ is a dollar sign."""
        for line in self.all(key):
            words = []
            for word in shlex.split(line):
                bare = re.fullmatch(r"\$(\w+)", word)
                if bare:
                    words += shlex.split(env.get(bare.group(1), ""))
                    continue
                word = word.replace("$$", "\0")
                word = re.sub(r"\$\{(\w+)\}",
                              lambda m: env.get(m.group(1), ""), word)
                words.append(word.replace("\0", "$"))
            yield words


def stage(folder):
    """What `cmake --install' puts on a node, under a folder."""
    subprocess.run(["cmake", "-S", SOURCE, "-B", folder / "build", "-G",
                    "Ninja", "-DKAMAILIO_MODULE=OFF",
                    "-DCMAKE_INSTALL_PREFIX=/usr"],
                   check=True, capture_output=True)
    subprocess.run(["cmake", "--install", folder / "build", "--component",
                    "configs"], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(folder / "root")})
    return folder / "root"


def verify(unit_file, programs):
    """programs: where a program of ours is instead of in /usr/sbin."""
    if not shutil.which("systemd-analyze"):
        skip("systemd-analyze is not installed")
    with tempfile.TemporaryDirectory(prefix="anycast-unit.") as folder:
        copy = Path(folder) / unit_file.name
        text = unit_file.read_text()
        for program in programs:
            text = text.replace(f"/usr/sbin/{program.name} ", f"{program} ")
        copy.write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
             copy], check=False, capture_output=True, text=True)
        complaints = [line for line in (done.stdout + done.stderr).splitlines()
                      if unit_file.name in line]
        assert not complaints and done.returncode == 0, \
            done.stdout + done.stderr


# --- playing systemd ---------------------------------------------------------

def mount(*words):
    subprocess.run(["mount", *words], check=True)


def enter(*folders):
    """An /etc, /run, /usr/sbin (and more folders) of our own, gone with us."""
    namespace(OUTSIDE)
    if ctypes.CDLL(None, use_errno=True).unshare(0x20000):
        skip("this machine allows no mount namespace")
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "-o", "mode=755", "anycast", "/run")
    for number, folder in enumerate(("/etc", "/usr/sbin", *folders)):
        upper, work = Path(f"/run/upper{number}"), Path(f"/run/work{number}")
        upper.mkdir()
        work.mkdir()
        try:
            mount("-t", "overlay", "anycast", "-o",
                  f"lowerdir={folder},upperdir={upper},workdir={work}", folder)
        except subprocess.CalledProcessError:
            skip("this machine has no overlay mounts")


def configure(root, site, **others):
    """The staged /etc, and the text of files an operator adds to it."""
    etc = Path("/etc/sip-anycast")
    shutil.copytree(root / "etc/sip-anycast", etc)
    files = {"site.conf": site, "secret": "a secret of the tests only\n"}
    for name, text in {**files, **others}.items():
        path = etc / name
        path.write_text(text)
        os.chown(path, 0, NOBODY)
        path.chmod(0o640)


def as_the_unit_says(unit, words):
    """The user and the capabilities it leaves."""
    names = " ".join(unit.all("AmbientCapabilities")).lower().split()
    caps = ",".join(["-all"] + [f"+{name.removeprefix('cap_')}"
                                for name in names])
    return ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
            "--clear-groups", "--no-new-privs", "--bounding-set", caps,
            "--inh-caps", caps, "--ambient-caps", caps, *words]


class Service:
    def __init__(self, unit, extra):
        self.unit, self.env = unit, unit.environment(extra)
        mode = int(unit.all("RuntimeDirectoryMode")[0], 8)
        folders = [Path("/run") / name for name
                   in unit.all("RuntimeDirectory")[0].split()]
        folders += [Path("/var/lib") / name for name
                    in unit.all("StateDirectory")]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(mode)
            os.chown(folder, NOBODY, NOBODY)
        self.folder = folders[0]
        self.process = None
        self.kept = []      # FileDescriptorStoreMax: (name, descriptor)
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind("/run/notify")
        os.chmod("/run/notify", 0o777)
        self.notices.settimeout(20)
        self.env["NOTIFY_SOCKET"] = "/run/notify"

    def run(self, key, **more):
        """The commands of a key, each waited for; what the first one to fail
        has said, unless a - before it says never to mind."""
        for words in self.unit.commands(key, {**self.env, **more}):
            ignored = words[0].startswith("-")
            if ignored:
                words = [words[0][1:], *words[1:]]
            if words[0].startswith("+"):
                words = [words[0][1:], *words[1:]]
            else:
                words = as_the_unit_says(self.unit, words)
            done = subprocess.run(
                words, cwd=self.folder, env=self.env,
                umask=int(self.unit.all("UMask")[0], 8), check=False,
                capture_output=True, text=True)
            if done.returncode and not ignored:
                return f"{words}\n{done.stdout}{done.stderr}"
        return ""

    def start(self):
        fault = self.run("ExecStartPre")
        assert not fault, fault
        (words,) = self.unit.commands("ExecStart", self.env)
        words = as_the_unit_says(self.unit, words)
        if self.kept:
            # to be found by this process, at 3 and on: sd_listen_fds(3)
            places = " ".join(f"{3 + at}<&{fd}"
                              for at, (_, fd) in enumerate(self.kept))
            words = ["bash", "-c", f'exec {places}; export LISTEN_PID=$$; '
                     'exec "$@"', "bash", *words]
            self.env["LISTEN_FDS"] = str(len(self.kept))
            self.env["LISTEN_FDNAMES"] = ":".join(n for n, _ in self.kept)
        self.process = subprocess.Popen(
            words, cwd=self.folder, env=self.env,
            umask=int(self.unit.all("UMask")[0], 8), stdin=subprocess.DEVNULL,
            pass_fds=[fd for _, fd in self.kept], start_new_session=True)
        return self.notice("READY=1")

    def keep(self, said, fds):
        name = re.search(r"^FDNAME=(.*)$", said, re.M)
        if "FDSTOREREMOVE=1" in said:
            self.kept = [pair for pair in self.kept if pair[0] != name[1]]
        for fd in fds:
            # above all places they are handed over at
            self.kept.append((name[1], fcntl.fcntl(fd, fcntl.F_DUPFD, 300)))
            os.close(fd)

    def notice(self, word):
        try:
            while True:
                data, fds, _, _ = socket.recv_fds(self.notices, 4096, 16)
                said = data.decode()
                self.keep(said, fds)
                if word in said:
                    return said
        except TimeoutError:
            raise AssertionError(f"it never says {word}") from None

    def stop(self):
        """Workers of Kamailio lose a SIGTERM that comes while they start;
        then systemd would kill the control group after TimeoutStopSec."""
        self.process.terminate()
        self.notice("STOPPING=1")
        try:
            status = self.process.wait(4)
            assert status == 0, f"it ends with {status}"
        except subprocess.TimeoutExpired:
            print("# it lost the signal", flush=True)

    def end(self):
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        for _, fd in self.kept:
            os.close(fd)
        self.notices.close()
        os.unlink("/run/notify")
        shutil.rmtree(self.folder)


# --- a test of one unit ------------------------------------------------------

def play(name, programs, check, install, stories, folders=()):
    """Stage what is installed, judge the unit called name and tell its stories.

    check(root, unit) looks at what is staged and set, install(root, build) adds
    the programs and the configuration once enter() has made /etc, /usr/sbin and
    folders our own; each of stories is called with the unit.  programs: those of the
    build that the unit runs."""
    build = Path(sys.argv[1]).resolve()
    folder = Path(tempfile.mkdtemp(prefix="anycast-unit."))
    doing = "what is installed"
    try:
        root = stage(folder)
        unit_file = root / "usr/lib/systemd/system" / name
        unit = Unit(unit_file)
        doing = "systemd-analyze verify finds nothing"
        verify(unit_file, [build / "bin" / name for name in programs])
        print(f"ok: {doing}", flush=True)
        doing = "its settings"
        check(root, unit)
        enter(*folders)
        install(root, build)
        for story in stories:
            doing = story.__name__.replace("_", " ")
            story(unit)
            print(f"ok: {doing}", flush=True)
    except AssertionError as error:
        print(f"not ok: {doing}\n{error}", file=sys.stderr)
        sys.exit(1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
