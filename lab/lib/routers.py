# SPDX-License-Identifier: GPL-2.0-or-later
"""routers.py - BIRD as a router that nodes announce to, and what it knows

Its sessions with the nodes are what `anycastctl render bird' prints of the site
file.  A router belongs to a space and is run by its supervisor; tests of other
parts may use it in a namespace of their own: what it needs of a space is name,
dir and run().
"""
import re

from .supervisor import Unit

ROUTER_NICE = -10   # a router has a machine of its own, for BFD above all
GRACEFUL_SHUTDOWN = "65535:0"
NO_EXPORT = "65535:65281"


class Neighbor:
    """Another router; it gets all routes.  own: our address on that link."""

    def __init__(self, name, own, address, asn):
        self.name, self.own, self.address, self.asn = name, own, address, asn
        self.family = 6 if ":" in address else 4


class Route:
    """A path the router has: via, med, local_pref, communities, as_path."""

    def __init__(self, via, med, local_pref, communities, as_path, best):
        self.via, self.med, self.local_pref = via, med, local_pref
        self.communities, self.as_path = communities, as_path
        self.best = best

    def __repr__(self):
        return (f"via {self.via} med {self.med} local-pref {self.local_pref} "
                f"communities {self.communities}{' best' if self.best else ''}")


class Bird:
    """rendered: a text for each node, anycastctl's; others: Neighbors; ospf:
    interfaces towards nodes, the nearest first."""

    name = target = "bird"

    def __init__(self, space, asn, router_id, rendered=(), others=(), ospf=()):
        self.space, self.asn = space, asn
        self.conf = space.dir / "bird.conf"
        self.socket = space.dir / "bird.ctl"
        parts = [BIRD.format(id=router_id, dir=space.dir), *rendered]
        parts += [self._session(n) for n in others]
        if ospf:
            parts += [OSPF.format(version=version, family=family, links="".join(
                f'interface "{link}" {{ hello 1; dead count 4; cost {cost}; }}; '
                for cost, link in enumerate(ospf, 10))) for version, family in
                (("v2", 4), ("v3", 6))]
        self.conf.write_text("".join(parts))

    def units(self):
        yield Unit("bird", ["/usr/sbin/bird", "-f", "-c", self.conf, "-s",
                            self.socket], ready=self.lacking, nice=ROUTER_NICE)

    def lacking(self):
        return "" if "up and running" in self.birdc("show status") \
            else "birdc show status"

    def birdc(self, *words):
        return self.space.run("/usr/sbin/birdc", "-s", self.socket, *words,
                              check=False)

    def _session(self, n):
        return f"""protocol bgp {n.name}_{n.family} {{
	local {n.own} as {self.asn};
	neighbor {n.address} as {n.asn};
	connect delay time 1;
	connect retry time 1;
	ipv{n.family} {{ import all; export where source = RTS_BGP; }};
}}
"""

    # --- what it knows

    def session_up(self, node, family):
        """The node's first session is the one of IPv4."""
        return "Established" in self.birdc(
            "show", "protocols", f"anycast_{node}_{1 if family == 4 else 2}")

    def routes(self, prefix):
        return [bird_route(part) for part in bird_parts(
            self.birdc("show", "route", prefix, "all"))]


def bird_parts(text):
    """Each path of `show route ... all': its lines."""
    part = []
    for line in text.splitlines():
        if re.match(r"\S*\s+(unicast|unreachable|blackhole) \[", line):
            if part:
                yield "\n".join(part)
            part = [line]
        elif part:
            part.append(line)
    if part:
        yield "\n".join(part)


def bird_route(part):
    def attribute(name):
        found = re.search(rf"^\s*{name}: (.*)$", part, re.M)
        return found[1] if found else ""

    via = re.search(r"^\s*via (\S+)", part, re.M)
    pairs = re.findall(r"\((\d+),\s*(\d+)\)", attribute(r"BGP\.community"))
    return Route(via[1] if via else "",
                 int(attribute(r"BGP\.med") or 0),
                 int(attribute(r"BGP\.local_pref") or 0),
                 [f"{a}:{b}" for a, b in pairs],
                 attribute(r"BGP\.as_path").split(),
                 "*" in part.splitlines()[0].partition("]")[2])


BIRD = """log "{dir}/log/bird" all;
router id {id};
debug protocols {{ states }};
protocol device {{ }}
protocol bfd {{ }}
protocol kernel {{ ipv4 {{ export where source != RTS_DEVICE; }}; }}
protocol kernel {{ ipv6 {{ export where source != RTS_DEVICE; }}; }}
"""

OSPF = """protocol ospf {version} {{
	ipv{family} {{ import all; export none; }};
	area 0 {{ {links} }};
}}
"""
