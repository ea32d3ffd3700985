# SPDX-License-Identifier: GPL-2.0-or-later
"""frr.py - FRR as the router: zebra, bgpd and, where asked for, bfdd

FRR makes local-pref 0 of 65535:0 on its own for eBGP (RFC 8326), so it needs no
policy for a drain.
"""
import json
import os
import shutil

from .routers import Route
from .supervisor import Unit

DAEMONS = "/usr/lib/frr"


class Frr:
    name = "frr"

    def __init__(self, space, asn, router_id, neighbors):
        self.space, self.asn, self.router_id = space, asn, router_id
        self.neighbors = list(neighbors)
        self.dir = space.dir / "frr"
        self.dir.mkdir()
        os.makedirs("/run/frr", exist_ok=True)
        self.files = self.configure()
        for name, text in self.files.items():
            (self.dir / f"{name}.conf").write_text(text)
        for path in (self.dir, *self.dir.iterdir()):
            shutil.chown(path, "frr", "frr")    # it gives root up

    def configure(self):
        """The text of each daemon's file."""
        bgp = BGP.format(asn=self.asn, id=self.router_id)
        for n in self.neighbors:
            bgp += SESSION.format(a=n.address, asn=n.asn, hold=n.hold,
                                  keep=max(1, n.hold // 3),
                                  bfd=f" neighbor {n.address} bfd profile fast\n"
                                  if n.bfd else "")
        for family in (4, 6):
            bgp += f" address-family ipv{family} unicast\n" \
                "  maximum-paths 1\n" + "".join(
                    f"  neighbor {n.address} activate\n"
                    for n in self.neighbors if n.family == family) + \
                " exit-address-family\n"
        files = {"zebra": "", "bgpd": bgp}
        if any(n.bfd for n in self.neighbors):
            files["bfdd"] = BFD
        return files

    def units(self, names=None):
        for name in names or self.files:
            yield Unit(name, [
                f"{DAEMONS}/{name}", "-f", self.dir / f"{name}.conf", "-i",
                self.dir / f"{name}.pid", "--vty_socket", self.dir, "-z",
                self.dir / "zserv.api", "--log", "stdout", "-u", "frr", "-g",
                "frr"], ready=lambda name=name: self.lacking(name))

    def lacking(self, daemon):
        said = self.vtysh("show version", daemon)
        return "" if "FRRouting" in said else said or "no answer"

    def vtysh(self, command, daemon="bgpd"):
        return self.space.run("vtysh", "--vty_socket", self.dir, "-d", daemon,
                              "-c", command, check=False)

    def neighbor(self, name, family):
        found, = (n for n in self.neighbors
                  if n.name == name and n.family == family)
        return found

    def json(self, command):
        text = self.vtysh(f"{command} json")
        try:
            return json.loads(text)
        except ValueError:
            return {}

    def session_up(self, name, family):
        address = self.neighbor(name, family).address
        found = self.json(f"show bgp neighbors {address}")
        return found.get(address, {}).get("bgpState") == "Established"

    def routes(self, prefix):
        family = "ipv6" if ":" in prefix else "ipv4"
        found = self.json(f"show bgp {family} unicast {prefix}")
        return [Route(
            path["nexthops"][0]["ip"], path.get("metric", 0),
            path.get("locPrf", 100),
            path.get("community", {}).get("string", "").split(),
            path["aspath"]["string"].split(),
            "bestpath" in path and path["bestpath"].get("overall", False))
            for path in found.get("paths", [])]


BGP = """router bgp {asn}
 bgp router-id {id}
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 no bgp network import-check
"""

SESSION = """ neighbor {a} remote-as {asn}
 neighbor {a} timers {keep} {hold}
 neighbor {a} timers connect 1
 neighbor {a} advertisement-interval 0
{bfd}"""

BFD = """bfd
 profile fast
  receive-interval 50
  transmit-interval 50
  detect-multiplier 3
"""
