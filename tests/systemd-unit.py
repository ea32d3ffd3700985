#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The systemd unit, without systemd: `systemd-analyze verify' reads it, and its
commands are run as it says, by an ordinary user with the one capability it
leaves, over a copy of /etc in a mount namespace.

usage: systemd-unit.py BUILD
"""
import ctypes
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from calls import OUTSIDE
from node import SOURCE, namespace, skip
from phone import Phone

NAME = "sip-anycast-kamailio.service"
NOBODY = 65534
SITE = """[service]
domain = sip.example.net
address = 127.0.53.53
secret = file:secret
[node fra1]
address = 127.0.53.11
http = http://127.0.53.11
"""


class Unit:
    """The [Service] settings, and their commands as systemd would call them."""

    def __init__(self, path):
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


def verify(unit_file, build):
    if not shutil.which("systemd-analyze"):
        skip("systemd-analyze is not installed")
    with tempfile.TemporaryDirectory(prefix="anycast-unit.") as folder:
        copy = Path(folder) / NAME
        copy.write_text(unit_file.read_text().replace(
            "/usr/sbin/anycastctl", str(build / "bin/anycastctl")))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
             copy], check=False, capture_output=True, text=True)
        complaints = [line for line in (done.stdout + done.stderr).splitlines()
                      if NAME in line]
        assert not complaints and done.returncode == 0, \
            done.stdout + done.stderr


# --- playing systemd ---------------------------------------------------------

def mount(*words):
    subprocess.run(["mount", *words], check=True)


def enter(build):
    """An /etc, /run and folders of programs of our own, gone with us."""
    namespace(OUTSIDE)
    if ctypes.CDLL(None, use_errno=True).unshare(0x20000):
        skip("this machine allows no mount namespace")
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "-o", "mode=755", "anycast", "/run")
    modules = Path(subprocess.run(
        ["bash", "-c", "dirname \"$(dpkg -L kamailio | grep '/tm.so$')\""],
        check=True, capture_output=True, text=True).stdout.strip())
    for number, folder in enumerate(("/etc", "/usr/sbin", modules)):
        upper, work = Path(f"/run/upper{number}"), Path(f"/run/work{number}")
        upper.mkdir()
        work.mkdir()
        try:
            mount("-t", "overlay", "anycast", "-o",
                  f"lowerdir={folder},upperdir={upper},workdir={work}", folder)
        except subprocess.CalledProcessError:
            skip("this machine has no overlay mounts")
    shutil.copy(build / "bin/anycastctl", "/usr/sbin/anycastctl")
    shutil.copy(build / "lib/anycast.so", modules / "anycast.so")


def install(root):
    """The staged /etc, and what an operator adds to it."""
    etc = Path("/etc/sip-anycast")
    shutil.copytree(root / "etc/sip-anycast", etc)
    (etc / "site.conf").write_text(SITE)
    (etc / "secret").write_text("a secret of the tests only\n")
    (etc / "users").write_text("username(string) ha1(string)\n")
    for path in (etc / "site.conf", etc / "secret", etc / "users"):
        os.chown(path, 0, NOBODY)
        path.chmod(0o640)


def as_the_unit_says(words):
    capability = "+net_bind_service"
    return ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
            "--clear-groups", "--no-new-privs", "--bounding-set",
            f"-all,{capability}", "--inh-caps", f"-all,{capability}",
            "--ambient-caps", f"-all,{capability}", *words]


def check_settings(unit):
    """What the player below takes for granted."""
    assert unit.all("AmbientCapabilities") == ["CAP_NET_BIND_SERVICE"]
    assert unit.all("CapabilityBoundingSet") == ["CAP_NET_BIND_SERVICE"]
    assert unit.all("KillMode") == ["control-group"]
    assert unit.all("RuntimeDirectory") == ["sip-anycast/kamailio"]
    for command in unit.all("ExecStart"):
        assert " -x fm -X fm " in command, command


class Service:
    def __init__(self, unit, extra):
        self.unit, self.env = unit, unit.environment(extra)
        self.folder = Path("/run") / unit.all("RuntimeDirectory")[0]
        self.folder.mkdir(parents=True)
        self.folder.chmod(int(unit.all("RuntimeDirectoryMode")[0], 8))
        os.chown(self.folder, NOBODY, NOBODY)
        self.process = None
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind("/run/notify")
        os.chmod("/run/notify", 0o777)
        self.notices.settimeout(20)
        self.env["NOTIFY_SOCKET"] = "/run/notify"

    def run(self, key):
        for words in self.unit.commands(key, self.env):
            done = subprocess.run(
                as_the_unit_says(words), cwd=self.folder, env=self.env,
                umask=int(self.unit.all("UMask")[0], 8), check=False,
                capture_output=True, text=True)
            if done.returncode:
                return f"{words}\n{done.stdout}{done.stderr}"
        return ""

    def start(self):
        fault = self.run("ExecStartPre")
        assert not fault, fault
        (words,) = self.unit.commands("ExecStart", self.env)
        self.process = subprocess.Popen(
            as_the_unit_says(words), cwd=self.folder, env=self.env,
            umask=int(self.unit.all("UMask")[0], 8), stdin=subprocess.DEVNULL,
            start_new_session=True)
        said = self.notice("READY=1")
        assert f"MAINPID={self.process.pid}" in said, said

    def notice(self, word):
        try:
            while True:
                said = self.notices.recv(4096).decode()
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
        self.notices.close()
        os.unlink("/run/notify")
        shutil.rmtree(self.folder)


def answers(address):
    stranger = Phone(OUTSIDE, "stranger", "example.com")
    stranger.request("OPTIONS", f"sip:{address}", (address, 5060))
    stranger.expect(200)
    stranger.close()


def the_unit_starts_a_node(unit):
    service = Service(unit, {"NODE": "fra1", "KAMAILIO_OPTIONS":
                             "-A UDP_WORKERS=2 -A TCP_WORKERS=2"})
    try:
        service.start()
        answers("127.0.53.53")
        answers("127.0.53.11")
        with socket.create_connection(("127.0.53.53", 80), 5) as web:
            web.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"http://127.0.53.11/x" in web.recv(4096)
        part = service.folder / "site-kamailio.cfg"
        assert part.stat().st_mode & 0o7 == 0, "anybody may read the key"
        fault = service.run("ExecReload")
        assert not fault, fault
        service.stop()
    finally:
        service.end()


def another_cfg_by_the_environment(unit):
    service = Service(unit, {
        "NODE": "fra1", "KAMAILIO_OPTIONS": "-A UDP_WORKERS=2 -A TCP_WORKERS=2",
        "KAMAILIO_CFG": "/etc/sip-anycast/kamailio/redirect-only.cfg"})
    try:
        service.start()
        answers("127.0.53.53")
        service.stop()
    finally:
        service.end()


def orphans_would_live_on(unit):
    """Why KillMode says control-group: if this fails, the reason has gone."""
    service = Service(unit, {"NODE": "fra1"})
    try:
        service.start()
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
        time.sleep(0.2)
        answers("127.0.53.53")
    finally:
        service.end()


def a_wrong_site_file_does_not_start(unit):
    Path("/etc/sip-anycast/site.conf").write_text(
        SITE.replace("domain =", "domian ="))
    service = Service(unit, {"NODE": "fra1"})
    try:
        fault = service.run("ExecStartPre")
        assert "domian" in fault and "domain" in fault, fault
    finally:
        service.end()


STORIES = [
    the_unit_starts_a_node,
    another_cfg_by_the_environment,
    orphans_would_live_on,
    a_wrong_site_file_does_not_start,
]


def main():
    build = Path(sys.argv[1]).resolve()
    folder = Path(tempfile.mkdtemp(prefix="anycast-unit."))
    name = "what is installed"
    try:
        root = stage(folder)
        unit_file = root / "usr/lib/systemd/system" / NAME
        assert (root / "usr/lib/sysusers.d/sip-anycast.conf").exists()
        unit = Unit(unit_file)
        name = "systemd-analyze verify finds nothing"
        verify(unit_file, build)
        print(f"ok: {name}", flush=True)
        name = "its settings"
        check_settings(unit)
        enter(build)
        install(root)
        for story in STORIES:
            name = story.__name__.replace("_", " ")
            story(unit)
            print(f"ok: {name}", flush=True)
    except AssertionError as error:
        print(f"not ok: {name}\n{error}", file=sys.stderr)
        sys.exit(1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
