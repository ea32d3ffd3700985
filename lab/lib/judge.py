# SPDX-License-Identifier: GPL-2.0-or-later
"""judge.py - what came of a case, in a few words; pure"""
from collections import Counter

from .cases import ASKED_AGAIN, CALLED_AGAIN, CUT_OFF, RECONNECTED, SAME

FAILED = "FAILED: "
MORE = ("INVITE", "CANCEL", "ACK")   # of a call that is made again


def answers(asked, plain):
    """Final ones only: what is provisional may be lost.  Of a request that was
    made again the last one: its credentials may be known by then."""
    for (method, statuses, made), (_, wanted, _) in zip(asked, plain):
        got, wanted = [[s for s in some if not isinstance(s, int) or s >= 200]
                       for some in (statuses, wanted)]
        if made:
            got, wanted = got[-1:], wanted[-1:]
        if got != wanted:
            yield f"{method} had {got}, not {wanted}"
    if len(asked) != len(plain):
        yield f"{len(asked)} requests, not {len(plain)}"


def outcome(done, plain, raced=()):
    """done, plain: what was seen of the case and of its flow without a flip,
    each with error, cut, asked (method, answers, how often made again), facts (of caller
    and callee), resets; raced: facts that do not count."""
    if done["cut"]:
        return CUT_OFF
    if done["error"]:
        return FAILED + done["error"]
    wrong = "; ".join(answers(done["asked"], plain["asked"]))
    if wrong:
        return FAILED + wrong
    made = {method for method, _, again in done["asked"] if again}
    for who in (0, 1):
        more = Counter(fact for fact in done["facts"][who]
                       if not fact.endswith(" broken"))
        more.subtract(plain["facts"][who])
        left = {fact: n for fact, n in more.items()
                if n and fact not in raced}
        calls = left.get("INVITE", 0) if "INVITE" in made else 0
        if any(fact not in MORE or not 0 <= n <= calls
               for fact, n in left.items()):
            return f"{FAILED}the {'callee' if who else 'caller'} saw, more " \
                   "or less than it would: " + ", ".join(
                       f"{fact} {n:+}" for fact, n in left.items())
    if "INVITE" in made:
        return CALLED_AGAIN
    if made:
        return ASKED_AGAIN
    return RECONNECTED if done["resets"] else SAME


def as_told(came, points, told):
    """Is what a phone saw of a flow without a flip what cases.py says?"""
    if sorted(points) == sorted(told):
        return came
    return f"{FAILED}messages: {' '.join(points)}"
