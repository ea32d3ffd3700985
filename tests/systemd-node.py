#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""All shipped units under a systemd: a node that is installed, booted, broken,
reloaded, stopped and booted again, as docs/operations.md tells.

      fra1, a machine (machine.py)  eth0 --------- eth0  a BIRD, and an agent
      198.51.100.11, 2001:db8:1::11     198.51.100.1, ::1     of node ams1

The other tests of units (systemd-*.py) play systemd, which is quicker and says
more; here it is systemd itself that has the say: its sandbox, its order.

usage: systemd-node.py BUILD
"""
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from machine import Machine, unshare_mounts
from node import skip
from units import stage

PROGRAMS = ["anycastctl", "anycast-health", "rtp-pinner", "rtp-pinner-hold"]
UNITS = ["rtp-pinner", "kamailio", "knot", "bfd", "exabgp"]
SECRET, PASSWORD = "only-the-tests-know-this-secret", "only-the-tests-know"
PREFIXES = ("192.0.2.0/24", "2001:db8:53::/48")
SITE = """[service]
domain = sip.example.net
address = 192.0.2.53, 2001:db8:53::53
prefix = 192.0.2.0/24, 2001:db8:53::/48
secret = file:secret
tls = yes
dns = yes
[node fra1]
address = 198.51.100.11, 2001:db8:1::11
host = fra1.sip.example.net
http = http://fra1.example.net
local-as = 64511
neighbor = 198.51.100.1 as 64500 md5 file:bgp-password ttl-security bfd name core
neighbor = 2001:db8:1::1 as 64500 md5 file:bgp-password ttl-security bfd name core
[node ams1]
address = 198.51.100.75, 2001:db8:1::75
"""
AGENT = """[agent]
rise = 1
default-probes = yes
[group service]
hold-down = 500ms
drain-wait = 1s
penalty = 0
"""
# Of the other node only its agent: somebody else is up.
OTHER = """[agent]
output = dry-run
node-state = /run/ams1/node.state
state-dir = /run/ams1
audit-log = /run/ams1/audit.log
control = /run/ams1/control.sock
[probe fine]
type = command
command = /bin/true
rise = 1
[group service]
hold-down = 0s
"""
NETWORK = """
ip link set lo up
sysctl -qw net.ipv6.conf.default.accept_dad=0
for address in 192.0.2.53/32 2001:db8:53::53/128; do
    ip address add $address dev lo
done
ip netns add router
ip link add eth0 type veth peer name eth0 netns router
ip link set eth0 up
ip address add 198.51.100.11/24 dev eth0
ip address add 2001:db8:1::11/64 dev eth0
router() { ip netns exec router "$@"; }
router sysctl -qw net.ipv6.conf.eth0.accept_dad=0
router ip link set lo up
router ip link set eth0 up
for address in 198.51.100.1/24 198.51.100.75/24 2001:db8:1::1/64 \
        2001:db8:1::75/64; do
    router ip address add $address dev eth0
