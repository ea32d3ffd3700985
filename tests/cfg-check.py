#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every shipped Kamailio cfg passes `kamailio -c`, with each kind of site and
each switch it has.

usage: cfg-check.py BUILD
"""
import sys

from node import SOURCE, Node

FOUR = {"service": "127.0.53.53", "own": "127.0.53.11", "other": "127.0.53.12"}
SIX = {"service": "2001:db8:53::53", "own": "2001:db8:1::11",
       "other": "2001:db8:2::11"}
BOTH = {key: f"{FOUR[key]}, {SIX[key]}" for key in FOUR}
TLS = "tls = yes\nhttps-port = 8443"
SWITCHES = {
    "kamailio.cfg": ["WITH_PINNER", "WITH_SYSTEMD", "WITH_POSTGRES", "WITH_WEBSOCKET",
                     'TRUSTED_SOURCES="198.51.100.0/28,2001:db8:7::/64"'],
    "redirect-only.cfg": ["WITH_SYSTEMD",
                          'TRUSTED_SOURCES="198.51.100.0/28"'],
}


def judge(name, fault):
    print(f"{'not ok' if fault else 'ok'}: {name}", flush=True)
    if fault:
        print(fault, file=sys.stderr)
    return bool(fault)


def check(cfg, addresses, site, defines):
    node = Node(sys.argv[1], cfg=cfg, site=site, defines=defines, **addresses)
    try:
        node.make_certificate()
        return node.check()
    finally:
        node.remove()


def main():
    failed = 0
    shipped = {path.name for path in (SOURCE / "configs/kamailio").glob("*")}
    failed += judge("each shipped file is tried here",
                    " ".join(shipped - set(SWITCHES) - {"tls.cfg", "users"}))
    for cfg, switches in SWITCHES.items():
        for what, addresses in (("IPv4", FOUR), ("IPv6", SIX), ("both", BOTH)):
            for site in ("", TLS):
                tls = ", TLS" if site else ""
                failed += judge(f"{cfg}: {what}{tls}",
                                check(cfg, addresses, site, []))
        failed += judge(f"{cfg}: TLS between the nodes",
                        check(cfg, BOTH, f"{TLS}\ncluster-tls = yes", []))
        for switch in switches:
            failed += judge(f"{cfg}: {switch}", check(cfg, FOUR, "", [switch]))
        failed += judge(f"{cfg}: an old secret beside the new",
                        check(cfg, FOUR, "previous-secret = file:secret", []))
        # the check itself can see: a wrong value is a fault
        failed += judge(f"{cfg}: a broken setting is seen",
                        "" if check(cfg, FOUR, "", ["FLOOD_LIMIT=many"])
                        else "a nonsensical FLOOD_LIMIT passed")
    sys.exit(1 if failed else 0)


main()
