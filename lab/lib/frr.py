# SPDX-License-Identifier: GPL-2.0-or-later
"""frr.py - FRR as the router: zebra, bgpd and, where asked for, bfdd

Its sessions are what `anycastctl render frr' prints.
"""
import json
import os
import shutil

from .routers import GRACEFUL_SHUTDOWN, NO_EXPORT, Route
from .supervisor import Unit
from .topology import NODES

NAMES = {"graceful-shutdown": GRACEFUL_SHUTDOWN, "no-export": NO_EXPORT}
DAEMONS = "/usr/lib/frr"


class Frr:
    name = target = "frr"

    def __init__(self, space, asn, router_id, rendered=()):
        self.space, self.dir = space, space.dir / "frr"
        self.dir.mkdir()
        os.makedirs("/run/frr", exist_ok=True)
        text = "\n".join(rendered)
        self.files = {"zebra": "", "bgpd": BGP.format(asn=asn, id=router_id)
                      + text}
        if " bfd " in text:
            self.files["bfdd"] = ""
        for name, text in self.files.items():
            (self.dir / f"{name}.conf").write_text(text)
        for path in (self.dir, *self.dir.iterdir()):
            shutil.chown(path, "frr", "frr")    # it gives root up

    def units(self):
        for name in self.files:
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

    def json(self, command):
        text = self.vtysh(f"{command} json")
        try:
            return json.loads(text)
        except ValueError:
            return {}

    def session_up(self, node, family):
        address = NODES[node][0][family == 6]
        found = self.json(f"show bgp neighbors {address}")
        return found.get(address, {}).get("bgpState") == "Established"

    def routes(self, prefix):
        family = "ipv6" if ":" in prefix else "ipv4"
        found = self.json(f"show bgp {family} unicast {prefix}")
        return [Route(
            path["nexthops"][0]["ip"], path.get("metric", 0),
            path.get("locPrf", 100),
            [NAMES.get(word, word) for word in
             path.get("community", {}).get("string", "").split()],
            path["aspath"]["string"].split(),
            "bestpath" in path and path["bestpath"].get("overall", False))
            for path in found.get("paths", [])]


# One path is used, as with the other routers here: a story tells whose it is.
BGP = """router bgp {asn}
 bgp router-id {id}
 bgp bestpath compare-routerid
 address-family ipv4 unicast
  maximum-paths 1
 exit-address-family
 address-family ipv6 unicast
  maximum-paths 1
 exit-address-family
exit
"""
