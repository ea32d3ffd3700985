# SPDX-License-Identifier: GPL-2.0-or-later
"""gobgp.py - GoBGP as the router

GoBGP installs no routes, and 3.10 breaks on what the zebra of FRR 8.4 says: so
it hands its best paths on to a BIRD beside it, which does no more than that.
"""
import json

from .routers import Route
from .supervisor import Unit
from .topology import NODES, NODE_AS


class Gobgp:
    """anycastctl renders nothing for it: the sessions are those of BIRD's."""

    name, target = "gobgp", None

    def __init__(self, space, asn, router_id, rendered=()):
        assert not rendered
        self.space = space
        text = GLOBAL.format(asn=asn, id=router_id)
        for own, router in NODES.values():
            for a, b in zip(own, router):
                text += SESSION.format(a=a, asn=NODE_AS, own=b, hold=9, keep=3)
                text += FAMILY.format(6 if ":" in a else 4)
        text += SESSION.format(a="127.0.0.2", asn=asn, own="127.0.0.1",
                               hold=90, keep=30) + FAMILY.format(4) \
            + FAMILY.format(6)
        self.conf = space.dir / "gobgpd.conf"
        self.conf.write_text(text)
        self.fib = space.dir / "fib.conf"
        self.fib.write_text(FIB.format(asn=asn, dir=space.dir))

    def units(self):
        yield Unit("gobgpd", [
            "/usr/bin/gobgpd", "-f", self.conf, "-p", "--api-hosts",
            "127.0.0.1:50051", "--pprof-disable", "--cpus", "1"],
            ready=lambda: "" if "Router-ID" in self.gobgp("global")
            else "gobgp global")
        control = self.space.dir / "fib.ctl"
        yield Unit("fib", ["/usr/sbin/bird", "-f", "-c", self.fib, "-s",
                           control], ready=lambda: "" if "Established" in
                   self.space.run("/usr/sbin/birdc", "-s", control, "show",
                                  "protocols", "gobgp", check=False)
                   else "no session with GoBGP")

    def gobgp(self, *words):
        return self.space.run("/usr/bin/gobgp", *words, check=False)

    def session_up(self, node, family):
        address = NODES[node][0][family == 6]
        return "ESTABLISHED" in self.gobgp("neighbor", address)

    def routes(self, prefix):
        family = "ipv6" if ":" in prefix else "ipv4"
        text = self.gobgp("global", "rib", prefix, "-a", family, "-j")
        try:
            found = json.loads(text)
        except ValueError:
            return []
        return [gobgp_route(path) for path in found.get(prefix, ())]


def gobgp_route(path):
    found = {attr["type"]: attr for attr in path["attrs"]}
    via = found.get(3, {}).get("nexthop") or found.get(14, {}).get("nexthop")
    communities = [f"{c >> 16}:{c & 0xffff}"
                   for c in found.get(8, {}).get("communities", [])]
    as_path = [str(asn) for part in found[2]["as_paths"]
               for asn in part["asns"]]
    return Route(via, found.get(4, {}).get("metric", 0),
                 found.get(5, {}).get("value", 100), communities, as_path,
                 path["best"])


GLOBAL = """[global.config]
  as = {asn}
  router-id = "{id}"
  port = 179
[global.route-selection-options.config]
  external-compare-router-id = true
[[defined-sets.bgp-defined-sets.community-sets]]
  community-set-name = "graceful-shutdown"
  community-list = ["65535:0"]
[[policy-definitions]]
  name = "from-nodes"
  [[policy-definitions.statements]]
    [policy-definitions.statements.conditions.bgp-conditions.match-community-set]
      community-set = "graceful-shutdown"
      match-set-options = "any"
    [policy-definitions.statements.actions]
      route-disposition = "accept-route"
      [policy-definitions.statements.actions.bgp-actions]
        set-local-pref = 1
[global.apply-policy.config]
  import-policy-list = ["from-nodes"]
  default-import-policy = "accept-route"
"""

SESSION = """[[neighbors]]
  [neighbors.config]
    neighbor-address = "{a}"
    peer-as = {asn}
  [neighbors.timers.config]
    hold-time = {hold}
    keepalive-interval = {keep}
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.transport.config]
    local-address = "{own}"
    passive-mode = true
"""

FAMILY = """  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv{}-unicast"
"""

FIB = """log "{dir}/log/fib" all;
router id 127.0.0.2;
protocol device {{ scan time 60; }}
protocol direct {{ ipv4; ipv6; }}
protocol kernel {{ scan time 60; ipv4 {{ export where source = RTS_BGP; }}; }}
protocol kernel {{ scan time 60; ipv6 {{ export where source = RTS_BGP; }}; }}
protocol bgp gobgp {{
	local 127.0.0.2 port 1790 as {asn};
	neighbor 127.0.0.1 as {asn};
	multihop;
	connect delay time 1;
	connect retry time 1;
	ipv4 {{ import all; export none; }};
	ipv6 {{ import all; export none; }};
}}
"""
