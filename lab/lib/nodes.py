# SPDX-License-Identifier: GPL-2.0-or-later
"""nodes.py - one node of the site: its files, its parts, and what ails them

The parts are what an operator runs: Kamailio with the shipped kamailio.cfg, the
pinner with the parent that keeps its sockets, ExaBGP with anycast-health.  A
node may have ExaBGP's own healthcheck in the agent's place, to compare.
"""
import os
import socket
import sys
from pathlib import Path

from .spaces import run
from .supervisor import Supervisor, Unit
from .topology import NODE_AS, NODES, PREFIXES, ROUTER_AS, SERVICE

TOP = Path(__file__).resolve().parents[2]
sys.path += [str(TOP / "tests"), str(TOP / "tests/pinner")]
# pylint: disable=wrong-import-position
import node as sip_node  # noqa: E402
from ng import Ng  # noqa: E402

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

AGENT = """[agent]
site       = {dir}/site.conf
node       = {name}
node-state = {dir}/node.state
control    = {dir}/control.sock
state-dir  = {dir}/var
audit-log  = {dir}/var/audit.log
"""

SITE_NODE = """[node {name}]
address   = {own}
http      = http://{own4}:80
local-as  = {asn}
neighbor  = {router4} as {router_as}
neighbor  = {router6} as {router_as}
{more}
"""


def site_text(more="", nodes=None):
    """more: further keys of [service]; nodes: name -> further keys."""
    text = SITE.format(service=", ".join(SERVICE), service_more=more)
    for name, (own, router) in NODES.items():
        text += SITE_NODE.format(
            name=name, own=", ".join(own), own4=own[0], asn=NODE_AS,
            router4=router[0], router6=router[1], router_as=ROUTER_AS,
            more=(nodes or {}).get(name, ""))
    return text