done
"""
ROUTER = """router id 198.51.100.1;
log stderr { error, fatal };
protocol device { }
protocol bfd { }
include "/etc/router/*.conf";
"""


class Node(Machine):
    def __init__(self, build):
        super().__init__("fra1", NETWORK)
        self.install(build)

    def install(self, build):
        staged = Path(tempfile.mkdtemp(prefix="anycast-stage."))
        try:
            shutil.copytree(stage(staged), self.root, dirs_exist_ok=True)
        finally:
            shutil.rmtree(staged)
        for program in PROGRAMS:
            shutil.copy(build / "bin" / program, self.root / "usr/sbin")
        (modules,) = self.root.glob("usr/lib/*/kamailio/modules")
        shutil.copy(build / "lib/anycast.so", modules)
        etc = self.root / "etc"
        for folder in ("router", "sip-anycast/tls"):
            (etc / folder).mkdir()
        (etc / "router.conf").write_text(ROUTER)
        (etc / "ams1.conf").write_text(OTHER)
        (etc / "sip-anycast/health-agent.conf").write_text(AGENT)

    def prepare(self):
        """By the machine itself, as sections 2 and 9 say."""
        self.run("systemd-sysusers")
        self.run("bash", "-ec", f"""
            cd /etc/sip-anycast
            umask 077
            cat >site.conf <<'END'\n{SITE}END
            echo {SECRET} >secret
            echo {PASSWORD} >bgp-password
            printf 'username(string) ha1(string)\\n' >users
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \\
                -nodes -days 2 -subj /CN=sip.example.net \\
                -keyout tls/node.key -out tls/node.crt
            chgrp sip-anycast site.conf secret bgp-password users tls/node.key
            chmod 640 site.conf secret bgp-password users tls/node.key
            chmod 755 tls
            chmod 644 tls/node.crt
            systemctl daemon-reload
            systemctl enable {' '.join(f'sip-anycast-{u}' for u in UNITS)}
            anycastctl render bird >/etc/router/fra1.conf""")

    def around(self):
        """The router, and the agent of the other node; they stop last."""
        start = ["systemd-run", "-q", "-p", "NetworkNamespacePath=/run/netns/"
                 "router", "-p", "RuntimeDirectory=ams1",
                 "-p", "Before=sip-anycast-exabgp.service"]
        self.run(*start, "--unit=router", "bird", "-f", "-c",
                 "/etc/router.conf", "-s", "/run/router.ctl")
        self.run(*start, "--unit=other", "anycast-health", "--node", "ams1",
                 "--config", "/etc/ams1.conf")

    def ask_router(self, *words):
        return self.run("birdc", "-s", "/run/router.ctl", "show", *words,
                        check=False)

    def routes(self):
        """prefix: what the router has of it"""
        return {prefix: text for prefix in PREFIXES
                for text in [self.ask_router("route", "all", "for", prefix)]
                if f"\n{prefix} " in text}

    def heard(self):
        """prefix: when the router has heard of it last"""
        found = {prefix: re.search(r"\[\S+ ([\d:.-]+)", text)
                 for prefix, text in self.routes().items()}
        return {prefix: at.group(1) for prefix, at in found.items() if at}

    def until_heard_again(self, before):
        """Gone and back, however short it was."""
        self.until("routes heard again", lambda: len(now := self.heard()) == 2
                   and not set(now.items()) & set(before.items()))

    def until_routes(self, count=2, word=""):
        return self.until(f"{count} routes {word}", lambda: len(
            [text for text in self.routes().values() if word in text]) == count)

    def status(self):
        said = self.run("anycastctl", "status", "--json", check=False)
        return json.loads(said) if said.startswith("{") else {}

    def main_process(self, unit):
        return int(self.run("systemctl", "show", "-P", "MainPID",
                            f"sip-anycast-{unit}"))

    def names(self, unit):
        """Of its processes, as ps and top show them."""
        return sorted(self.run("bash", "-c", f"""
            for pid in $(cat /sys/fs/cgroup/system.slice/sip-anycast-{unit}.*/cgroup.procs)
            do cat /proc/$pid/comm; done""").split())

    def write(self, path, text):
        self.run("bash", "-c", 'printf %s "$2" >"$1"', "bash", path, text)


def what_is_installed_boots_and_is_announced(node):
    node.boot()
    node.prepare()
    node.off()
    node.boot()
    for unit in UNITS:
        said = node.run("systemctl", "is-active", f"sip-anycast-{unit}",
                        check=False)
        assert said == "active\n", said + node.journal(
            "-u", f"sip-anycast-{unit}", "-n", "20")
    said = node.run("kdig", "@192.0.2.53", "sip.example.net", "NAPTR", "+nsid")
    assert "_sips._tcp.sip.example.net." in said and '"fra1"' in said, said
    assert node.names("exabgp") == ["anycast-health"] * 2 + ["exabgp"]
    node.around()
    node.until_routes()
    node.until("BFD", lambda: node.ask_router("bfd", "sessions").count("Up")
               == 2)
    node.until("the other node", lambda: node.status()["peers"][0]["state"]
               == "up")


def the_journal_has_no_secret(node):
    node.run("systemctl", "reload", "sip-anycast-exabgp")
    said = node.journal("-b")
    assert "sip-anycast" in said
    for word in (SECRET, PASSWORD):
        lines = [line for line in said.splitlines() if word in line]
        assert not lines, lines


def a_wrong_site_file_changes_nothing(node):
    site = "/etc/sip-anycast/site.conf"
    node.write(site, SITE.replace("local-as", "local-sa"))
    for unit in ("kamailio", "knot", "exabgp", "bfd"):
        said = node.run("systemctl", "reload", f"sip-anycast-{unit}",
                        check=False)
        assert "failed" in said, f"{unit}: {said}"
    node.write(site, SITE)
    assert node.run("cat", "/run/sip-anycast/bfd/bird.conf")
    assert len(node.routes()) == 2
    for unit in UNITS:
        node.run("systemctl", "reload", f"sip-anycast-{unit}")
    assert len(node.routes()) == 2


def a_wrong_configuration_of_the_agent_changes_nothing(node):
    path = "/run/sip-anycast/exabgp/exabgp.conf"
    node.write("/etc/sip-anycast/health-agent.conf", AGENT + "drian-wait = 1s")
    node.write("/etc/sip-anycast/site.conf", SITE + "class = local\n")
    before = node.run("stat", "-c", "%i", path)
    said = node.run("systemctl", "reload", "sip-anycast-exabgp", check=False)
    assert "failed" in said, said
    assert node.run("stat", "-c", "%i", path) == before
    node.write("/etc/sip-anycast/health-agent.conf", AGENT)
    node.write("/etc/sip-anycast/site.conf", SITE)


def a_killed_part_is_back(node):
    for unit in ("kamailio", "rtp-pinner", "knot", "exabgp"):
        pid, before = node.main_process(unit), node.heard()
        node.run("kill", "-KILL", str(pid))
        node.until_heard_again(before)
        assert node.main_process(unit) not in (0, pid)


def the_end_of_an_agent_is_not_the_units(node):
    """ExaBGP starts another one, and systemd has heard of no end."""
    pid, before = node.main_process("exabgp"), node.heard()
    node.run("pkill", "-TERM", "-o", "-P", str(pid))
    node.until_heard_again(before)
    said = node.run("systemctl", "is-active", "sip-anycast-exabgp",
                    check=False)
    assert said == "active\n" and node.main_process("exabgp") == pid, said


def a_frozen_exabgp_is_killed(node):
    pid = node.main_process("exabgp")
    node.run("kill", "-STOP", str(pid))
    node.until("the watchdog", lambda: "Watchdog timeout" in node.journal(
        "-b", "-u", "sip-anycast-exabgp"))
    node.until("another one", lambda: node.main_process("exabgp")
               not in (0, pid))
    node.until_routes()


def a_stop_of_the_machine_drains_first(node):
    # a unit that is still being started is stopped without its ExecStop
    node.until("the agent's unit active", lambda: node.run(
        "systemctl", "is-active", "sip-anycast-exabgp", check=False)
        == "active\n" and node.status().get("state") == "up")
    node.off()
    node.boot()
    said = node.journal("-b", "-1")
    stopped = re.findall(r"Stopped sip-anycast-(\S+)\.service", said)[-5:]
    assert set(stopped) == set(UNITS), stopped
    assert stopped[0] == "exabgp", stopped
    assert stopped.index("kamailio") < stopped.index("rtp-pinner"), stopped
    drained = said.rfind("drained: safe to stop")
    assert 0 < drained < said.rfind("Stopped sip-anycast-exabgp"), said
    node.around()
    node.until_routes()


def a_disabled_node_stays_so(node):
    node.run("anycastctl", "disable")
    node.until_routes(0)
    node.off()
    node.boot()
    node.around()
    node.until("sessions", lambda: node.ask_router(
        "protocols").count("Established") == 2)
    node.until("a state", lambda: node.status().get("state") == "disabled")
    assert not node.routes()
    node.run("anycastctl", "resume")
    node.until_routes()


def without_exabgp_the_kernel_has_the_routes(node):
    node.run("systemctl", "disable", "--now", "sip-anycast-exabgp",
             "sip-anycast-bfd")
    node.run("systemctl", "start", "sip-anycast-health")
    table = ["ip", "route", "show", "table", "200"]
    node.until("a route", lambda: "192.0.2.0/24 dev anycast0" in node.run(
        *table, check=False))
    node.run("kill", "-KILL", str(node.main_process("health")))
    node.until("none", lambda: "anycast0" not in node.run(*table, check=False))
    node.until("a route again", lambda: "192.0.2.0/24 dev anycast0" in
               node.run(*table, check=False))
    node.run("systemctl", "stop", "sip-anycast-health")
    assert "anycast0" not in node.run(*table, check=False)


STORIES = [
    what_is_installed_boots_and_is_announced,
    the_journal_has_no_secret,
    a_wrong_site_file_changes_nothing,
    a_wrong_configuration_of_the_agent_changes_nothing,
    a_killed_part_is_back,
    the_end_of_an_agent_is_not_the_units,
    a_frozen_exabgp_is_killed,
    a_stop_of_the_machine_drains_first,
    a_disabled_node_stays_so,
    without_exabgp_the_kernel_has_the_routes,
]


def main():
    build = Path(sys.argv[1]).resolve()
    for program in ("exabgp", "bird", "kamailio", "knotd", "kdig"):
        if not shutil.which(program, path="/usr/sbin:/usr/bin"):
            skip(f"{program} is not installed")
    unshare_mounts()
    node = Node(build)
    story = None
    try:
        for story in STORIES:
            story(node)
            print(f"ok: {story.__name__.replace('_', ' ')}", flush=True)
    except AssertionError as error:
        print(f"not ok: {story.__name__.replace('_', ' ')}\n{error}",
              file=sys.stderr)
        if os.environ.get("VERBOSE"):
            print(node.journal("-b", "-n", "200"), file=sys.stderr)
        sys.exit(1)
    finally:
        node.close()


main()
