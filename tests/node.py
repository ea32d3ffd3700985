# SPDX-License-Identifier: GPL-2.0-or-later
"""node.py - a Kamailio with the shipped kamailio.cfg, for tests

Everything it writes lies in a folder of its own that goes with it.  To be used
in a network namespace of its own (namespace() makes one), so that the usual
ports and any address are free.
"""
import ctypes
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
SKIP = 4
PASSWORDS = {"alice": "wonder-land", "bob": "builder-7", "carol": "singer:9"}


def skip(why):
    print(f"SKIPPED: {why}", file=sys.stderr)
    sys.exit(SKIP)


def namespace(*addresses):
    """Move this process to an empty network namespace with these addresses."""
    if os.geteuid() != 0:
        skip("a network namespace needs root")
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000):
        skip("this machine allows no network namespace "
             f"({os.strerror(ctypes.get_errno())})")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in addresses:
        bits = "128" if ":" in address else "32"
        subprocess.run(["ip", "addr", "add", f"{address}/{bits}", "dev", "lo"]
                       + (["nodad"] if ":" in address else []), check=True)


def process_group(leader):
    """{pid: what proc_pid_stat(5) lists behind its name} of its processes."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader:
            found[int(stat.parent.name)] = fields
    return found


class Node:
    domain = "sip.example.net"
    strays = 0      # its site has other nodes, but none of them is there

    def __init__(self, build, *, service="127.0.53.53", own="127.0.53.11",
                 other="127.0.53.12", site="", cfg="kamailio.cfg", defines=()):
        self.build, self.cfg = Path(build).resolve(), SOURCE / "configs/kamailio" / cfg
        # for the site file: one address or "IPv4, IPv6"
        self.listed = {"service": service, "own": own, "other": other}
        self.service, _, self.service6 = service.partition(", ")
        self.own, _, self.own6 = own.partition(", ")
        self.dir = Path(tempfile.mkdtemp(prefix="anycast-node."))
        self.process = None
        self.users_time = 0
        self.defines = list(defines)
        for needed in ("bin/anycastctl", "lib/anycast.so"):
            if not (self.build / needed).exists():
                self.remove()
                skip(f"{self.build / needed} is not built")
        (self.dir / "secret").write_text("a secret of the tests only\n")
        self.write_site(site)
        self.write_users(PASSWORDS)

    def write_site(self, extra):
        def url(addresses):
            host = addresses.split(",")[0]
            return f"http://[{host}]:8080" if ":" in host \
                else f"http://{host}:8080"

        listed = self.listed
        (self.dir / "site.conf").write_text(
            f"[service]\ndomain = {self.domain}\n"
            f"address = {listed['service']}\n"
            f"secret = file:secret\nhttp-port = 8080\n{extra}\n"
            f"[node fra1]\naddress = {listed['own']}\n"
            f"host = fra1.{self.domain}\nhttp = {url(listed['own'])}\n"
            f"[node ams1]\naddress = {listed['other']}\n"
            f"host = ams1.{self.domain}\nhttp = {url(listed['other'])}\n")

    def write_users(self, passwords):
        lines = ["username(string) ha1(string)"]
        for user, password in passwords.items():
            text = f"{user}:{self.domain}:{password}"
            lines.append(f"{user}:{hashlib.md5(text.encode()).hexdigest()}")
        new = self.dir / "users.new"
        new.write_text("\n".join(lines) + "\n")
        # db_text looks at whole seconds: no two versions have the same
        self.users_time = max(self.users_time + 1, int(time.time()))
        os.utime(new, (self.users_time, self.users_time))
        new.rename(self.dir / "users")

    def ctl(self, *words):
        return subprocess.run(
            [self.build / "bin/anycastctl", *words, "--node", "fra1",
             "--site", self.dir / "site.conf"],
            check=True, capture_output=True, text=True).stdout

    def command(self, *more):
        texts = {
            "ANYCAST_MODULE": self.build / "lib/anycast.so",
            "ANYCAST_STATE": self.dir / "node.state",
            "USERS_DB": f"text://{self.dir}",
            "CTL_SOCKET": f"unixs:{self.dir}/ctl",
            "TLS_CFG": self.dir / "tls.cfg",
        }
        line = ["kamailio", "-f", self.cfg, "-x", "fm", "-X", "fm", "-DD",
                "-E", "-Y", self.dir, "-m", "64", "-A", "UDP_WORKERS=2",
                "-A", "TCP_WORKERS=2", "-A", f"STRAY_WORKERS={self.strays}"]
        for name, value in texts.items():
            line += ["-A", f'{name}="{value}"']
        for define in self.defines:
            line += ["-A", define]
        return line + list(more)

    def start(self):
        (self.dir / "site-kamailio.cfg").write_text(
            self.ctl("render", "kamailio"))
        with open(self.dir / "log", "a", encoding="ascii") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.dir, stderr=log, stdout=log,
                stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.rpc("core.version")
                return
            except subprocess.CalledProcessError:
                if self.process.poll() is not None \
                        or time.monotonic() > deadline:
                    raise AssertionError("Kamailio did not start") from None
            time.sleep(0.05)

    def rpc(self, *words):
        return subprocess.run(
            ["kamcmd", "-s", f"unixs:{self.dir}/ctl", *words], check=True,
            capture_output=True, text=True).stdout

    def stat(self, name):
        """A counter by its full name, e.g. script:flood_dropped."""
        group, _, leaf = name.partition(":")
        text = self.rpc("stats.get_statistics", f"{group}:")
        return int(re.search(rf"{group}[:.]{leaf} = (\d+)", text).group(1))

    def stop(self):
        """Kamailio's workers lose a SIGTERM that comes while they start, so
        it may have to be helped, as systemd would."""
        if not self.process:
            return
        group = self.process.pid
        self.process.terminate()
        try:
            self.process.wait(4)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def make_certificate(self):
        """tls.cfg as shipped, with a certificate of its own authority."""
        names = f"DNS:{self.domain},DNS:fra1.{self.domain}," \
                f"DNS:ams1.{self.domain}"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-days", "2", "-subj", f"/CN={self.domain}", "-addext",
             f"subjectAltName={names}", "-keyout", self.dir / "node.key",
             "-out", self.dir / "node.crt"], check=True, capture_output=True)
        self.write_tls()

    def write_tls(self):
        text = (SOURCE / "configs/kamailio/tls.cfg").read_text()
        text = text.replace("/etc/sip-anycast/tls/", f"{self.dir}/")
        text = text.replace("/etc/ssl/certs/ca-certificates.crt",
                            str(self.dir / "node.crt"))
        (self.dir / "tls.cfg").write_text(text)

    def check(self, *more):
        """kamailio -c on the cfg: its last words when it finds a fault."""
        (self.dir / "site-kamailio.cfg").write_text(
            self.ctl("render", "kamailio"))
        done = subprocess.run(self.command("-c", *more), cwd=self.dir,
                              capture_output=True, text=True, check=False)
        if done.returncode == 0 and "config file ok" in done.stderr:
            return ""
        return "\n".join(done.stderr.splitlines()[-15:]) or "it says nothing"

    def forget(self, *users):
        """Drop what is registered; all users when none is named."""
        for user in users or PASSWORDS:
            subprocess.run(
                ["kamcmd", "-s", f"unixs:{self.dir}/ctl", "ul.rm", "location",
                 user], check=False, capture_output=True)

    def show_log(self):
        if not (self.dir / "log").exists():
            return
        log = (self.dir / "log").read_text(errors="replace").splitlines()
        print("\n".join(log[-40:]), file=sys.stderr)

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


def run(tests, node):
    """Start the node and call each test with it; one line each, exit 1 at the
    first that fails.  Names are sentences."""
    name, status = "the node starts", 0
    try:
        node.start()
        for test in tests:
            name = test.__name__.replace("_", " ")
            test(node)
            node.forget()
            print(f"ok: {name}", flush=True)
    except AssertionError as error:
        print(f"not ok: {name}\n{error}", file=sys.stderr)
        node.show_log()
        status = 1
    finally:
        node.remove()
    sys.exit(status)
