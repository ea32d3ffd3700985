#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""zones.py BUILD - what `anycastctl render knot' makes, asked as clients ask

Two nodes, each a machine of its own with the same service addresses and a Knot.
A client that knows the domain alone finds the service as RFC 3263 says: NAPTR,
SRV, A and AAAA, and both nodes say the same; NSID tells which.  Then what is
different on purpose: --node-local, and a site file that has changed.
"""
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
sys.path += [str(SOURCE / "lab")]
# pylint: disable=wrong-import-position
from lib.spaces import Space, enter, run, skip  # noqa: E402
from waiting import until  # noqa: E402

DOMAIN, ALIAS = "sip.example.net", "tel.example"
SERVICE = ("192.0.2.53", "2001:db8:53::53")
NODES = {"fra1": ("198.51.100.11", "2001:db8:1::11"),
         "ams1": ("198.51.100.75", "2001:db8:2::75")}
SITE = f"""[service]
domain  = {DOMAIN}
alias   = {ALIAS}
address = {", ".join(SERVICE)}
tls     = yes
dns     = yes
secret  = 0123456789abcdef0123
""" + "".join(f"""[node {name}]
address = {", ".join(own)}
host    = {name}.{DOMAIN}
""" for name, own in NODES.items())
LOCAL_TTL = 30


class Node:
    def __init__(self, build, name):
        self.ctl, self.name = Path(build).resolve() / "bin/anycastctl", name
        self.own, self.space, self.knot = NODES[name], Space(name), None
        self.space.ip(*[f"addr add {a}/{128 if ':' in a else 32} dev lo"
                        f"{' nodad' if ':' in a else ''}"
                        for a in (*SERVICE, *self.own)])
        self.folder = self.space.dir / "knot"
        self.folder.mkdir()

    def render(self, *options, site=SITE):
        path = self.space.dir / "site.conf"
        path.write_text(site)
        run(self.ctl, "render", "knot", "--output", self.folder, "--site",
            path, "--node", self.name, *options)

    def start(self):
        run("knotc", "-c", self.folder / "knot.conf", "conf-check")
        with open(self.space.dir / "log", "a", encoding="utf-8") as log:
            self.knot = subprocess.Popen(
                self.space.words("knotd", "-c", self.folder / "knot.conf"),
                stdout=log, stderr=log)
        until("an answer", lambda: self.knot.poll() is not None or "NOERROR"
              in self.dig(DOMAIN, "SOA", "+timeout=1"), 20)
        assert self.knot.poll() is None, (self.space.dir / "log").read_text()

    def reload(self):
        """And wait until what the zone's file says is what is answered."""
        run("knotc", "-s", self.folder / "knot.sock", "reload")
        (serial,) = re.findall(r"SOA\t\S+ \S+ (\d+)",
                               (self.folder / f"{DOMAIN}.zone").read_text())
        until(f"serial {serial}", lambda: f" {serial} " in
              "".join(self.data(DOMAIN, "SOA")), 10)

    def stop(self):
        self.knot.terminate()
        assert self.knot.wait(10) == 0, "its exit status"

    def dig(self, name, kind, *options, at=SERVICE[0]):
        return self.space.run("kdig", f"@{at}", name, kind, "+noidn", *options,
                              check=False)

    def ask(self, name, kind, at=SERVICE[0]):
        """The answer's records, without their TTL, sorted."""
        return sorted(re.sub(r"\s+", " ", line)
                      for line in self.dig(name, kind, "+noall", "+answer",
                                           "+nottl", at=at).splitlines()
                      if line and line[0] != ";")

    def data(self, name, kind, at=SERVICE[0]):
        """What is behind the type."""
        return [line.split(f" {kind} ", 1)[1] for line in
                self.ask(name, kind, at)]

    def resolve(self, domain=DOMAIN, usable=("SIP+D2U", "SIP+D2T", "SIPS+D2T")):
        """Each way to the service, the preferred one first (RFC 3263 4.1, 4.2):
        (transport, address, port)."""
        ways = []
        found = sorted((int(order), service.strip('"'), replacement)
                       for order, _, flags, service, _, replacement in
                       (line.split() for line in self.data(domain, "NAPTR"))
                       if flags == '"s"')
        for _, service, replacement in found:
            if service not in usable:
                continue
            for line in self.data(replacement, "SRV"):
                _, _, port, target = line.split()
                addresses = [a for kind in ("A", "AAAA")
                             for a in self.data(target, kind)]
                ways += [(service, a, int(port)) for a in addresses]
        return ways


def each_way_is_found_in_its_order(fra1, ams1):
    want = [(service, address, port) for service, port in
            (("SIP+D2U", 5060), ("SIP+D2T", 5060), ("SIPS+D2T", 5061))
            for address in SERVICE]
    for node in (fra1, ams1):
        assert node.resolve() == want, node.resolve()
        assert node.resolve(ALIAS) == want
        # a sips: URI leaves one way
        assert node.resolve(usable=("SIPS+D2T",)) == want[4:]


