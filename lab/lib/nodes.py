# SPDX-License-Identifier: GPL-2.0-or-later
"""nodes.py - one node of the site: its files, its parts, and what ails them

The parts are what an operator runs, kept running as the shipped units say:
Kamailio with the shipped kamailio.cfg, the pinner, ExaBGP with anycast-health.
A node may have ExaBGP's own healthcheck in the agent's place, to compare.
"""
import errno
import json
import os
import re
import socket
import struct
import sys
import time
from pathlib import Path

from .spaces import run
from .supervisor import Supervisor, Unit
from .topology import NODE_AS, NODES, PREFIXES, ROUTER_AS, SERVICE, \
    UPSTREAM_AS, router_of

TOP = Path(__file__).resolve().parents[2]
sys.path += [str(TOP / "tests"), str(TOP / "tests/pinner")]
# pylint: disable=wrong-import-position
import node as sip_node  # noqa: E402
from ng import Ng  # noqa: E402
from units import Unit as ShippedUnit  # noqa: E402

PASSWORDS, domain = sip_node.PASSWORDS, sip_node.Node.domain
NG = ("127.0.0.1", 2223)
SECRET = "the secret of a lab that lasts for a minute\n"

SITE = """[service]
domain    = sip.example.net
address   = {service}
http-port = 80
secret    = file:secret
{service_more}
"""

# Paths of this node, and a hold-down that fits the length of a story; the rest
# is the default.
AGENT = """[agent]
node-state = {dir}/node.state
control    = {dir}/control.sock
state-dir  = {dir}/var
audit-log  = {dir}/var/audit.log
default-probes = yes
{agent}
[probe kamailio]
pid-file   = {dir}/kamailio.pid
[probe pinner]
pid-file   = {dir}/pinner.pid
{probes}
[group service]
{group}
"""

SITE_NODE = """[node {name}]
address   = {own}
http      = http://{own4}:{http_port}
local-as  = {asn}
neighbor  = {router4} as {router_as}{bfd}
neighbor  = {router6} as {router_as}{bfd}
{more}
"""


def site_text(more="", nodes=None, *, bfd=False, far=False, http_port=80):
    """more: further keys of [service]; nodes: name -> further keys; far: ams1
    is behind another router; http_port: where HTTP is sent, on the node."""
    text = SITE.format(service=", ".join(SERVICE), service_more=more)
    for name, (own, router) in NODES.items():
        text += SITE_NODE.format(
            name=name, own=", ".join(own), own4=own[0], asn=NODE_AS,
            http_port=http_port,
            router4=router[0], router6=router[1], router_as=UPSTREAM_AS
            if router_of(name, far) == "r2" else ROUTER_AS,
            more=(nodes or {}).get(name, ""), bfd=" bfd" if bfd else "")
    return text


