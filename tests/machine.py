# SPDX-License-Identifier: GPL-2.0-or-later
"""machine.py - a machine with systemd as its process 1, for the shipped units

Its root is this machine's, below an overlay in memory: what it writes goes with
it, and none of the services installed here is started.  Processes, mounts,
network and control groups are its own; when this process ends, it ends.
"""
import ctypes
import errno
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from node import skip
from waiting import until

SYSTEMD = "/lib/systemd/systemd"
LIMIT = 120
# Of systemd's own parts those that others here cannot do without.
PARTS = {"sysinit": ["systemd-journald.service",
                     "systemd-journal-flush.service"],
         "sockets": ["systemd-journald.socket",
                     "systemd-journald-dev-log.socket"]}
NODES = "null zero full random urandom tty"
# Called with the root, the network's commands and a new boot's ID.
BOOT = f"""
set -e
root=$1
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in {NODES}; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s pts/ptmx "$root/dev/ptmx"
mkdir "$root/dev/net" "$root/dev/shm" "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mknod -m 666 "$root/dev/net/tun" c 10 200
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
cat /proc/sys/kernel/random/uuid >"$root/run/boot_id"
mount --bind "$root/run/boot_id" "$root/proc/sys/kernel/random/boot_id"
cd "$root"
mkdir -p old
pivot_root . old
exec chroot . /bin/bash -c '
umount -l /old
eval "$1"
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
    {SYSTEMD} --unit=multi-user.target --log-target=journal' bash "$2"
"""


def control_groups():
    """Where new ones are made."""
    for line in Path("/proc/mounts").read_text().splitlines():
        words = line.split()
        if words[2] == "cgroup2":
            return Path(words[1])
    return None


def unshare_mounts():
    if os.geteuid():
        skip("namespaces need root")
    if ctypes.CDLL(None, use_errno=True).unshare(0x20000):
        skip("this machine allows no mount namespace")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def gone(group):
    """A process that has ended and is not reaped yet is in no list."""
    try:
        group.rmdir()
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False
    return True


class Machine:
    """In a mount namespace of its own: unshare_mounts()."""

    def __init__(self, name, network):
        groups = control_groups()
        if not Path(SYSTEMD).exists() or not groups:
            skip(f"no {SYSTEMD}, or no control groups (v2)")
        self.name, self.network = name, network
        self.folder = Path(tempfile.mkdtemp(prefix="anycast-machine."))
        self.group = groups / self.folder.name
        self.root = self.folder / "root"
        self.outer = self.init = None
        self.make_root()

    def make_root(self):
        def mount(*words):
            if subprocess.run(["mount", "-t", *words], check=False).returncode:
                skip("this machine allows no overlay mounts")

        mount("tmpfs", "-o", "mode=755", "machine", self.folder)
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir()
        mount("overlay", "machine", "-o",
              f"lowerdir=/,upperdir={self.folder}/upper,"
              f"workdir={self.folder}/work", self.root)
        units = self.root / "etc/systemd/system"
        for folder in (units, self.root / "usr/lib/systemd/system"):
            for wants in [*folder.glob("*.wants"), *folder.glob("*.requires")]:
                shutil.rmtree(wants)
        for link in self.root.glob("etc/rc?.d/S*"):
            link.unlink()
        for target, wanted in PARTS.items():
            wants = units / f"{target}.target.wants"
            wants.mkdir()
            for unit in wanted:
                (wants / unit).symlink_to(f"/lib/systemd/system/{unit}")
        (self.root / "etc/fstab").write_text("")
        (self.root / "etc/hostname").write_text(f"{self.name}\n")
        (self.root / "etc/hosts").write_text(
            f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n")
        machine_id = self.root / "etc/machine-id"
        machine_id.unlink(missing_ok=True)
        machine_id.write_text("0123456789abcdef0123456789abcdef\n")
        (self.root / "var/log/journal").mkdir(exist_ok=True)

    def boot(self):
        self.group.mkdir(exist_ok=True)
        words = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--cgroup",
                 "--net", "--fork", "--kill-child", "bash", "-c", BOOT, "bash",
                 str(self.root), f"hostname {self.name}\n{self.network}"]
        # pylint: disable=consider-using-with
        self.outer = subprocess.Popen(
            ["bash", "-c", f"echo $$ >{self.group}/cgroup.procs && "
             f"exec {shlex.join(words)}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL)
        self.init = self.until("systemd", self.find_init)
        self.until("an end of the start", lambda: self.run(
            "systemctl", "is-system-running", check=False).strip()
            in ("running", "degraded"))

    def find_init(self):
        if self.outer.poll() is not None:
            skip("this machine allows no machine in it")
        children = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}"
                        "/children").read_text().split()
        if not children:
            return None
        name = Path(f"/proc/{children[0]}/comm").read_text()
        return int(children[0]) if name == "systemd\n" else None

    @staticmethod
    def until(what, condition):
        return until(what, condition, LIMIT)

    def run(self, *words, check=True):
        """A command in there; what it has written."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.init), "-a", "-r", "-w", "env", "-i",
             "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", *words],
            check=False, capture_output=True, text=True,
            stdin=subprocess.DEVNULL)
        text = done.stdout + done.stderr
        assert not check or done.returncode == 0, f"{words}\n{text}"
        return text

    def journal(self, *words):
        return self.run("journalctl", "--no-pager", "-q", *words)

    def off(self, words=("systemctl", "poweroff")):
        """What stops is stopped in order, as at a reboot."""
        self.run(*words, check=False)
        self.outer.wait(LIMIT)

    def close(self):
        if self.outer and self.outer.poll() is None:
            self.outer.send_signal(signal.SIGKILL)
            self.outer.wait()
        for group in sorted(self.group.glob("**/"), reverse=True):
            self.until("the end of its processes", lambda g=group: gone(g))
        subprocess.run(["umount", "-R", "-l", self.folder], check=False)
        self.folder.rmdir()
