#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""probes.py BUILD - the agent's probes against a real node

Kamailio with the shipped kamailio.cfg in a network namespace of its own, asked
by probe_once over each transport and family; then nodes that are wrong in all
the ways a probe is for: another site's, one that answers 200, one that is
frozen or gone, a black hole.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# pylint: disable=wrong-import-position
import node as nodes  # noqa: E402
from agents import Agent  # noqa: E402
from waiting import until  # noqa: E402

SERVICE = ("192.0.2.53", "2001:db8:53::53")
OWN = ("198.51.100.11", "2001:db8:1::11")
OTHER = ("198.51.100.12", "2001:db8:1::12")
HOLE = "192.0.2.99"
PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}


class Asking(Agent):
    """What a client would see of that node, at the default times, and no look at
    Kamailio's processes."""

    def __init__(self, node):
        self.about = node
        super().__init__(node.build)

    def write(self):
        (self.dir / "conf").write_text(f"""[agent]
output = dry-run
peers = no
site = {self.about.dir}/site.conf
node = fra1
control = {self.dir}/run/control.sock
state-dir = {self.state_dir}
audit-log = {self.state_dir}/audit.log
node-state = {self.dir}/run/node.state
[probe sip-udp]
type = sip
[probe sip-tcp]
type = sip
transport = tcp
[probe sip-tls]
type = sip
transport = tls
[probe http]
type = http
[group service]
hold-down = 0
""")

    def bad_within(self):
        """The longest time that --check-config tells, in ms."""
        told = subprocess.run(
            [self.path, "--config", self.dir / "conf", "--check-config"],
            capture_output=True, text=True, check=True).stdout
        return max(map(int, re.findall(r"bad within (\d+)ms", told)))


class Probed(nodes.Node):
    def __init__(self, build):
        super().__init__(build, service=", ".join(SERVICE),
                         own=", ".join(OWN), other=", ".join(OTHER),
                         site="tls = yes\nhttps-port = 8443",
                         defines=["FLOOD_LIMIT=1000000"])
        self.probe_once = self.build / "bin/probe_once"
        if not self.probe_once.exists():
            self.remove()
            nodes.skip(f"{self.probe_once} is not built")
        self.make_certificate()

    def probe(self, site=None, **keys):
        """Returns "good TEXT" or "bad TEXT", and how long it took in ms."""
        words = [f"{key.replace('_', '-')}={value}"
                 for key, value in keys.items()]
        done = subprocess.run(
            [self.probe_once, site or self.dir / "site.conf", "fra1", *words],
            capture_output=True, text=True, check=False, timeout=30)
        match = re.fullmatch(r"(good|bad) (\d+) (.*)\n", done.stdout)
        if not match or done.stderr or done.returncode == 2:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        # made a moment ago, for two days
        text = re.sub("ends in [12] days?$", "ends soon", match[3])
        return f"{match[1]} {text}", int(match[2]) / 1000


def want(got, text):
    got = got[0] if isinstance(got, tuple) else got
    if got != text:
        raise AssertionError(f"wanted: {text}\ngot:    {got}")


def contact(transport, family):
    host = "fra1.sip.example.net" if transport == "tls" else \
        f"[{OWN[1]}]" if family else OWN[0]
    tail = "" if transport == "udp" else f";transport={transport}"
    return f"sip:probe@{host}:{PORTS[transport]}{tail}"


def ending(transport):
    return ", certificate ends soon" if transport == "tls" else ""


def ask(node, transport, family, method="invite", **keys):
    keys.setdefault("target", SERVICE[family])
    return node.probe(kind="sip", port=PORTS[transport], transport=transport,
                      method=method, timeout=2000, **keys)


def everywhere():
    return [(transport, family) for transport in PORTS for family in (0, 1)]


def an_invite_gets_the_302_to_this_node(node):
    for transport, family in everywhere():
        want(ask(node, transport, family),
             f"good 302 to {contact(transport, family)}{ending(transport)}")


