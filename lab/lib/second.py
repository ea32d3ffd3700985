# SPDX-License-Identifier: GPL-2.0-or-later
"""second.py - what is asked of every router: the stories frr and gobgp"""
from .routers import GRACEFUL_SHUTDOWN


def second_opinion(lab, more=None):
    """The targets are for BIRD; here it is told what the router makes of it."""
    lab.start(agent={"group": "hold-down = 1s\ndrain-wait = 3s"})
    lab.fra1.supervisor.hold("kamailio")
    lab.kill("fra1", "kamailio")
    lab.gone("fra1")
    lab.elsewhere("ams1")
    lab.measured()
    lab.cause("Kamailio is started again",
              lambda: lab.fra1.supervisor.up("kamailio"))
    lab.added("fra1")
    lab.serving("fra1")
    if more:
        more(lab)
    lab.cause("fra1 is drained", lab.drain("fra1"))
    lab.gone("fra1")
    lab.only("ams1")
    path = lab.path("fra1")
    assert GRACEFUL_SHUTDOWN in path.communities and path.local_pref < 100, \
        path
    lab.say(f"the router still has: {path}")
    lab.until("it is withdrawn", lambda: not lab.path("fra1"), 8)
    assert not lab.unanswered(), "a caller got no answer"
