#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The judge of the continuity suite finds what is wrong, and only that.

usage: continuity-judge.py
"""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))
# pylint: disable=wrong-import-position
from lib import cases, judge  # noqa: E402
from lib.pace import Pace  # noqa: E402

PLAIN = {"error": "", "cut": False, "resets": 0,
         "asked": [("INVITE", [407, 180, 200], 0), ("BYE", [200], 0)],
         "facts": [[], ["INVITE", "ACK", "BYE"]]}


def came(**other):
    return judge.outcome({**PLAIN, **other}, PLAIN)


def invite(statuses, made=0):
    return [("INVITE", statuses, made), PLAIN["asked"][1]]


class Judge(unittest.TestCase):
    def test_what_was_as_always_is_the_same(self):
        self.assertEqual(came(), cases.SAME)

    def test_a_lost_180_is_no_difference(self):
        self.assertEqual(came(asked=invite([407, 200])), cases.SAME)

    def test_another_answer_is_one(self):
        for statuses in ([407, 480], [200], [407, 180, 407]):
            self.assertIn("INVITE had", came(asked=invite(statuses)))

    def test_a_request_that_is_missing_is_one(self):
        self.assertIn("requests", came(asked=PLAIN["asked"][:1]))

    def test_a_phone_that_is_called_twice_is_one(self):
        for more in (["INVITE"], ["ACK"], ["answer to nothing: 200"]):
            facts = [[], PLAIN["facts"][1] + more]
            self.assertIn("callee saw", came(facts=facts))

    def test_a_message_that_did_not_arrive_is_one(self):
        self.assertIn("ACK -1", came(facts=[[], ["INVITE", "BYE"]]))

    def test_a_call_that_is_made_again_may_ring_and_be_cancelled(self):
        asked = invite([407, 180, 200], made=1)
        ended = PLAIN["facts"][1] + ["INVITE", "CANCEL", "ACK"]
        self.assertEqual(came(asked=asked, facts=[["INVITE broken"], ended]),
                         cases.CALLED_AGAIN)
        for more in ("CANCEL", "BYE", "the same INVITE twice"):
            self.assertIn(more, came(asked=asked, facts=[[], ended + [more]]))

    def test_what_was_never_made_again_may_not_leave_a_trace(self):
        ended = PLAIN["facts"][1] + ["INVITE", "CANCEL", "ACK"]
        self.assertIn("callee saw", came(facts=[[], ended]))

    def test_a_new_connection_is_told(self):
        self.assertEqual(came(resets=1), cases.RECONNECTED)

    def test_a_failed_wait_is_told(self):
        self.assertTrue(came(error="not 200").startswith(judge.FAILED))


class Cases(unittest.TestCase):
    def test_no_two_have_the_same_name(self):
        names = [case.name for case in cases.everything()]
        self.assertEqual(len(names), len(set(names)))

    def test_the_default_part_has_every_point_and_transport(self):
        def what(some):
            return {(case.flow, case.kind, case.side, case.point,
                     case.transport) for case in some}
        self.assertEqual(what(cases.default()), what(cases.everything()))

    def test_the_default_part_has_all_of_udp(self):
        def what(some):
            return {case for case in some if case.transport == "udp"
                    and case.family == "IPv4"}
        self.assertEqual(what(cases.default()), what(cases.everything()))

    def test_udp_has_one_right_outcome(self):
        for case in cases.everything():
            if case.transport == "udp":
                self.assertEqual(cases.expected(case), [cases.SAME])

    def test_who_has_left_the_service_is_not_asked_to_call_again(self):
        case = cases.Case("call", "tcp", "IPv4", "follows", "caller", "<180",
                          "stay")
        self.assertEqual(cases.expected(case),
                         [cases.SAME, cases.RECONNECTED])


class Paces(unittest.TestCase):
    def test_fewer_run_while_the_machine_is_slow(self):
        pace = Pace(32)
        for _ in range(100):
            pace.heard(5)
        self.assertEqual(pace.room, 4)
        for _ in range(1000):
            pace.heard(0.01)
        self.assertEqual((pace.room, pace.lowest), (32, 4))


if __name__ == "__main__":
    unittest.main()