def options_get_200_on_both_addresses(node):
    for transport, family in everywhere():
        want(ask(node, transport, family, "options"),
             f"good 200 OK{ending(transport)}")
        want(ask(node, transport, family, "options", target=OWN[family],
                 on_node=1), f"good 200 OK{ending(transport)}")


def http_gets_the_302_to_this_node(node):
    for family in (0, 1):
        want(node.probe(kind="http", target=SERVICE[family], port=8080,
                        transport="tcp", path="/a?b=c"),
             f"good 302 to http://{OWN[0]}:8080/a?b=c")
        want(node.probe(kind="http", target=SERVICE[family], port=8443,
                        transport="tls", path="/", timeout=2000),
             f"good 302 to http://{OWN[0]}:8080/{ending('tls')}")
    want(node.probe(kind="http", target=OWN[0], port=8080, transport="tcp",
                    path="/", on_node=1, expect=200), "good 200 OK")
    want(node.probe(kind="http", target=OWN[0], port=8080, transport="tcp",
                    path="/x", on_node=1, expect=200),
         "bad 404 Not Found instead of 200")


def a_certificate_is_verified(node):
    crt = node.dir / "node.crt"
    good = f"good 302 to {contact('tls', 0)}{ending('tls')}"
    want(ask(node, "tls", 0, tls_name=node.domain, tls_ca=crt), good)
    want(ask(node, "tls", 0, tls_name=node.domain), good)
    want(ask(node, "tls", 0, tls_name="sip.example.org", tls_ca=crt),
         "bad TLS: hostname mismatch")
    want(ask(node, "tls", 0, tls_name=node.domain,
             tls_ca="/etc/ssl/certs/ca-certificates.crt"),
         "bad TLS: self-signed certificate")


def nothing_of_a_probe_is_left(node):
    """Each INVITE was ACKed, each probe known, nobody marked as following."""
    before = [node.stat(f"anycast:{name}") for name in
              ("event_probe_valid", "reason_ack_of_our_reply")]
    for transport, family in everywhere():
        ask(node, transport, family)
    deadline = time.monotonic() + 5
    while True:
        after = [node.stat(f"anycast:{name}") for name in
                 ("event_probe_valid", "reason_ack_of_our_reply")]
        if [b - a for a, b in zip(before, after)] == [6, 6]:
            break
        if time.monotonic() > deadline:
            raise AssertionError(f"{before} became {after}")
        time.sleep(0.02)
    if node.stat("anycast:event_probe_forged"):
        raise AssertionError("a probe was taken for a forged one")


def a_node_that_is_down_answers_its_own_probe(node):
    """Else it could never rise.  What has no probe's header is sent away."""
    for state in ("down", "draining"):
        set_state(node, state, OTHER[0])
        an_invite_gets_the_302_to_this_node(node)
        options_get_200_on_both_addresses(node)
        http_gets_the_302_to_this_node(node)
    set_state(node, "up", OWN[0])


def set_state(node, state, leads_to):
    """Returns when clients are sent there."""
    (node.dir / "node.state").write_text(
        f"sip-anycast-state 1\nself fra1 {state}\nnode ams1 up 1\n")
    deadline = time.monotonic() + 10
    while leads_to not in plain_invite():
        if time.monotonic() > deadline:
            raise AssertionError(f"the module does not see {state}")
        time.sleep(0.05)


def plain_invite():
    """The Contact of an INVITE that is no probe, from a phone never seen."""
    new = time.monotonic_ns()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.connect((SERVICE[0], 5060))
        host, port = sock.getsockname()
        sock.send((
            "INVITE sip:bob@sip.example.net SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{new}\r\n"
            f"From: <sip:a@b>;tag={port}\r\nTo: <sip:bob@sip.example.net>\r\n"
            f"Call-ID: {new}\r\nCSeq: 1 INVITE\r\nUser-Agent: {new}\r\n"
            f"Contact: <sip:a@{host}:{port}>\r\nMax-Forwards: 70\r\n"
            "Content-Length: 0\r\n\r\n").encode())
        return re.search(r"Contact: *(.*)", sock.recv(65536).decode())[1]


