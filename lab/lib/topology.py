# SPDX-License-Identifier: GPL-2.0-or-later
"""topology.py - the machines of the lab, their cables and addresses

    caller  203.0.113.10  2001:db8:c::10
       |
    c1 |    203.0.113.1   2001:db8:c::1
    .--+--.
    | r1  |  the router, AS 64500
    '-+-+-'
      | | 198.51.100.1   2001:db8:1::1
      | | 198.51.100.65  2001:db8:2::1
      | '---------------------.
    fra1 198.51.100.11        ams1 198.51.100.75
         2001:db8:1::11            2001:db8:2::75      AS 64511
         Kamailio, rtp-pinner,     the same
         ExaBGP with its agent
    lo:  192.0.2.53  2001:db8:53::53, on both: the service addresses

Each node has a session with r1 for each family (eBGP) and announces the two
service addresses.  r1 prefers fra1, whose router id is lower.

Where a story needs a second hop (far=True), ams1 is behind another router:

    c1 --- r1 AS 64500 ------ r2 AS 64501 --- c2
           |                  |
           fra1               ams1
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
ASES = {"r1": ROUTER_AS, "r2": UPSTREAM_AS}
NOBODY = "02:00:00:00:00:99"
BITS = ("26", "64")

# The drawings above: what a story shows first.
_PARTS = __doc__.split("\n\n")
DRAWING, FAR_DRAWING = _PARTS[1], _PARTS[4]


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


# --- what may happen to a cable, and to a host

def hide(space, address_):
    """Nothing the machine sends to this neighbour arrives."""
    dev = space.run("ip", "-o", "route", "get", address_).split(" dev ")[1]
    space.ip(f"neigh replace {address_} lladdr {NOBODY} dev {dev.split()[0]} "
             "nud permanent")


def unhide(space, address_):
    dev = space.run("ip", "-o", "route", "get", address_).split(" dev ")[1]
    space.ip(f"neigh del {address_} dev {dev.split()[0]}")


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


def lay_out(far=False):
    """Space of each machine by its name."""
    spaces = {"r1": router("r1"), "c1": Space("c1")}
    link(spaces["r1"], spaces["c1"], CALLER, CALLER_NET, ("25", "64"))
    if far:
        spaces["r2"], spaces["c2"] = router("r2"), Space("c2")
        _second_hop(spaces["r1"], spaces["r2"])
        link(spaces["r2"], spaces["c2"], FAR, FAR_NET, ("25", "64"))
    for name, (own, router_own) in NODES.items():
        space = spaces[name] = Space(name)
        link(spaces[router_of(name, far)], space, own, router_own)
        space.ip(*[f"addr add {a}/{bits} dev lo{' nodad' if bits == 128 else ''}"
                   for a, bits in zip(SERVICE, (32, 128))])
    return spaces


def router_of(node, far):
    return "r2" if far and node == "ams1" else "r1"


def others(router_name):
    """(name, own address, address, AS) of its sessions with the other one."""
    there, here = UPSTREAM[::-1] if router_name == "r2" else UPSTREAM
    other = "r1" if router_name == "r2" else "r2"
    return [(other, *pair, ASES[other]) for pair in zip(here, there)]


def _second_hop(r1, r2):
    """What each has besides the service; of that it must be told."""
    join(r1, r2)
    address(r2, "r1", UPSTREAM[0])
    address(r1, "r2", UPSTREAM[1])
    for space, via, nets in (
            (r1, UPSTREAM[0], ("198.51.100.64/26", "203.0.113.128/25",
                               "2001:db8:2::/64", "2001:db8:d::/64")),
            (r2, UPSTREAM[1], ("198.51.100.0/26", "203.0.113.0/25",
                               "2001:db8:1::/64", "2001:db8:c::/64"))):
        space.ip(*[f"route add {net} via {via[':' in net]}" for net in nets])
