# SPDX-License-Identifier: GPL-2.0-or-later
"""stage.py - two nodes with all that runs on one, and clients by the thousand

As the lab's other worlds, but r1 has no BGP: where a client's packets for the
service go is said by paths.py.  Each node runs Kamailio with the shipped
kamailio.cfg, TLS included, rtp-pinner and anycast-health, which says here what it
would announce and to nobody.
"""
import hashlib
import ssl
from pathlib import Path as File

from . import topology
from .binrpc import asked
from .files import shipped, site_text
from .nodes import Node, domain
from .paths import Roads
from .spaces import run
from .supervisor import Unit

# pylint: disable=wrong-import-order
from waiting import until       # tests/: files.py has added it to the path

PASSWORD = "wonder-land"
# two nodes and thousands of phones on one machine, and none of them is to fail
PATIENT = "interval = 5s\ntimeout = 5s\nfall = 5"
NETS = ("198.18.0.0/15", "2001:db8:c1::/48")
NAMES = {name: f"{name}.{domain}" for name in topology.NODES}


class Server(Node):
    """users: how many callers and callees it knows."""

    def __init__(self, space, build, users, certificate):
        self.users, self.certificate = users, certificate
        super().__init__(space, build, site=site(),
                         agent={"agent": PATIENT})

    def write_users(self, _passwords):
        lines = ["username(string) ha1(string)"]
        for name in self.users:
            text = f"{name}:{domain}:{PASSWORD}"
            lines.append(f"{name}:{hashlib.md5(text.encode()).hexdigest()}")
        (self.dir / "users").write_text("\n".join(lines) + "\n")
        shipped_tls = File(__file__).parents[2] / "configs/kamailio/tls.cfg"
        (self.dir / "tls.cfg").write_text(
            shipped_tls.read_text()
            .replace("/etc/sip-anycast/tls/", f"{self.certificate}/")
            .replace("/etc/ssl/certs/ca-certificates.crt",
                     f"{self.certificate}/node.crt"))

    def command(self, *more):
        """tm keeps a transaction for a while: thousands of them need room."""
        return super().command("-m", "512", *more)

    def exabgp_unit(self):
        return Unit("agent", [
            self.build / "bin/anycast-health", "--config",
            self.dir / "health-agent.conf", "--site", self.dir / "site.conf",
            "--node", self.name, "--output", "dry-run"],
            ready=self.exabgp_lacking, **shipped("health"))


def site():
    return site_text("tls = yes", {name: f"host = {host}"
                                   for name, host in NAMES.items()})


def make_certificate(folder):
    """One for both nodes and the service, its own authority."""
    names = ",".join(f"DNS:{name}" for name in (domain, *NAMES.values()))
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
        "2", "-subj", f"/CN={domain}", "-addext", f"subjectAltName={names}",
        "-keyout", folder / "node.key", "-out", folder / "node.crt")
    return folder


class Stage:
    """users: the names both nodes know."""

    def __init__(self, build, users):
        self.spaces = topology.lay_out()
        c1 = self.spaces["c1"]
        # any address of these is c1's
        c1.ip(*[f"route add local {net} dev lo" for net in NETS])
        c1.sysctl("net.ipv6.ip_nonlocal_bind", 1)
        self.spaces["r1"].ip(*[f"route add {net} via {via}" for net, via
                               in zip(NETS, topology.CALLER)])
        self.roads = Roads(self.spaces["r1"])
        certificate = make_certificate(c1.dir)
        self.nodes = {name: Server(self.spaces[name], build, users, certificate)
                      for name in topology.NODES}
        for node in self.nodes.values():
            node.up(wait=False)
        for node in self.nodes.values():
            node.wait_ready()
        for node in self.nodes.values():
            # how soon a phone that is gone is a 408: 4 s, not 10; and one
            # that rings: 5 s, not 180
            node.rpc("cfg.set_now_int", "tm", "fr_timer", "4000")
            node.rpc("cfg.set_now_int", "tm", "fr_inv_timer", "5000")
            until(f"both nodes up, as {node.name} sees it", lambda n=node:
                  n.rpc("anycast.nodes").count("state: up") == 2)
        self.tls = ssl.create_default_context(cafile=certificate / "node.crt")
        self.hosts = {domain: topology.SERVICE}
        for name, (own, _) in topology.NODES.items():
            self.hosts[NAMES[name]] = own
        # who a certificate must name at an address
        self.named = {ip: name for name, ips in self.hosts.items()
                      for ip in ips}

    def know(self, user, call_id):
        """Do both nodes have a binding, the one this REGISTER has made?"""
        said = [asked(node.dir / "ctl", "ul.lookup", "location", user)
                for node in self.nodes.values()]
        return all(text and call_id.encode() in text for text in said)

    def leave(self):
        for node in self.nodes.values():
            node.supervisor.leave()

    def counters(self):
        """What each node counted of strays, as text."""
        for name, node in self.nodes.items():
            for words in (("anycast.strays",),
                          ("stats.get_statistics", "anycast:"),
                          ("stats.get_statistics", "script:")):
                try:
                    said = node.rpc(*words)
                except Exception as error:  # pylint: disable=broad-except
                    said = str(error)
                yield f"-- {name}: {' '.join(words)}\n" + "\n".join(
                    line for line in said.splitlines()
                    if not line.endswith(" = 0"))

    def logs(self):
        for node in self.nodes.values():
            yield node.supervisor.log_end("kamailio", lines=30)

    def broken(self):
        """What must not have happened to a node by now; "" if nothing has."""
        for name, node in self.nodes.items():
            for unit in node.supervisor.units.values():
                if unit.ended or unit.starts > 1:
                    return f"{name}: {unit.name} ended ({unit.ended})"
        return ""
