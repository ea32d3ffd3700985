# SPDX-License-Identifier: GPL-2.0-or-later
"""spaces.py - a world of its own for a story, and machines in it

enter() goes on as process 1 of new pid, mount, network and ipc namespaces, with
an empty /run.  Whatever ends it (an error, Ctrl-C, kill -9), the kernel ends
every process in there, and links, addresses, mounts and files go with them.

A Space is a machine of the lab: a network namespace with a name.  Programs are
started in it by words(); sockets of the story itself by `with space.inside()'.
"""
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

SKIP = 4

NEWNS, NEWIPC, NEWPID, NEWNET = 0x20000, 0x8000000, 0x20000000, 0x40000000
PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def skip(why):
    print(f"SKIPPED: {why}", file=sys.stderr, flush=True)
    os._exit(SKIP)


def run(*words, check=True, text=None):
    """A command that ends by itself; its output, or AssertionError."""
    done = subprocess.run([str(word) for word in words], input=text,
                          capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, words))}: exit status "
                             f"{done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def enter():
    """Returns in a child that is process 1; its exit status becomes ours."""
    if os.geteuid():
        skip("network namespaces need root")
    if _libc.unshare(NEWNS | NEWPID | NEWNET | NEWIPC):
        skip("this machine allows no namespaces "
             f"({os.strerror(ctypes.get_errno())})")
    child = os.fork()
    if child:
        _wait_for(child)
    die_with_parent()
    # process 1 hears only the signals it has a handler for
    signal.signal(signal.SIGTERM, _terminated)
    try:
        run("mount", "--make-rprivate", "/")
        run("mount", "-t", "proc", "proc", "/proc")
        run("mount", "-t", "tmpfs", "-o", "mode=755", "lab", "/run")
        run("mount", "-t", "tmpfs", "-o", "mode=1777", "lab", "/var/tmp")
    except AssertionError as error:
        skip(f"this machine allows no mounts ({error})")


def die_with_parent():
    _libc.prctl(PDEATHSIG, signal.SIGKILL)


def _terminated(_number, _frame):
    raise KeyboardInterrupt


def _wait_for(child):
    """A terminal sends its SIGINT to the child too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGTERM))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(status if status >= 0 else 128 - status)


class Space:
    def __init__(self, name):
        self.name = name
        self.dir = Path("/run", name)
        self.dir.mkdir()
        run("ip", "netns", "add", name)
        self.fd = os.open(f"/run/netns/{name}", os.O_RDONLY)
        # an address is of use at once, also a link-local one
        self.sysctl("net.ipv6.conf.default.accept_dad", 0)
        self.ip("link set lo up")

    def remove(self):
        """With its cables; who still runs in it has lost them."""
        os.close(self.fd)
        run("ip", "netns", "del", self.name)
        self.dir.rmdir()

    def words(self, *words):
        """The command line that runs these words in here, by one process."""
        return ["nsenter", f"--net=/run/netns/{self.name}",
                *[str(word) for word in words]]

    def run(self, *words, **options):
        return run(*self.words(*words), **options)

    def ip(self, *lines):
        """Lines of ip-batch: "addr add 192.0.2.1/32 dev lo"."""
        run("ip", "-n", self.name, "-batch", "-", text="\n".join(lines) + "\n")

    @contextlib.contextmanager
    def inside(self):
        """The calling thread is in here; what it opens stays in here."""
        with open("/proc/thread-self/ns/net", "rb") as home:
            self._enter(self.fd)
            try:
                yield
            finally:
                self._enter(home.fileno())

    @staticmethod
    def _enter(fd):
        if _libc.setns(fd, NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    def sysctl(self, name, value):
        with self.inside():
            Path("/proc/sys", name.replace(".", "/")).write_text(f"{value}\n")


def join(one, other):
    """A cable; each end is called like the machine it leads to."""
    run("ip", "link", "add", other.name, "netns", one.name, "type", "veth",
        "peer", "name", one.name, "netns", other.name)
    one.ip(f"link set {other.name} up")
    other.ip(f"link set {one.name} up")