def another_nodes_contact_is_wrong(node):
    """The probe believes in a site where fra1 has another address."""
    site = (node.dir / "site.conf").read_text()
    other = node.dir / "other.conf"
    other.write_text(site.replace(OWN[0], "198.51.100.77"))
    want(ask(node, "udp", 0, site=other),
         f"bad 302 to sip:probe@{OWN[0]}:5060, not "
         "sip:probe@198.51.100.77:5060")
    want(node.probe(site=other, kind="http", target=SERVICE[0], port=8080,
                    transport="tcp", path="/"),
         f"bad 302 to http://{OWN[0]}:8080/, not "
         "http://198.51.100.77:8080/")


def another_secret_is_found_out(node):
    """Its header is worth nothing and the To-tag comes from other keys."""
    other = node.dir / "other.conf"
    other.write_text((node.dir / "site.conf").read_text().replace(
        "file:secret", "another secret of the tests"))
    want(ask(node, "udp", 0, site=other),
         "bad 302 with a To-tag that is not of this site")


CFG_200 = """
listen=udp:192.0.2.53:5070
listen=tcp:192.0.2.53:5070
loadmodule "sl.so"
loadmodule "xhttp.so"
tcp_accept_no_cl=yes
request_route { sl_send_reply("200", "OK"); }
event_route[xhttp:request] { xhttp_reply("200", "OK", "text/plain", "x"); }
"""


