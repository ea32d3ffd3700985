# SPDX-License-Identifier: GPL-2.0-or-later
"""dual.py - a cluster with IPv4 and IPv6, and what its registrars know

The nodes of cluster.py have both families here, and phones live at addresses
of their own, as everywhere on the Internet: 203.0.113.1 to .9, 2001:db8:99::1
to ::9.  TLS certificates come from one authority, as with a public one.
"""
import os
import re
import subprocess

import cluster
from database import USER
import waiting
from cluster import NAMES, NET, SERVICE, enter, run
from node import PASSWORDS, SOURCE
from phone import Phone

__all__ = ["Dual", "enter", "run"]

SERVICE6, NET6 = "2001:db8:53::53", "2001:db8:100::"
PLACES, PLACES6 = "203.0.113.", "2001:db8:99::"


def address6(name):
    return f"{NET6}{11 + NAMES.index(name)}"


def site_text(names, service="", secret="secret"):
    domain = cluster.Node.domain
    text = (f"[service]\ndomain = {domain}\naddress = {SERVICE}, {SERVICE6}\n"
            f"secret = file:{secret}\nhttp-port = 8080\nhttps-port = 8443\n"
            f"{service}\n")
    for name in names:
        text += (f"[node {name}]\n"
                 f"address = {cluster.address(name)}, {address6(name)}\n"
                 f"host = {name}.{domain}\n")
    return text


