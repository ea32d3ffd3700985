# SPDX-License-Identifier: GPL-2.0-or-later
"""routers.py - BIRD as a router that nodes announce to, and what it knows

A Bird belongs to a space and is run by its supervisor.  Tests of other parts
may use it in a namespace of their own: what it needs of a space is dir, run()
and words().
"""
import re

from .supervisor import Unit

GRACEFUL_SHUTDOWN = "65535:0"


class Neighbor:
    """One session, of one family.  own: our address on that link."""

    def __init__(self, name, own, address, asn, *, bfd=False, hold=9,
                 upstream=False):
        self.name, self.own, self.address, self.asn = name, own, address, asn
        self.bfd, self.hold, self.upstream = bfd, hold, upstream
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
    """neighbors: those it has sessions with; upstream ones get all routes."""

    name = "bird"

    def __init__(self, space, asn, router_id, neighbors, *, ospf=()):
        self.space, self.asn, self.router_id = space, asn, router_id
        self.neighbors, self.ospf = list(neighbors), tuple(ospf)
        self.conf = space.dir / "bird.conf"
        self.socket = space.dir / "bird.ctl"
        self.conf.write_text(self.text())

    def units(self):
        yield Unit("bird", ["/usr/sbin/bird", "-f", "-c", self.conf, "-s",
                            self.socket], ready=self.lacking)

    def lacking(self):
        return "" if "up and running" in self.birdc("show status") \
            else "birdc show status"

    def birdc(self, *words):
        return self.space.run("/usr/sbin/birdc", "-s", self.socket, *words,
                              check=False)

    # --- its configuration

    def text(self):
        parts = [BIRD.format(id=self.router_id, dir=self.space.dir)]
        if any(n.bfd for n in self.neighbors):
            links = " ".join(
                f'interface "{name}" {{ interval 50 ms; multiplier 3; }};'
                for name in sorted({n.name for n in self.neighbors if n.bfd}))
            parts.append(f"protocol bfd {{ {links} }}\n")
        parts += [self._session(n) for n in self.neighbors]
        parts += [OSPF.format(version=version, family=family, links="".join(
            f'interface "{link}" {{ type ptp; hello 1; dead 4; }}; '
            for link in self.ospf)) for version, family in
            (("v2", 4), ("v3", 6)) if self.ospf]
        return "".join(parts)

    def _session(self, n):
        return f"""protocol bgp {n.name}_{n.family} {{
	local {n.own} as {self.asn};
	neighbor {n.address} as {n.asn};
	hold time {n.hold};
	# BIRD is silent to a neighbour after an error, for up to five minutes
	# unless told otherwise.
	error wait time 1, 2;
	error forget time 1;
	connect delay time 1;
	connect retry time 1;
	{"bfd on;" if n.bfd else ""}
	ipv{n.family} {{
		import {"all" if n.upstream else "filter from_nodes"};
		export {"where source = RTS_BGP" if n.upstream else "none"};
	}};
}}
"""

    # --- what it knows

    def session_up(self, name, family):
        return "Established" in self.birdc("show", "protocols",
                                           f"{name}_{family}")

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


# What an operator's router needs: the policy of RFC 8326, section 4.2.
BIRD = """log "{dir}/log/bird" all;
router id {id};
debug protocols {{ states }};
protocol device {{ scan time 60; }}
protocol kernel {{ scan time 60; ipv4 {{ export where source != RTS_DEVICE; }}; }}
protocol kernel {{ scan time 60; ipv6 {{ export where source != RTS_DEVICE; }}; }}
filter from_nodes {{
	if (65535, 0) ~ bgp_community then bgp_local_pref = 0;
	accept;
}}
"""

OSPF = """protocol ospf {version} {{
	ipv{family} {{ import all; export none; }};
	area 0 {{ {links} }};
}}
"""
