# SPDX-License-Identifier: GPL-2.0-or-later
"""files.py - the files of a node: site, agent, Kamailio's cfg, shipped units"""
import os
import sys
from pathlib import Path

from .topology import NODE_AS, NODES, ROUTER_AS, SERVICE, UPSTREAM_AS, \
    router_of

TOP = Path(__file__).resolve().parents[2]
sys.path += [str(TOP / "tests"), str(TOP / "tests/pinner")]
# pylint: disable=wrong-import-position
from units import Unit  # noqa: E402

SECRET = "the secret of a lab that lasts for a minute\n"

SITE = """[service]
domain    = sip.example.net
address   = {service}
http-port = 80
secret    = file:secret
{service_more}
"""

# Paths of this node, and a hold-down that fits the length of a story; the rest
# is the default.
AGENT_CONF = """[agent]
node-state = {dir}/node.state
control    = {dir}/control.sock
state-dir  = {dir}/var
audit-log  = {dir}/var/audit.log
default-probes = yes
{agent}
[probe kamailio]
pid-file   = {dir}/kamailio.pid
[probe pinner]
pid-file   = {dir}/pinner.pid
{probes}
[group service]
{group}
"""

SITE_NODE = """[node {name}]
address   = {own}
http      = http://{own4}:{http_port}
local-as  = {asn}
neighbor  = {router4} as {router_as}{bfd}
neighbor  = {router6} as {router_as}{bfd}
{more}
"""


def site_text(more="", nodes=None, *, bfd=False, far=False, http_port=80):
    """more: further keys of [service]; nodes: name -> further keys; far: ams1
    is behind another router; http_port: where HTTP is sent, on the node."""
    text = SITE.format(service=", ".join(SERVICE), service_more=more)
    for name, (own, router) in NODES.items():
        text += SITE_NODE.format(
            name=name, own=", ".join(own), own4=own[0], asn=NODE_AS,
            http_port=http_port,
            router4=router[0], router6=router[1], router_as=UPSTREAM_AS
            if router_of(name, far) == "r2" else ROUTER_AS,
            more=(nodes or {}).get(name, ""), bfd=" bfd" if bfd else "")
    return text


# --- Kamailio

SWITCHES = (
    ("####### Modules\n", "\nlab.never302 = 0\nlab.http500 = 0\n"),
    ("request_route {\n",
     "\tif (is_method(\"INVITE\") && $sel(cfg_get.lab.never302) == 1) {\n"
     "\t\tsl_send_reply(\"200\", \"OK\");\n\t\texit;\n\t}\n"),
    ("event_route[xhttp:request] {\n",
     "\tif ($sel(cfg_get.lab.http500) == 1) {\n"
     "\t\txhttp_reply(\"500\", \"Broken\", \"\", \"\");\n\t\texit;\n\t}\n"),
)


def breakable_cfg():
    """The shipped one, and switches in it that break what it does."""
    text = (TOP / "configs/kamailio/kamailio.cfg").read_text()
    for before, switch in SWITCHES:
        assert text.count(before) == 1, before
        text = text.replace(before, before + switch)
    return text


# --- ExaBGP, and what systemd does

# What the shipped unit has ExaBGP load first.
UNSTEPPED = str(TOP / "configs/python")

EXABGP_ENV = {
    "exabgp_daemon_daemonize": "false", "exabgp_daemon_drop": "false",
    "exabgp_daemon_user": "root", "exabgp_api_cli": "false",
    "exabgp_log_destination": "stderr", "exabgp_tcp_bind": "",
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
}


def shipped(name):
    """What systemd would do with a part: the settings of its unit."""
    unit = Unit(TOP / f"configs/systemd/sip-anycast-{name}.service")

    def setting(key, default):
        return (unit.all(key) or [default])[-1]

    watchdog = setting("WatchdogSec", "")
    return {"restart": setting("Restart", "no"),
            "restart_sec": seconds(setting("RestartSec", "100ms")),
            "watchdog": seconds(watchdog) if watchdog else None,
            "nice": int(setting("Nice", "0")),
            "main_only": setting("KillMode", "control-group") == "mixed"}


def seconds(text):
    return int(text[:-2]) / 1000 if text.endswith("ms") else float(text)