class Member(cluster.Member):
    pinner = None
    read = 0            # of the log: what has been there is no news

    def contacts(self, user):
        """What its registrar knows of a user: a text for each contact."""
        try:
            text = self.rpc("ul.lookup", "location", user)
        except subprocess.CalledProcessError:
            return []
        return re.split(r"\bContact: \{", text)[1:]

    def peers(self):
        """The addresses of the nodes its dmq takes for active."""
        text = self.rpc("dmq.list_nodes")
        hosts = re.findall(r"host: (\S+)", text)
        states = re.findall(r"status: (\S+)", text)
        return {h for h, s in zip(hosts, states) if s == "active"}

    def unanswered(self):
        """Transactions that have not ended."""
        text = self.rpc("tm.stats")
        current, waits = (int(re.search(rf"\b{name}: (\d+)", text).group(1))
                          for name in ("current", "waiting"))
        return current - waits

    def errors(self):
        """Lines of its log that somebody would have to look at."""
        log = (self.dir / "log").read_text(errors="replace")
        return [line for line in log[self.read:].splitlines()
                if re.search(r"\b(ERROR|CRITICAL|BUG|ALERT)\b", line)]

    def news(self):
        """What it has heard from the others, and whom it takes for active."""
        try:
            text = self.rpc("stats.get_statistics", "anycast:")
            return [f"peers: {sorted(self.peers())}"] + re.findall(
                r"event_peer_\w+ = [1-9]\d*", text)
        except subprocess.CalledProcessError:
            return ["it does not answer"]

    def start_pinner(self):
        """Its media relay, as the shipped cfg expects it."""
        (self.dir / "pinner.conf").write_text("\n".join([
            f"site = {self.dir}/site.conf", f"node = {self.name}",
            f"node-state = {self.dir}/node.state", "relay = sockets",
            f"state-dir = {self.dir}/pinner", "listen = 127.0.0.1:2223",
            f"pid-file = {self.dir}/pinner.pid", "threads = 1",
            "port-min = 16384", "port-max = 17407", ""]))
        with open(self.dir / "pinner.log", "w", encoding="ascii") as log:
            self.pinner = subprocess.Popen(
                self.space.words(self.build / "bin/rtp-pinner", "--config",
                                 self.dir / "pinner.conf"),
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        waiting.until(f"the pinner of {self.name} listens", lambda: "2223" in
                      self.space.run("ss", "-Hlun", check=False))

    def remove(self):
        if self.pinner:
            self.pinner.kill()
            self.pinner.wait()
        super().remove()

    def forget_log(self):
        self.read = len((self.dir / "log").read_text(errors="replace"))

    def event(self, name):
        return self.stat(f"anycast:event_{name}")


class Dual(cluster.Cluster):
    def __init__(self, build, names=NAMES, *, service="", **options):
        self.service = service
        self.phones, self.database = [], None
        text = site_text(names, service)
        super().__init__(build, names, texts=dict.fromkeys(names, text),
                         kind=Member, **options)
        outside = [f"addr add {PLACES}{i}/32 dev lo" for i in range(1, 10)]
        outside += [f"addr add {PLACES6}{i}/128 dev lo nodad"
                    for i in range(1, 10)]
        self.outside.ip(*outside, f"addr add {NET6}1/64 dev hub nodad")
        for member in self:
            member.own6 = address6(member.name)
            member.space.ip(
                f"addr add {member.own6}/64 dev hub nodad",
                f"addr add {SERVICE6}/128 dev lo nodad",
                f"route add default via {NET6}1 src {member.own6}")
        self.route(names[0])

    def write_sites(self, *names, only=None, service="", **options):
        """A site of these nodes; to the files of all, or of some."""
        text = site_text(names, f"{self.service}\n{service}", **options)
        for name in only or names:
            (self[name].dir / "site.conf").write_text(text)

    def route(self, name):
        super().route(name)
        if self[name].own6:
            self.outside.ip(
                f"route replace {SERVICE6}/128 via {address6(name)}")

    def use(self, database):
        """Registrations in a database, one for each node, by its name."""
        self.database = database
        os.environ["PGHOST"] = str(database.dir)
        for member in self:
            member.defines += [
                "WITH_POSTGRES", "POSTGRES_URL="
                f'"postgres://{USER}@/{member.name}"']

    def start(self, *names):
        for name in names or self.members:
            self[name].start()
        self.wait_for_peers()

    def wait_for_peers(self):
        """All have each other for active, and nothing they told one that was
        away goes unanswered any more: when that transaction ends, dmq tells
        the node no news until the next ping."""
        running = [m for m in self if m.process]
        everyone = {m.own for m in running}
        for member in running:
            waiting.until(f"nothing {member.name} told is unanswered",
                          lambda m=member: not m.unanswered(), pause=0.05)
        for member in running:
            waiting.until(f"{member.name} knows the other nodes",
                          lambda m=member: everyone <= m.peers(), pause=0.05)

    def wait_for(self, user, cnt=1, members=None):
        """All have this many contacts of the user."""
        for member in members or [m for m in self if m.process]:
            try:
                waiting.until(f"{member.name} has {cnt} contacts of {user}",
                              lambda m=member: len(m.contacts(user)) == cnt, 8)
            except AssertionError as error:
                raise AssertionError(
                    f"{error}\n" + "\n".join(member.contacts(user))) from None

    def phone(self, user, place=1, *, to=None, ip6=False, transport="udp",
              **options):
        """to: the node it connects to, by name, or None: the service."""
        if transport == "tls":
            options.setdefault("authority", self.authority())
            options.setdefault("name", cluster.Node.domain)
        with self.outside.inside():
            ua = Phone((PLACES6 if ip6 else PLACES) + str(place), user,
                       cluster.Node.domain, transport,
                       None if transport == "udp"
                       else self.at(to, ip6=ip6, transport=transport),
                       **options)
        self.phones.append(ua)
        return ua

    def at(self, name, *, ip6=False, transport="udp"):
        port = 5061 if transport == "tls" else 5060
        if name is None:
            return (SERVICE6 if ip6 else SERVICE, port)
        return (self[name].own6 if ip6 else self[name].own, port)

    def authority(self):
        return next(iter(self)).dir / "ca.crt"

    def make_certificates(self):
        """tls.cfg as shipped, with certificates of one public authority; where
        nodes talk by TLS, as rendered, with others of the site's own."""
        self._authority("ca")
        for member in self:
            self.sign(member, "ca", "node", f"DNS:{member.domain},"
                      f"DNS:{member.name}.{member.domain}")
            text = (SOURCE / "configs/kamailio/tls.cfg").read_text()
            (member.dir / "tls.cfg").write_text(text.replace(
                "/etc/ssl/certs/ca-certificates.crt", f"{self._ca('ca')}.crt")
                .replace("/etc/sip-anycast/tls/", f"{member.dir}/"))
        if "cluster-tls = yes" not in self.service:
            return
        self._authority("nodes-ca")
        for member in self:
            self.sign(member, "nodes-ca", "nodes", f"IP:{member.own}")
            with open(member.dir / "tls.cfg", "a", encoding="ascii") as out:
                out.write(member.ctl("render", "tls").replace(
                    "/etc/sip-anycast/tls/nodes-ca", str(self._ca("nodes-ca")))
                    .replace("/etc/sip-anycast/tls/", f"{member.dir}/"))

    def _ca(self, name):
        return next(iter(self)).dir / name

    def _authority(self, name):
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
            "-days", "2", "-subj", f"/CN={name}", "-addext",
            "keyUsage=critical,keyCertSign", "-keyout",
            f"{self._ca(name)}.key", "-out", f"{self._ca(name)}.crt")

    def sign(self, member, authority, what, names):
        """A key and a certificate of the authority, called WHAT.key, .crt."""
        path, issuer = member.dir / what, self._ca(authority)
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-subj",
            f"/CN={member.name}", "-keyout", f"{path}.key", "-out",
            f"{path}.csr")
        (member.dir / "ext").write_text(f"subjectAltName={names}\n")
        run("openssl", "x509", "-req", "-in", f"{path}.csr", "-CA",
            f"{issuer}.crt", "-CAkey", f"{issuer}.key", "-CAcreateserial",
            "-days", "2", "-extfile", member.dir / "ext", "-out",
            f"{path}.crt")

    def hang_up(self):
        for ua in self.phones:
            ua.close()
        self.phones = []
        waiting.until("nobody is registered any more", self._forgotten)

    def _forgotten(self):
        """What a node that has just started is still being told may come
        back once."""
        running = [member for member in self if member.process]
        known = [(member, user) for member in running for user in PASSWORDS
                 if member.contacts(user)]
        for member, user in known:
            member.forget(user)
        return not known

    def remove(self):
        for ua in self.phones:
            ua.close()
        super().remove()
        if self.database:
            self.database.remove()
