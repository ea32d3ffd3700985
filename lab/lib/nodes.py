# SPDX-License-Identifier: GPL-2.0-or-later
"""nodes.py - one node of the site: its files, its parts, and what ails them

The parts are what an operator runs, kept running as the shipped units say:
Kamailio with the shipped kamailio.cfg, the pinner, ExaBGP with anycast-health.
A node may have ExaBGP's own healthcheck in the agent's place, to compare.
"""
import errno
import json
import re
import shutil
import socket
import struct
import time
from pathlib import Path

from .files import AGENT_CONF, EXABGP_ENV, SECRET, UNSTEPPED, breakable_cfg, \
    shipped
from .parts import PARTS, command_line
from .spaces import run
from .supervisor import Supervisor, Unit
from .topology import NODES, PREFIXES, SERVICE

# pylint: disable=wrong-import-order
import node as sip_node     # tests/: files.py has added it to the path
from ng import Ng

PASSWORDS, domain = sip_node.PASSWORDS, sip_node.Node.domain
NG = ("127.0.0.1", 2223)
MEDIA = range(16384, 32768)     # ports of the pinner
LONG_RATE = 100_000     # bytes a second of a download


class Node(sip_node.Node):
    """agent: what write_agent() takes; theirs: ExaBGP's healthcheck runs in the
    place of our agent; bfd: a BIRD beside ExaBGP that does only that; web: an
    address for a web server; downloads: nginx with the node's content, where the
    site has its http; dns: a Knot too, if the site has dns = yes; tiny: little
    room for the agent's state; clock: step_clock() works; kernel: no ExaBGP,
    the agent's routes go through the kernel to a BIRD with OSPF; defines:
    further settings of kamailio.cfg."""

    strays = 2      # as shipped: the other node is there

    def __init__(self, space, build, *, site, agent=None, bfd=False,
                 theirs=False, web="", downloads=False, dns=False, tiny=False,
                 clock=False, kernel=False, defines=()):
        # pylint: disable=super-init-not-called
        self.space, self.dir = space, space.dir
        self.name, self.build = space.name, Path(build).resolve()
        self.cfg = self.write_cfg()
        self.users_time = 0
        (self.own, self.own6), self.router = NODES[self.name]
        self.defines = ["WITH_PINNER", "WITH_WEBSOCKET", *defines]
        self.strays = 2
        self.supervisor = Supervisor(space)
        for folder in ("state", "var"):
            (self.dir / folder).mkdir()
        if tiny:
            run("mount", "-t", "tmpfs", "-o", "size=64k", "lab",
                self.dir / "var")
        self.env = self.stepped() if clock else {}
        (self.dir / "secret").write_text(SECRET)
        self.write_site(site)
        if re.search(r"(?m)^tls\s*=\s*yes", site):
            self.make_certificate()
        self.theirs, self.dns = theirs, dns
        self.write_users(PASSWORDS)
        self.write_agent(**(agent or {}))
        units = [self.pinner_unit(), self.kamailio_unit()]
        units += [self.knot_unit()] if dns else []
        units += self.kernel_units() if kernel else [self.exabgp_unit()]
        if bfd:
            units.append(self.bfd_unit())
        if web:
            self.space.ip(f"addr add {web}/32 dev lo")
            units.append(web_unit(self.space, "web", web, 80))
        if downloads:
            units.append(self.content_unit())
        for unit in units:
            self.supervisor.add(unit)

    def write_site(self, text):
        """Kamailio has a copy, so that it can be told something else."""
        for path in (self.dir / "site.conf", self.dir / "site-kamailio.conf"):
            path.write_text(text)

    def make_certificate(self):
        """One for all nodes, its own authority: so they believe each other."""
        kept = Path("/run/certificate")
        if not kept.exists():
            super().make_certificate()
            kept.mkdir()
        here, there = (self.dir, kept) if not any(kept.iterdir()) \
            else (kept, self.dir)
        for name in ("node.key", "node.crt"):
            shutil.copy(here / name, there)
        self.write_tls()

    def write_cfg(self):
        """The shipped one, and behind it switches that break what it does:
        misbehave()."""
        (self.dir / "kamailio.cfg").write_text(breakable_cfg())
        return self.dir / "kamailio.cfg"

    def misbehave(self, how, on=True):
        """how: never302 (200 instead) or http500."""
        self.rpc("cfg.set_now_int", "lab", how, str(int(on)))

    def ctl(self, *words, check=True, site="site.conf"):
        return run(self.build / "bin/anycastctl", *words, "--node", self.name,
                   "--site", self.dir / site, check=check)

    # --- its agent

    def ask(self, command, **keys):
        """The reply on the control socket; OSError when nobody listens."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(5)
            control.connect(str(self.dir / "control.sock"))
            control.sendall(json.dumps({"command": command, **keys}).encode()
                            + b"\n")
            text = b""
            while chunk := control.recv(65536):
                text += chunk
        return json.loads(text)

    def status(self):
        """None while there is no answer."""
        try:
            return self.ask("status")
        except (OSError, ValueError):
            return None

    def is_right(self):
        """Everything that is to be announced is, and the agent knows it."""
        status = self.status()
        return bool(status) and all(
            group["announced"] and all(route["proof"] == "advertised"
                                       for route in group["routes"])
            for group in status["groups"])

    def ng(self, command, **keys):
        """The relay's answer."""
        with self.space.inside():
            client = Ng(NG)
        try:
            return client.command(command, **keys)
        finally:
            client.close()

    # --- its parts

    def pinner_unit(self):
        (self.dir / "rtp-pinner.conf").write_text("\n".join([
            f"site = {self.dir}/site.conf", f"node = {self.name}",
            f"node-state = {self.dir}/node.state",
            f"state-dir = {self.dir}/state", f"listen = {NG[0]}:{NG[1]}",
            f"pid-file = {self.dir}/pinner.pid", "threads = 1",
            f"port-min = {MEDIA[0]}", f"port-max = {MEDIA[-1]}", ""]))
        return Unit("pinner", [self.build / "bin/rtp-pinner", "--config",
                               self.dir / "rtp-pinner.conf"],
                    ready=self.pinner_lacking, env=self.env,
                    **shipped("rtp-pinner"))

    def pinner_lacking(self):
        with self.space.inside():
            ng = Ng(NG, timeout=0.2, tries=1)
        try:
            return "" if ng.command("ping").get("result") == "pong" else "ping"
        except TimeoutError:
            return "it does not answer a ping"
        finally:
            ng.close()

    def kamailio_unit(self):
        def command():
            (self.dir / "site-kamailio.cfg").write_text(
                self.ctl("render", "kamailio", site="site-kamailio.conf"))
            return self.command("-P", self.dir / "kamailio.pid")

        return Unit("kamailio", command, ready=self.kamailio_lacking,
                    cwd=self.dir, env=self.env, **shipped("kamailio"))

    def kamailio_lacking(self):
        try:
            lacking = http_lacking(self.space, self.own, 80)
            if lacking:
                return lacking
            self.rpc("core.version")
        except Exception as error:      # pylint: disable=broad-except
            return str(error)
        return ""

    def knot_unit(self):
        folder = self.dir / "knot"
        folder.mkdir()

        def command():
            self.ctl("render", "knot", "--output", folder)
            return ["/usr/sbin/knotd", "-c", folder / "knot.conf"]
        return Unit("knot", command, ready=self.knot_lacking,
                    **shipped("knot"))

    def knot_lacking(self):
        said = self.space.run("kdig", f"@{SERVICE[0]}", domain, "NAPTR",
                              "+timeout=1", "+retry=0", check=False)
        return "" if "NOERROR" in said else said

    def content_unit(self):
        """What Debian's nginx.service does, with files of its own: /long takes
        ten minutes."""
        conf, root = self.dir / "nginx.conf", self.dir / "content"
        root.mkdir()
        with open(root / "long", "wb") as sparse:
            sparse.truncate(600 * LONG_RATE)
        (self.dir / "content.conf").write_text(
            self.ctl("render", "nginx", "--root", root))
        conf.write_text(
            f"daemon off;\npid {self.dir}/nginx.pid;\nuser root;\n"
            "worker_processes 1;\nevents { }\n"
            f"http {{\n\taccess_log off;\n\tlimit_rate {LONG_RATE};\n"
            f"\tinclude {self.dir}/content.conf;\n}}\n")
        port = int(re.search(r"listen \S+?:(\d+);",
                             (self.dir / "content.conf").read_text())[1])
        return Unit("nginx", ["/usr/sbin/nginx", "-e", "stderr", "-c", conf],
                    ready=lambda: http_lacking(self.space, self.own, port))

    def write_agent(self, agent="", probes="", group="hold-down = 1s",
                    knot=""):
        """Further lines of its file, by their place."""
        if self.dns:
            probes = f"[probe knot]\npid-file = {self.dir}/knot/knot.pid\n" \
                     f"{knot}\n{probes}"
        (self.dir / "health-agent.conf").write_text(AGENT_CONF.format(
            dir=self.dir, agent=agent, probes=probes, group=group))

    def exabgp_unit(self):
        self.write_exabgp()
        settings = shipped("exabgp")
        if self.theirs:
            settings["watchdog"] = None     # it feeds none
        else:
            mark = ("--mark", self.dir / "var/in-service", "--agent",
                    self.dir / "control.sock", "--site",
                    self.dir / "site.conf", "--node", self.name)
            ctl = self.build / "bin/anycastctl"
            settings["before_stop"] = [ctl, "drain", "--withdrawn",
                                       "--timeout", "25", *mark]
            settings["after_start"] = [ctl, "resume", *mark]
        return Unit("exabgp", ["/usr/sbin/exabgp", self.dir / "exabgp.conf"],
                    env={**EXABGP_ENV, **self.env, **(
                        {} if self.theirs else {"PYTHONPATH": UNSTEPPED})},
                    ready=self.exabgp_lacking, **settings)

    def exabgp_lacking(self):
        """As Type=notify: the agent says when ExaBGP answers it."""
        return "" if self.theirs or self.status() else "no agent answers"

    def bfd_unit(self):
        conf, control = self.dir / "bfd.conf", self.dir / "bfd.ctl"
        conf.write_text(self.ctl("render", "bird-bfd"))

        def lacking():
            said = self.space.run("/usr/sbin/birdc", "-s", control,
                                  "show bfd sessions", check=False)
            return "" if said.count("Up") == 2 else said
        return Unit("bfd", ["/usr/sbin/bird", "-f", "-c", conf, "-s",
                            control], ready=lacking, **shipped("bfd"))

    def write_exabgp(self):
        text = self.ctl("render", "exabgp", "--agent-program",
                        self.build / "bin/anycast-health", "--agent-conf",
                        self.dir / "health-agent.conf")
        if self.theirs:
            text = re.sub(r"run .*;", f"run {self.healthcheck()};", text)
            text = text.replace("encoder json", "encoder text")
        (self.dir / "exabgp.conf").write_text(text)

    def kernel_units(self):
        conf, control = self.dir / "igp.conf", self.dir / "igp.ctl"
        conf.write_text(self.ctl("render", "bird-igp", "--interface", "r1"))
        yield Unit("igp", ["/usr/sbin/bird", "-f", "-c", conf, "-s", control],
                   restart="always")
        yield Unit("agent", [
            self.build / "bin/anycast-health", "--config",
            self.dir / "health-agent.conf", "--site", self.dir / "site.conf",
            "--node", self.name, "--output", "kernel"], **shipped("health"))

    # --- its clock and its disk

    def stepped(self):
        """What the environment of its programs needs."""
        (self.dir / "clock").write_bytes(bytes(8))
        return {"LD_PRELOAD": f"{self.build}/lib/clockstep.so",
                "LAB_CLOCK": f"{self.dir}/clock"}

    def step_clock(self, seconds):
        with open(self.dir / "clock", "r+b", buffering=0) as clock:
            clock.write(struct.pack("=q", seconds))

    def clock_is(self, seconds):
        """Does a program of the node see it so?"""
        found = self.space.run("env", *[f"{name}={value}" for name, value in
                                        self.env.items()], "date", "+%s")
        return abs(int(found) - time.time() - seconds) < 3

    def fill_disk(self):
        """The file that takes all the room there was."""
        filler = self.dir / "var/filler"
        with open(filler, "wb", buffering=0) as out:
            try:
                while out.write(bytes(4096)):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC, error
        return filler

    def healthcheck(self):
        """With its own timers, and an OPTIONS as its check."""
        return ("/usr/bin/python3 -m exabgp healthcheck --no-syslog "
                "--no-ip-setup --withdraw-on-down "
                + " ".join(f"--ip {prefix}" for prefix in PREFIXES)
                + f" --disable {self.dir}/disabled"
                + f' --cmd "sipsak -s sip:{SERVICE[0]}"')

    # --- what is done to it

    def up(self, *names, wait=True):
        self.supervisor.up(*(names or self.supervisor.units))
        if wait:
            self.wait_ready(*names)

    def wait_ready(self, *names):
        self.supervisor.wait_ready(*(names or self.supervisor.units))

    def victims(self, part, some=True):
        """Whom a part's freezing means: all processes of Kamailio, of the
        others the one with this name."""
        unit, told = PARTS[part]
        found = [pid for pid in self.supervisor.processes(unit)
                 if told(command_line(pid))]
        assert found or not some, f"{self.name}: there is no {part}"
        return found

    def victim(self, part):
        """Whom its killing means: the main process."""
        return self.victims(part)[0]


def web_unit(space, name, address, port):
    program = Path(__file__).with_name("download.py")
    return Unit(name, ["/usr/bin/python3", program, address, port],
                restart="on-failure",
                ready=lambda: http_lacking(space, address, port))


def http_lacking(space, address, port):
    try:
        with space.inside():
            socket.create_connection((address, port), 1).close()
    except OSError as error:
        return str(error)
    return ""