def a_kamailio_that_answers_200_is_bad(node):
    cfg = node.dir / "200.cfg"
    cfg.write_text(CFG_200)
    with open(node.dir / "200.log", "w", encoding="ascii") as log:
        process = subprocess.Popen(
            ["kamailio", "-f", cfg, "-DD", "-E", "-Y", node.dir, "-m", "32"],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            start_new_session=True)
    try:
        deadline = time.monotonic() + 10
        while True:
            got = node.probe(kind="sip", target=SERVICE[0], port=5070,
                             transport="udp", method="options")[0]
            if got == "good 200 OK":
                break
            if time.monotonic() > deadline:
                raise AssertionError(got)
            time.sleep(0.05)
        for transport in ("udp", "tcp"):
            want(node.probe(kind="sip", target=SERVICE[0], port=5070,
                            transport=transport), "bad 200 OK instead of 302")
        want(node.probe(kind="http", target=SERVICE[0], port=5070,
                        transport="tcp", path="/"),
             "bad 200 OK instead of 302")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def forged_answers_do_not_count(node):
    """Before the real answer somebody sends the probe a lot of other ones."""
    real = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    real.connect((SERVICE[0], 5060))
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind((SERVICE[0], 5080))
    front.settimeout(5)

    def relay():
        request, client = front.recvfrom(65536)
        local = "%s:%u" % real.getsockname()
        there = request.replace(b"%s:%u" % (client[0].encode(), client[1]),
                                local.encode())
        real.send(there)
        answer = real.recv(65536).replace(local.encode(), b"%s:%u" % (
            client[0].encode(), client[1]))
        branch = re.search(rb"branch=([^;\r]+)", answer)[1]
        call_id = re.search(rb"Call-ID: ([^\r]+)", answer)[1]
        for junk in (b"", b"\r\n\r\n", b"\x00" * 65000, answer[:-10],
                     b"x" * 1400, answer[:len(answer) // 2],
                     answer.replace(b"302", b"480").replace(branch, b"z9hG4bK"),
                     answer.replace(b"302", b"480").replace(call_id, b"1"),
                     answer.replace(b"302", b"480").replace(b" INVITE",
                                                            b" BYE"),
                     request):
            front.sendto(junk, client)
        front.sendto(answer, client)

    thread = threading.Thread(target=relay)
    thread.start()
    got = node.probe(kind="sip", target=SERVICE[0], port=5080, timeout=2000)
    thread.join()
    real.close()
    front.close()
    want(got, f"good 302 to {contact('udp', 0)}")


def a_black_hole_is_silent(node):
    """A device that swallows what is sent."""
    for line in ("tuntap add dev hole mode tun", "link set hole up",
                 f"route add {HOLE} dev hole"):
        subprocess.run(["ip", *line.split()], check=True)
    for transport, words in (("udp", "no answer"), ("tcp", "no connection"),
                             ("tls", "no connection")):
        got, ms = node.probe(kind="sip", target=HOLE, port=5060,
                             transport=transport, timeout=300)
        want(got, f"bad {words} in 300 ms")
        if not 295 <= ms < 1500:
            raise AssertionError(f"{transport}: {ms} ms")
    want(node.probe(kind="http", target=HOLE, port=80, transport="tcp",
                    path="/", timeout=100), "bad no connection in 100 ms")
    want(node.probe(kind="dns", target=HOLE, port=53, dns_name="a.example",
                    dns_type="A", timeout=100), "bad no answer in 100 ms")


def a_frozen_kamailio_is_silent(node):
    os.killpg(node.process.pid, signal.SIGSTOP)
    try:
        for transport, words in (("udp", "no answer"), ("tcp", "no answer"),
                                 ("tls", "no TLS handshake")):
            got, ms = node.probe(kind="sip", target=SERVICE[0], timeout=300,
                                 port=PORTS[transport], transport=transport)
            want(got, f"bad {words} in 300 ms")
            if not 295 <= ms < 1500:
                raise AssertionError(f"{transport}: {ms} ms")
        want(node.probe(kind="http", target=SERVICE[0], port=8080, path="/",
                        transport="tcp", timeout=100),
             "bad no answer in 100 ms")
    finally:
        os.killpg(node.process.pid, signal.SIGCONT)
    an_invite_gets_the_302_to_this_node(node)


def an_agent_withdraws_a_silent_node_in_the_time_it_tells(node):
    """A process that is stopped is seen to be: here only silence tells."""
    with Asking(node) as agent:
        agent.is_up()
        within = agent.bad_within()
        assert within == 2700, within
        os.killpg(node.process.pid, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            until("it is withdrawn", lambda: agent.announced() is False)
            took = (time.monotonic() - begun) * 1000
            why = "\n".join(agent.ok("why")["lines"])
        finally:
            os.killpg(node.process.pid, signal.SIGCONT)
        print(f"   withdrawn after {took:.0f} ms, "
              f"told: within {within} ms")
        # three attempts that time out, two pauses; late on a busy machine
        assert 1500 < took < within + 1500, (took, why)
        assert "has failed 3 times: no answer in 500 ms" in why, why
        agent.is_up()


def a_dead_kamailio_is_heard_of_at_once(node):
    os.killpg(node.process.pid, signal.SIGKILL)
    node.process.wait()
    for transport, words in (("udp", "nobody listens there"),
                             ("tcp", "connection refused"),
                             ("tls", "connection refused")):
        got, ms = ask(node, transport, 0)
        want(got, f"bad {words}")
        if ms > 1000:
            raise AssertionError(f"{transport}: {ms} ms")


def main():
    nodes.namespace(*SERVICE, *OWN)
    nodes.run([
        an_invite_gets_the_302_to_this_node,
        options_get_200_on_both_addresses,
        http_gets_the_302_to_this_node,
        a_certificate_is_verified,
        nothing_of_a_probe_is_left,
        a_node_that_is_down_answers_its_own_probe,
        another_nodes_contact_is_wrong,
        another_secret_is_found_out,
        a_kamailio_that_answers_200_is_bad,
        forged_answers_do_not_count,
        a_black_hole_is_silent,
        a_frozen_kamailio_is_silent,
        an_agent_withdraws_a_silent_node_in_the_time_it_tells,
        a_dead_kamailio_is_heard_of_at_once,
    ], Probed(sys.argv[1]))


if __name__ == "__main__":
    main()
