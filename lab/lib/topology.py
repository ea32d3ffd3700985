# SPDX-License-Identifier: GPL-2.0-or-later
"""topology.py - the machines of the lab, their cables and addresses

    caller  203.0.113.10  2001:db8:c::10
       |
    c1 |    203.0.113.1   2001:db8:c::1
    .--+--.
    | r1  | AS 64500, the router ------- r2 AS 64501, only where a story
    '-+-+-'                              |  needs somebody farther away
      | | 198.51.100.1   2001:db8:1::1   |
      | | 198.51.100.65  2001:db8:2::1   c2
      | |
      | '---------------------.
    fra1 198.51.100.11        ams1 198.51.100.75
         2001:db8:1::11            2001:db8:2::75      AS 64511
         Kamailio, rtp-pinner,     the same
         ExaBGP with its agent
    lo:  192.0.2.53  2001:db8:53::53, on both: the service addresses

Each node has a session with r1 for each family (eBGP) and announces the two
service addresses.  r1 prefers fra1, whose router id is lower.
"""
from .spaces import Space, join

SERVICE = ("192.0.2.53", "2001:db8:53::53")
PREFIXES = ("192.0.2.53/32", "2001:db8:53::53/128")
CALLER = ("203.0.113.10", "2001:db8:c::10")
CALLER_NET = ("203.0.113.1", "2001:db8:c::1")
FAR = ("203.0.113.138", "2001:db8:d::10")
FAR_NET = ("203.0.113.129", "2001:db8:d::1")
NODE_AS, ROUTER_AS, UPSTREAM_AS = 64511, 64500, 64501
# node: its addresses, and those of the router on its link
NODES = {
    "fra1": (("198.51.100.11", "2001:db8:1::11"),
             ("198.51.100.1", "2001:db8:1::1")),
    "ams1": (("198.51.100.75", "2001:db8:2::75"),
             ("198.51.100.65", "2001:db8:2::1")),
}
UPSTREAM = (("198.51.100.130", "2001:db8:3::2"),
            ("198.51.100.129", "2001:db8:3::1"))
ROUTER_IDS = {"r1": "203.0.113.1", "r2": "203.0.113.129"}
NOBODY = "02:00:00:00:00:99"
BITS = ("26", "64")

# The drawing above: what a story shows first.
DRAWING = __doc__.split("\n\n", 1)[1].rsplit("\n\n", 1)[0]


def address(space, link, both, bits=BITS):
    space.ip(f"addr add {both[0]}/{bits[0]} dev {link}",
             f"addr add {both[1]}/{bits[1]} dev {link} nodad")


def default(space, via):
    space.ip(f"route add default via {via[0]}")
    space.ip(f"route add default via {via[1]}")


def link(router, space, own, router_own, bits=BITS):
    """Cable space to router; the rest of the world lies behind the router."""
    join(router, space)
    address(space, router.name, own, bits)
    address(router, space.name, router_own, bits)
    default(space, router_own)


def router(name):
    space = Space(name)
    space.sysctl("net.ipv4.ip_forward", 1)
    space.sysctl("net.ipv6.conf.all.forwarding", 1)
    return space


# --- what may happen to a cable

def cut(spaces, name):
    """No carrier at either end."""
    spaces[name].ip("link set r1 down")


def mend(spaces, name):
    own, router_own = NODES[name]
    space = spaces[name]
    space.ip("link set r1 up")
    # a link that goes down forgets these
    space.ip(*[f"addr replace {a}/{bits} dev r1{' nodad' if ':' in a else ''}"
               for a, bits in zip(own, BITS)])
    space.ip(*[f"route replace default via {a}" for a in router_own])


def lose_silently(spaces, name):
    """Both ends keep their carrier and send to nobody."""
    own, router_own = NODES[name]
    spaces["r1"].ip(*[f"neigh replace {a} lladdr {NOBODY} dev {name} "
                      "nud permanent" for a in own])
    spaces[name].ip(*[f"neigh replace {a} lladdr {NOBODY} dev r1 "
                      "nud permanent" for a in router_own])


def find_again(spaces, name):
    own, router_own = NODES[name]
    spaces["r1"].ip(*[f"neigh del {a} dev {name}" for a in own])
    spaces[name].ip(*[f"neigh del {a} dev r1" for a in router_own])


def lay_out(upstream=False):
    """Space of each machine by its name."""
    spaces = {"r1": router("r1"), "c1": Space("c1")}
    link(spaces["r1"], spaces["c1"], CALLER, CALLER_NET, ("25", "64"))
    for name, (own, router_own) in NODES.items():
        space = spaces[name] = Space(name)
        link(spaces["r1"], space, own, router_own)
        space.ip(*[f"addr add {a}/{bits} dev lo{' nodad' if bits == 128 else ''}"
                   for a, bits in zip(SERVICE, (32, 128))])
    if upstream:
        spaces["r2"], spaces["c2"] = router("r2"), Space("c2")
        join(spaces["r1"], spaces["r2"])
        address(spaces["r2"], "r1", UPSTREAM[0])
        address(spaces["r1"], "r2", UPSTREAM[1])
        # what r1 has besides the service; the service it must be told of
        spaces["r2"].ip(f"route add 198.51.100.0/25 via {UPSTREAM[1][0]}",
                        f"route add 203.0.113.0/25 via {UPSTREAM[1][0]}")
        spaces["r2"].ip(*[f"route add 2001:db8:{net}::/64 via "
                          f"{UPSTREAM[1][1]}" for net in ("1", "2", "c")])
        spaces["r1"].ip(f"route add 203.0.113.128/25 via {UPSTREAM[0][0]}")
        spaces["r1"].ip(f"route add 2001:db8:d::/64 via {UPSTREAM[0][1]}")
        link(spaces["r2"], spaces["c2"], FAR, FAR_NET, ("25", "64"))
    return spaces