class Node(sip_node.Node):
    """agent: further lines of the agent's file; theirs: ExaBGP's healthcheck
    runs in the place of our agent; bfd: a BIRD beside ExaBGP that does only
    that."""

    def __init__(self, space, build, *, site="", agent="", hold=9, bfd=False,
                 theirs=False):
        # pylint: disable=super-init-not-called
        self.space, self.dir = space, space.dir
        self.name, self.build = space.name, Path(build).resolve()
        self.cfg = self.write_cfg()
        self.hold, self.users_time = hold, 0
        (self.own, self.own6), self.router = NODES[self.name]
        self.defines = ["WITH_PINNER"]
        self.supervisor = Supervisor(space)
        for folder in ("run", "state", "var"):
            (self.dir / folder).mkdir()
        (self.dir / "secret").write_text(SECRET)
        (self.dir / "site.conf").write_text(site or site_text())
        self.theirs = theirs
        self.write_users(PASSWORDS)
        self.write_agent(agent)
        units = [self.pinner_unit(), self.kamailio_unit(), self.exabgp_unit()]
        if bfd:
            units.append(self.bfd_unit())
        for unit in units:
            self.supervisor.add(unit)

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

    def ctl(self, *words, check=True):
        return run(self.build / "bin/anycastctl", *words, "--node", self.name,
                   "--site", self.dir / "site.conf", check=check)

    # --- its parts

    def pinner_unit(self):
        (self.dir / "rtp-pinner.conf").write_text("\n".join([
            f"site = {self.dir}/site.conf", f"node = {self.name}",
            f"node-state = {self.dir}/node.state",
            f"state-dir = {self.dir}/state", f"listen = {NG[0]}:{NG[1]}",
            "port-min = 16384", "port-max = 17407", "threads = 1", ""]))
        return Unit("pinner", [
            self.build / "bin/rtp-pinner-hold", "--",
            self.build / "bin/rtp-pinner", "--config",
            self.dir / "rtp-pinner.conf"], ready=self.pinner_lacking,
            restart="on-failure", restart_sec=0)

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
                self.ctl("render", "kamailio"))
            return self.command("-P", self.dir / "kamailio.pid")

        return Unit("kamailio", command, ready=self.kamailio_lacking,
                    restart="on-failure", restart_sec=1, cwd=self.dir)

    def kamailio_lacking(self):
        try:
            with self.space.inside():
                probe = socket.create_connection((self.own, 80), 1)
            probe.close()
            self.rpc("core.version")
        except Exception as error:      # pylint: disable=broad-except
            return str(error)
        return ""

    def write_agent(self, more):
        """Its file: defaults, but for where this node's things are, and a
        hold-down that fits the length of a story."""
        (self.dir / "health-agent.conf").write_text(
            AGENT.format(dir=self.dir, name=self.name) + more + "\n")

    def exabgp_unit(self):
        self.write_exabgp()
        return Unit("exabgp", ["/usr/sbin/exabgp", self.dir / "exabgp.conf"],
                    restart="always", restart_sec=0.1, env=EXABGP_ENV,
                    main_only=True, watchdog=None if self.theirs else 8)

    def bfd_unit(self):
        """What `bfd' in the site file renders: sessions and nothing else."""
        (self.dir / "bfd.conf").write_text(
            f'log "{self.dir}/log/bfd" all;\nrouter id {self.own};\n'
            'protocol device { scan time 60; }\nprotocol bfd {\n'
            '\tinterface "r1" { interval 50 ms; multiplier 3; };\n' + "".join(
                f'\tneighbor {there} dev "r1" local {own};\n' for own, there
                in zip((self.own, self.own6), self.router)) + "}\n")
        control = self.dir / "bfd.ctl"

        def lacking():
            said = self.space.run("/usr/sbin/birdc", "-s", control,
                                  "show bfd sessions", check=False)
            return "" if said.count("Up") == 2 else said
        return Unit("bfd", ["/usr/sbin/bird", "-f", "-c", self.dir / "bfd.conf",
                            "-s", control], ready=lacking, restart="always")

    def write_exabgp(self):
        process = self.healthcheck() if self.theirs else \
            f"{self.build}/bin/anycast-health --config " \
            f"{self.dir}/health-agent.conf"
        text = f"process announcer {{\n\trun {process};\n\tencoder text;\n}}\n"
        for own, router in zip((self.own, self.own6), self.router):
            text += SESSION.format(
                router=router, own=own, own4=self.own, asn=NODE_AS,
                router_as=ROUTER_AS, hold=self.hold,
                family="ipv6" if ":" in own else "ipv4")
        (self.dir / "exabgp.conf").write_text(text)

    def healthcheck(self):
        """With its own timers, and an OPTIONS as its check."""
        return ("/usr/bin/python3 -m exabgp healthcheck --no-syslog "
                "--no-ip-setup --withdraw-on-down "
                + " ".join(f"--ip {prefix}" for prefix in PREFIXES)
                + f' --cmd "sipsak -s sip:{SERVICE[0]}"')

    # --- what is done to it

    def up(self, *names, wait=True):
        self.supervisor.up(*(names or self.supervisor.units))
        if wait:
            self.wait_ready(*names)

    def wait_ready(self, *names):
        self.supervisor.wait_ready(*(names or self.supervisor.units))

    def victims(self, part):
        """Whom a part's freezing means: all processes of Kamailio, of the
        others the one with this name."""
        unit, told = PARTS[part]
        found = [pid for pid in self.supervisor.processes(unit)
                 if told(command_line(pid))]
        assert found, f"{self.name}: there is no {part}"
        return found

    def victim(self, part):
        """Whom its killing means: the main process."""
        return self.victims(part)[0]


SWITCHES = (
    ("####### Modules\n", "\nlab.never302 = 0\nlab.http500 = 0\n"),
    ("request_route {\n",
     "\tif (is_method(\"INVITE\") && $sel(cfg_get.lab.never302) == 1) {\n"
     "\t\tsl_send_reply(\"200\", \"OK\");\n\t\texit;\n\t}\n"),
    ("event_route[xhttp:request] {\n",
     "\tif ($sel(cfg_get.lab.http500) == 1) {\n"
     "\t\txhttp_reply(\"500\", \"Broken\", \"\", \"\");\n\t\texit;\n\t}\n"),
)


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
    "healthcheck": ("exabgp", lambda words: "healthcheck" in words),
}

EXABGP_ENV = {
    "exabgp_daemon_daemonize": "false", "exabgp_daemon_drop": "false",
    "exabgp_daemon_user": "root", "exabgp_api_cli": "false",
    "exabgp_log_destination": "stderr", "exabgp_tcp_bind": "",
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
}

SESSION = """neighbor {router} {{
	router-id {own4};
	local-address {own};
	local-as {asn};
	peer-as {router_as};
	hold-time {hold};
	family {{ {family} unicast; }}
	api {{ processes [ announcer ]; neighbor-changes; }}
}}
"""