def both_nodes_say_the_same(fra1, ams1):
    files = sorted(path.name for path in fra1.folder.glob("*.zone"))
    assert files == [f"{DOMAIN}.zone", f"{ALIAS}.zone"], files
    for name in files:
        assert (fra1.folder / name).read_bytes() == \
            (ams1.folder / name).read_bytes(), name
    for name in (DOMAIN, ALIAS):
        for kind in ("SOA", "NS", "NAPTR", "A", "AAAA"):
            for at in SERVICE:
                said = fra1.ask(name, kind, at)
                assert said and said == ams1.ask(name, kind, at), (kind, said)


def a_node_is_told_by_its_nsid(fra1, ams1):
    for node in (fra1, ams1):
        for at in (*SERVICE, *node.own):
            for more in ((), ("+tcp",)):
                said = node.dig(DOMAIN, "A", "+nsid", *more, at=at)
                assert f'"{node.name}"' in said, said
        assert node.name in node.dig("id.server", "TXT", "-c", "CH")
        said = node.dig("version.bind", "TXT", "-c", "CH") + \
            node.dig("version.server", "TXT", "-c", "CH")
        assert said.count("REFUSED") == 2 and "Knot" not in said, said


def each_node_has_its_own_name(fra1, ams1):
    for node in (fra1, ams1):
        for name, own in NODES.items():
            assert fra1.data(f"{name}.{DOMAIN}", "A") == [own[0]]
            assert node.data(f"{name}.{DOMAIN}", "AAAA") == [own[1]]
    assert fra1.data(f"ns.{DOMAIN}", "A") == [SERVICE[0]]


def nothing_else_is_told(fra1, _ams1):
    for name, kind, want in ((f"lon1.{DOMAIN}", "A", "NXDOMAIN"),
                             ("example.net", "A", "REFUSED"),
                             (DOMAIN, "AXFR", "NOTAUTH")):
        said = fra1.dig(name, kind)
        assert want in said, said


def a_flood_gains_nothing(fra1, _ams1):
    """Past the rate answers are no larger than questions, and say: by TCP."""
    question = b"\0\7\0\0\0\1\0\0\0\0\0\0" + b"".join(
        bytes([len(label)]) + label.encode() for label in DOMAIN.split(".")) \
        + b"\0\0\x23\0\1"       # its NAPTRs
    answers = []
    with fra1.space.inside(), \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
        flood.connect((SERVICE[0], 53))
        flood.settimeout(2)
        for _ in range(4000):
            flood.send(question)
            answers.append(flood.recv(4096))
    cut = [answer for answer in answers if answer[2] & 2]
    assert len(cut) > len(answers) / 2, f"{len(cut)} of {len(answers)}"
    assert max(map(len, cut)) == len(question)
    # a resolver does as it is told (Knot 3.4 has forgiven by then)
    for more in ((), ("+tcp",)):
        said = fra1.dig(DOMAIN, "NAPTR", *more)
        assert "_sips._tcp" in said, said


def the_local_variant_names_the_node_alone(fra1, ams1):
    """What --node-local costs: two nodes, two answers, and a short life."""
    for node in (fra1, ams1):
        node.render("--node-local")
        node.reload()
        assert {address for _, address, _ in node.resolve()} == set(node.own)
        said = node.dig(DOMAIN, "A", "+noall", "+answer")
        assert re.search(rf"{DOMAIN}\.\s+{LOCAL_TTL}\s", said), said
        # but whoever asks next may ask any node
        assert node.data(f"ns.{DOMAIN}", "A") == [SERVICE[0]]
    assert fra1.data(DOMAIN, "SOA") != ams1.data(DOMAIN, "SOA")


def a_change_is_another_serial(fra1, ams1):
    """As long as one node has not heard of it, its serial tells."""
    for node in (fra1, ams1):
        node.render()
        node.reload()
    before = fra1.data(DOMAIN, "SOA")
    assert before == ams1.data(DOMAIN, "SOA")
    changed = SITE.replace("198.51.100.75", "198.51.100.76")
    fra1.render(site=changed)
    fra1.reload()
    assert fra1.data(f"ams1.{DOMAIN}", "A") == ["198.51.100.76"]
    assert fra1.data(DOMAIN, "SOA") != before
    ams1.render(site=changed)
    ams1.reload()
    assert fra1.data(DOMAIN, "SOA") == ams1.data(DOMAIN, "SOA")
    # and back: a serial may go down, and nothing remembers it
    fra1.render()
    fra1.reload()
    assert fra1.data(DOMAIN, "SOA") == before


def no_journal_is_kept(fra1, ams1):
    for node in (fra1, ams1):
        node.stop()
        left = sorted(path.name for path in node.folder.iterdir())
        assert set(left) - {"timers"} == {
            "knot.conf", f"{DOMAIN}.zone", f"{ALIAS}.zone"}, left


def main():
    for program in ("knotd", "knotc", "kdig"):
        if not shutil.which(program):
            skip(f"{program} is not installed (scripts/setup run)")
    enter()
    nodes = [Node(sys.argv[1], name) for name in NODES]
    for node in nodes:
        node.render()
        node.start()
    for test in (each_way_is_found_in_its_order, both_nodes_say_the_same,
                 a_node_is_told_by_its_nsid, each_node_has_its_own_name,
                 nothing_else_is_told, a_flood_gains_nothing,
                 the_local_variant_names_the_node_alone,
                 a_change_is_another_serial, no_journal_is_kept):
        test(*nodes)
        print(f"ok: {test.__name__.replace('_', ' ')}", flush=True)


main()
