#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""changes.py BUILD - a new site file reaches the agent, then Kamailio

As docs/operations.md says: the agent is told first.  Until Kamailio has read
the file too, it sends clients where the old one said, and signs with the old
secret: the node serves all the while, and no route may move.
"""
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS)]
# pylint: disable=wrong-import-position
import node as nodes
from agents import Agent
from waiting import until

SERVICE, OWN, OTHER = "192.0.2.53", "198.51.100.11", "198.51.100.12"
PROBES = """
[probe sip-udp]
type = sip
[probe sip-tls]
type = sip
transport = tls
[probe http]
type = http
path = /
[group service]
hold-down = 0
penalty = 0
"""


class Watcher(Agent):
    """What a client would see of that node, at the default times."""

    def __init__(self, build, node):
        self.about = node
        super().__init__(build)

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
{PROBES}""")

    def asked(self):
        return {p["name"]: p for p in self.status()["probes"]}

    def attempts(self, more):
        """Returns what each probe says once it has asked so often again."""
        was = {n: p["attempts"] for n, p in self.asked().items()}
        until("more attempts", lambda: all(
            p["attempts"] >= was[n] + more for n, p in self.asked().items()))
        return {n: p["text"] for n, p in self.asked().items()}

    def stays(self):
        """Time enough for it to be lost: fall is 3."""
        texts = self.attempts(4)
        assert self.moves() == ["announce"], (self.moves(), texts)
        return texts


def change(node, old, new):
    path = node.dir / "site.conf"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def where_it_leads_may_change(node, agent):
    change(node, f"host = fra1.{node.domain}", f"host = new.{node.domain}")
    change(node, f"http = http://{OWN}:8080", "http = http://web.example.net")
    agent.ok("reload")
    texts = agent.stays()
    assert "fra1." in texts["sip-tls"] and OWN in texts["http"], texts
    node.rpc("anycast.reload")
    texts = agent.stays()
    assert "new." in texts["sip-tls"], texts
    assert "web.example.net" in texts["http"], texts


def the_secret_may_change(node, agent):
    (node.dir / "secret").rename(node.dir / "old")
    (node.dir / "secret").write_text("the secret behind the one before\n")
    change(node, "secret = file:secret",
           "secret = file:secret\nprevious-secret = file:old")
    agent.ok("reload")
    agent.stays()
    node.rpc("anycast.reload")
    agent.stays()
    change(node, "\nprevious-secret = file:old", "")
    agent.ok("reload")
    agent.stays()
    node.rpc("anycast.reload")
    agent.stays()


def main():
    nodes.namespace(SERVICE, OWN, OTHER)
    node = nodes.Node(sys.argv[1], service=SERVICE, own=OWN, other=OTHER,
                      site="tls = yes\nhttps-port = 8443")
    node.make_certificate()

    def the_agent_is_up(node):
        node.agent = Watcher(sys.argv[1], node)
        node.agent.start()
        node.agent.is_up()

    def with_agent(test):
        def story(node):
            try:
                test(node, node.agent)
            except AssertionError:
                print(node.agent.log())
                raise
        story.__name__ = test.__name__
        return story

    try:
        nodes.run([the_agent_is_up, with_agent(where_it_leads_may_change),
                   with_agent(the_secret_may_change)], node)
    finally:
        if hasattr(node, "agent"):
            node.agent.remove()


if __name__ == "__main__":
    main()
