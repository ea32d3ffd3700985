# SPDX-License-Identifier: GPL-2.0-or-later
"""cluster.py - some nodes with the shipped kamailio.cfg, each a machine of its own

                      outside 198.51.100.1
                         |  (phones, strangers; route() says which node has
          ---------------+-------------   the service address 192.0.2.53)
          |              |            |
     fra1 .11        ams1 .12      par1 .13

A Member is a Node of node.py in a network namespace, with a copy of the site
file of its own.  Phones are opened with `with cluster.outside.inside()'.
To be used after spaces.enter().
"""
import sys

from node import SOURCE, Node

sys.path.insert(0, str(SOURCE / "lab"))
# pylint: disable=wrong-import-position
from lib.spaces import Space, enter, join, run  # noqa: E402

NAMES = ("fra1", "ams1", "par1")
SERVICE = "192.0.2.53"
NET = "198.51.100"
SECRET = "a secret of the tests only\n"

__all__ = ["Cluster", "Member", "enter", "run"]


def address(name):
    return f"{NET}.{11 + NAMES.index(name)}"


def site_text(names=NAMES, *, domain=Node.domain, service="", nodes=None,
              secrets="secret = file:secret", at=SERVICE, own=address):
    """service: more lines of [service]; nodes: more lines by node name;
    secrets: its lines; at: the service's addresses; own: those of a name."""
    text = (f"[service]\ndomain = {domain}\naddress = {at}\n"
            f"{secrets}\nhttp-port = 8080\n{service}\n")
    for name in names:
        text += (f"[node {name}]\naddress = {own(name)}\n"
                 f"host = {name}.{domain}\nhttp = http://{address(name)}:8080\n"
                 f"{(nodes or {}).get(name, '')}\n")
    return text


class Member(Node):
    strays = 2

    def __init__(self, build, name, space, text, **options):
        self.name, self.space, self.text = name, space, text
        super().__init__(build, service=SERVICE, own=address(name), **options)

    def write_site(self, _extra=""):
        (self.dir / "site.conf").write_text(self.text)

    def ctl(self, *words):
        return run(self.build / "bin/anycastctl", *words, "--node", self.name,
                   "--site", self.dir / "site.conf")

    def command(self, *more):
        return self.space.words(*super().command(*more))


class Cluster:
    def __init__(self, build, names=NAMES, *, service="", texts=None,
                 kind=Member, **options):
        """texts: another site file for some, by name; kind: of Member."""
        self.outside = Space("outside")
        self.hub = Space("hub")
        self.hub.ip("link add bridge type bridge", "link set bridge up")
        self._plug(self.outside, f"{NET}.1")
        self.members, self.spaces = {}, []
        for name in names:
            space = Space(name)
            self.spaces.append(space)
            self._plug(space, address(name))
            space.ip(f"addr add {SERVICE}/32 dev lo",
                     f"route add default via {NET}.1 dev hub")
            text = (texts or {}).get(name) or site_text(names, service=service)
            self.members[name] = kind(build, name, space, text, **options)
            # where its phones are: for unbroken.py
            self.members[name].inside = self.outside.inside
            self.members[name].near = f"{NET}.1"
        self.route(names[0])

    def _plug(self, space, own):
        join(space, self.hub)
        self.hub.ip(f"link set {space.name} master bridge")
        space.ip(f"addr add {own}/24 dev hub")

    def __getitem__(self, name):
        return self.members[name]

    def __iter__(self):
        return iter(self.members.values())

    def start(self):
        for member in self:
            member.start()

    def route(self, name):
        """The service address is that node's now."""
        self.outside.ip(f"route replace {SERVICE}/32 via {address(name)}")

    def add_outside(self, *addresses):
        self.outside.ip(*(f"addr add {a}/32 dev lo" for a in addresses))

    def remove(self):
        """Nodes, their machines and the wires between them."""
        for member in self:
            member.remove()
        for space in [self.outside, self.hub, *self.spaces]:
            space.remove()
