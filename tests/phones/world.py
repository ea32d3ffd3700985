# SPDX-License-Identifier: GPL-2.0-or-later
"""world.py - two nodes of the lab, with TLS, and a page that is a phone

The browser lives in c1, where the callers do.  The desk phone has a machine of
its own, without IPv6: baresip 1.0.0 opens a socket of one family, and where its
machine has both, ICE may settle on the other one.
"""
import base64
import contextlib
import hashlib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path += [str(TOP / "lab"), str(TOP / "tests")]
# pylint: disable=wrong-import-position
from lib import topology                    # noqa: E402
from lib.files import site_text             # noqa: E402
from lib.nodes import domain                # noqa: E402
from lib.spaces import Space                # noqa: E402
from lib.supervisor import Unit             # noqa: E402
from lib.world import Lab                   # noqa: E402

WEB = 8443          # of a node's web server
DESK = ("203.0.113.142", "2001:db8:d::10"), ("203.0.113.141", "2001:db8:d::1")


def host(name):
    return f"{name}.{domain}"


def site():
    """HTTPS on the service, to a web server of the node; hosts have names."""
    text = site_text(more="tls = yes\nhttps-port = 443")
    for name, (own, _) in topology.NODES.items():
        old = f"http      = http://{own[0]}:80\n"
        assert old in text, text
        text = text.replace(old, f"http      = https://{host(name)}:{WEB}\n"
                            f"host      = {host(name)}\n")
    return text


def web_unit(node, folder):
    return Unit("page", ["/usr/bin/python3", HERE / "webserver.py", node.own,
                         WEB, folder, node.dir / "node.crt",
                         node.dir / "node.key"])


def key_of(node):
    """What a browser knows its certificate by."""
    key = subprocess.run(
        ["openssl", "x509", "-in", node.dir / "node.crt", "-pubkey", "-noout"],
        check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                         check=True, capture_output=True, input=key).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


@contextlib.contextmanager
def world(build, page):
    """The lab, as its route leads to fra1; page: a folder, on both nodes."""
    lab = Lab(build)
    try:
        lab.start(site=site())
        desk = lab.spaces["desk"] = Space("desk")
        topology.link(lab.spaces["r1"], desk, *DESK, ("30", "64"))
        desk.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
        for node in lab.nodes.values():
            node.supervisor.add(web_unit(node, page))
            node.up("page", wait=False)
        yield lab
    except BaseException:
        print("\n".join(lab.logs()), file=sys.stderr, flush=True)
        raise
    finally:
        lab.leave()