class Node(sip_node.Node):
    """agent: what write_agent() takes; theirs: ExaBGP's healthcheck runs in the
    place of our agent; bfd: a BIRD beside ExaBGP that does only that; web: an
    address for a web server; downloads: a port of the node for long ones; tiny:
    little room for the agent's state; clock: step_clock() works; kernel: no
    ExaBGP, the agent's routes go through the kernel to a BIRD with OSPF."""

    def __init__(self, space, build, *, site, agent=None, bfd=False,
                 theirs=False, web="", downloads=0, tiny=False, clock=False,
                 kernel=False):
        # pylint: disable=super-init-not-called
        self.space, self.dir = space, space.dir
        self.name, self.build = space.name, Path(build).resolve()
        self.cfg = self.write_cfg()
        self.users_time = 0
        (self.own, self.own6), self.router = NODES[self.name]
        self.defines = ["WITH_PINNER"]
        self.supervisor = Supervisor(space)
        for folder in ("state", "var"):
            (self.dir / folder).mkdir()
        if tiny:
            run("mount", "-t", "tmpfs", "-o", "size=64k", "lab",
                self.dir / "var")
        self.env = self.stepped() if clock else {}
        (self.dir / "secret").write_text(SECRET)
        self.write_site(site)
        self.theirs = theirs
        self.write_users(PASSWORDS)
        self.write_agent(**(agent or {}))
        units = [self.pinner_unit(), self.kamailio_unit()]
        units += self.kernel_units() if kernel else [self.exabgp_unit()]
        if bfd:
            units.append(self.bfd_unit())
        if web:
            self.space.ip(f"addr add {web}/32 dev lo")
            units.append(web_unit(self.space, "web", web, 80))
        if downloads:
            units.append(web_unit(self.space, "downloads", self.own,
                                  downloads))
        for unit in units:
            self.supervisor.add(unit)

    def write_site(self, text):
        """Kamailio has a copy, so that it can be told something else."""
        for path in (self.dir / "site.conf", self.dir / "site-kamailio.conf"):
            path.write_text(text)

    def write_cfg(self):
        """The shipped one, and behind it switches that break what it does:
        misbehave()."""
        text = (TOP / "configs/kamailio/kamailio.cfg").read_text()
        for before, switch in SWITCHES:
            assert text.count(before) == 1, before
            text = text.replace(before, before + switch)
        (self.dir / "kamailio.cfg").write_text(text)
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

    # --- its parts

    def pinner_unit(self):
        (self.dir / "rtp-pinner.conf").write_text("\n".join([
            f"site = {self.dir}/site.conf", f"node = {self.name}",
            f"node-state = {self.dir}/node.state",
            f"state-dir = {self.dir}/state", f"listen = {NG[0]}:{NG[1]}",
            f"pid-file = {self.dir}/pinner.pid", "threads = 1",
            "port-min = 16384", "port-max = 17407", ""]))
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

    def write_agent(self, agent="", probes="", group="hold-down = 1s"):
        """Further lines of its file, by their place."""
        (self.dir / "health-agent.conf").write_text(AGENT.format(
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
            settings["before_stop"] = [ctl, "drain", "--wait", "--timeout",
                                       "25", *mark]
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
                + f' --disable {self.dir}/disabled --cmd "sipsak -s sip:{SERVICE[0]}"')

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


# What the shipped unit has ExaBGP load first.
UNSTEPPED = str(TOP / "configs/python")

SWITCHES = (
    ("####### Modules\n", "\nlab.never302 = 0\nlab.http500 = 0\n"),
    ("request_route {\n",
     "\tif (is_method(\"INVITE\") && $sel(cfg_get.lab.never302) == 1) {\n"
     "\t\tsl_send_reply(\"200\", \"OK\");\n\t\texit;\n\t}\n"),
    ("event_route[xhttp:request] {\n",
     "\tif ($sel(cfg_get.lab.http500) == 1) {\n"
     "\t\txhttp_reply(\"500\", \"Broken\", \"\", \"\");\n\t\texit;\n\t}\n"),
)


def shipped(name):
    """What systemd would do with a part: the settings of its unit."""
    unit = ShippedUnit(TOP / f"configs/systemd/sip-anycast-{name}.service")

    def setting(key, default):
        return (unit.all(key) or [default])[-1]

    watchdog = setting("WatchdogSec", "")
    return {"restart": setting("Restart", "no"),
            "restart_sec": seconds(setting("RestartSec", "100ms")),
            "watchdog": seconds(watchdog) if watchdog else None,
            "main_only": setting("KillMode", "control-group") == "mixed"}


def seconds(text):
    return int(text[:-2]) / 1000 if text.endswith("ms") else float(text)


def web_unit(space, name, address, port):
    return Unit(name, ["/usr/bin/python3", TOP / "lab/lib/download.py",
                       address, port], restart="on-failure",
                ready=lambda: http_lacking(space, address, port))


def http_lacking(space, address, port):
    try:
        with space.inside():
            socket.create_connection((address, port), 1).close()
    except OSError as error:
        return str(error)
    return ""


def command_line(pid):
    try:
        line = Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return []
    return line.decode(errors="replace").split("\0")


def _program(name, worker=None):
    def told(words):
        return any(os.path.basename(word) == name for word in words[:2]) and (
            worker is None or worker == ("--worker" in words))
    return told


# part: the unit it belongs to, and how its processes are told apart
PARTS = {
    "kamailio": ("kamailio", _program("kamailio")),
    "pinner": ("pinner", _program("rtp-pinner")),
    "exabgp": ("exabgp", _program("exabgp")),
    "guardian": ("exabgp", _program("anycast-health", False)),
    "worker": ("exabgp", _program("anycast-health", True)),
    "agent": ("agent", _program("anycast-health", False)),
    "web": ("web", lambda words: any(
        word.endswith("download.py") for word in words)),
    "healthcheck": ("exabgp", lambda words: "healthcheck" in words),
}

EXABGP_ENV = {
    "exabgp_daemon_daemonize": "false", "exabgp_daemon_drop": "false",
    "exabgp_daemon_user": "root", "exabgp_api_cli": "false",
    "exabgp_log_destination": "stderr", "exabgp_tcp_bind": "",
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
}
