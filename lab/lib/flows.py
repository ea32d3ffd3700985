# SPDX-License-Identifier: GPL-2.0-or-later
"""flows.py - what two phones do with each other, message by message

Each flow is a function of a Play.  It does what people do and waits for what must
come; a call that had to be made anew (its connection broke) goes through the
same steps again.  What was seen is judged afterwards (cases.py).
"""
from .stage import domain
from .wire import Overdue

UNHEARD = "200 to INVITE without ACK"

SDP = ("v=0\r\no=- 1 1 IN IP4 198.18.255.254\r\ns=-\r\n"
       "c=IN IP4 198.18.255.254\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")
ACKED = 0.06    # Linux acknowledges what was read within 40 ms
WAIT = 12.0     # tm is told to give a phone four seconds


class Anew(Exception):
    """The call is made again."""


class CutOff(AssertionError):
    """Not what it should be, but an end: a node's answer, or a BYE."""


class Play:
    """caller, callee: Ua."""

    def __init__(self, stage, loop, caller, callee):
        self.stage, self.loop = stage, loop
        self.caller, self.callee = caller, callee
        self.asked, self.round = [], 0
        self.call, self.leg, self.left = None, None, []

    def until(self, what, condition):
        def looked_at():
            if self.call and self.call.rounds != self.round:
                self.round = self.call.rounds
                raise Anew
            result = condition()
            if not result and self.call and any(
                    UNHEARD in ua.facts for ua in (self.caller, self.callee)):
                raise CutOff(f"not {what}: {UNHEARD}, then a BYE")
            return result
        return self.loop.until(what, looked_at, WAIT)

    def ask(self, ua, method, **more):
        asked = ua.ask(method, f"sip:{self.callee.user}@{domain}", **more)
        self.asked.append(asked)
        return asked

    def ask_within(self, ua, dialog, method, **more):
        asked = ua.ask_within(dialog, method, **more)
        self.asked.append(asked)
        return asked

    def hears(self, ua, method):
        """The next request with this method; the last one asked is it."""
        def heard():
            final = self.asked and self.asked[-1].final
            if final and final.status >= 300:
                self.ended(final, f"no {method} at the {ua.name}")
            return ua.take(method)
        return self.until(f"{method} at the {ua.name}", heard)

    def final(self, asked, status=200):
        what = f"{status} to {asked.method} of {asked.ua.name}"
        msg = self.until(f"any answer: {what}", lambda: asked.final)
        if msg.status != status:
            self.ended(msg, f"not {what}")
        return msg

    @staticmethod
    def ended(final, what):
        """By another answer than it should be; a phone's own 408 is none."""
        assert final.source, f"{what}: {final.first}"
        raise CutOff(f"{what}: {final.first}")

    def heard_of(self, status):
        """A provisional answer; it may be what is lost, by the network or with
        the callee's connection."""
        self.until(f"{status} at the caller", lambda: (
            status in self.call.statuses if status > 100
            else self.call.heard_of) or self.caller.lost
            or self.callee.resets)

    def known(self, ua):
        """Registered, and both nodes have heard of it: of the REGISTER by a new
        connection.  Of a phone that registers again and again an older one may
        be saved after it."""
        def known():
            asked = ua.registered
            return asked.final and self.stage.know(
                ua.user, asked.dialog.call_id
                if ua.resets and ua is self.callee else "")

        def looked_up():
            self.loop.for_a_while(0.005)
            return known()
        self.until(f"{ua.name} known to both nodes",
                   lambda: known() or looked_up())

    # --- steps

    def ring(self, status=180):
        """As far as the callee's phone rings."""
        self.leg = self.hears(self.callee, "INVITE")
        while self.leg.msg.header("call-id") != self.call.dialog.call_id:
            self.leave(self.leg)    # of the call before
            self.leg = self.hears(self.callee, "INVITE")
        self.heard_of(100)
        if status:
            self.leg.answer(status)
            self.heard_of(status)

    def leave(self, leg):
        """Of a call that was made anew: it rings until it is cancelled."""
        if not leg.status:
            leg.answer(180)
        self.left.append(leg)

    def settle(self):
        """Nobody is left ringing."""
        legs = [*self.left, *[leg for leg in self.callee.inbox
                              if leg.method == "INVITE"]]
        for leg in legs:
            if not leg.status:
                leg.answer(180)
        # one that was answered is hung up by its phone: no ACK comes
        try:
            self.loop.until("nobody is left ringing", lambda: all(
                leg.cancelled or leg.status == 200 for leg in legs), 5)
        except Overdue:
            assert self.callee.resets or self.caller.proxied, \
                "a phone is left ringing"
            raise CutOff("a call that was left rings on") from None

    def cancelled(self):
        """A CANCEL finds no phone whose connection is gone: it rings on."""
        try:
            self.loop.until("CANCEL", lambda: self.leg.cancelled,
                            4 if self.callee.resets else WAIT)
        except Overdue:
            raise CutOff("no CANCEL at the callee, it rings on") from None
        self.refused()

    def refused(self):
        """The ACK of a refusal has come, or its connection is gone."""
        self.until("ACK at the callee",
                   lambda: self.leg.acked or self.callee.resets)

    def dial(self, step, **more):
        """Calls, and does the step again whenever it has to be made anew."""
        self.rest(self.callee)
        self.call = self.ask(self.caller, "INVITE", body=SDP, **more)
        while True:
            try:
                return step()
            except Anew:
                if self.leg:
                    self.leave(self.leg)
                    self.leg = None

    def pick_up(self):
        self.ring()
        self.leg.answer(200, body=SDP)
        self.final(self.call)
        self.call.ack()
        self.until("ACK at the callee", lambda: self.leg.acked)

    def within(self, ua, other, dialog, method, status=200, **more):
        """A request in the dialog and its answer."""
        self.rest(other)
        asked = self.ask_within(ua, dialog, method, **more)
        served = self.hears(other, method)
        served.answer(status, body=SDP if method == "INVITE" else "")
        self.final(asked, status)
        if method == "INVITE":
            asked.ack()
            self.until(f"ACK at {other.name}", lambda: served.acked)

    def rest(self, ua):
        """People talk for longer than a phone whose path has flipped takes to
        find its connection broken, and to register again."""
        if ua.transport == "udp" or not ua.flipped:
            return
        self.loop.for_a_while(ACKED)
        if ua.registered:
            self.known(ua)

    def established(self):
        self.dial(self.pick_up)
        self.call.initial, self.call.rounds = False, self.round
        return self.call.dialog, self.callee.dialog_of(self.leg)


def call(play):
    mine, _ = play.established()
    play.within(play.caller, play.callee, mine, "INVITE", body=SDP)
    play.within(play.caller, play.callee, mine, "BYE")


def called(play):
    """The callee does the re-INVITE and hangs up."""
    _, theirs = play.established()
    play.within(play.callee, play.caller, theirs, "INVITE", body=SDP)
    play.within(play.callee, play.caller, theirs, "BYE")


def busy(play):
    def step():
        play.ring()
        play.leg.answer(486)
        play.final(play.call, 486)
        play.refused()
    play.dial(step)


def cancel_trying(play):
    """The phone has said nothing yet; it is told as soon as it does."""
    _cancel(play, 0)


def cancel_ringing(play):
    _cancel(play, 180)


def _cancel(play, status):
    def step():
        play.ring(status)
        if not status:  # the node at which the phone is has said 100 by then
            play.loop.for_a_while(ACKED)
        cancelled = play.call.cancel()
        play.until("200 to CANCEL", lambda: cancelled.final)
        play.final(play.call, 487)
        assert cancelled.final.status == 200, cancelled.final.first
        if not status:
            play.leg.answer(180)
        play.cancelled()
    play.dial(step)


def cancel_late(play):
    """It crosses the 200: the call is up, and hung up."""
    def step():
        play.ring()
        play.leg.answer(200, body=SDP)
        cancelled = play.call.cancel()
        play.final(play.call)
        play.call.ack()
        play.until("ACK at the callee", lambda: play.leg.acked)
        # by a new connection there is nothing to cancel: 481, or silence
        play.until("200 to CANCEL",
                   lambda: cancelled.final or play.caller.resets)
        assert play.caller.resets or cancelled.final.status == 200, \
            cancelled.final.first
    play.dial(step)
    play.within(play.caller, play.callee, play.call.dialog, "BYE")


def cancel_redirected(play):
    """Before the 302 is heard, which is then not followed."""
    def step():
        cancelled = play.call.cancel()
        play.until("200 to CANCEL", lambda: cancelled.final)
        assert cancelled.final.status == 200, cancelled.final.first
        play.final(play.call, 302)
    play.dial(step, follows=False)


def register(play):
    """And again to stay, is reached, and goes."""
    for expires in (600, 300):
        play.asked.append(play.caller.register(expires))
        play.final(play.asked[-1])
    play.known(play.caller)
    play.rest(play.caller)
    sent = play.callee.ask("MESSAGE", play.caller.aor, body="hello")
    play.asked.append(sent)
    play.hears(play.caller, "MESSAGE").answer(200)
    play.final(sent)
    play.asked.append(play.caller.register(0))
    play.final(play.asked[-1])


def options(play):
    asked = play.caller.ask("OPTIONS", f"sip:{domain}")
    play.asked.append(asked)
    play.final(asked)


def message(play):
    play.rest(play.callee)
    asked = play.ask(play.caller, "MESSAGE", body="hello")
    play.hears(play.callee, "MESSAGE").answer(200)
    play.final(asked)


def subscribe(play):
    """Notified, refreshed, ended."""
    event = ["Event: presence", "Expires: 600"]
    play.rest(play.callee)
    asked = play.ask(play.caller, "SUBSCRIBE", headers=event)
    heard = play.hears(play.callee, "SUBSCRIBE")
    heard.answer(200, ["Expires: 600"])
    play.final(asked)
    theirs = play.callee.dialog_of(heard)

    def notify(state):
        play.within(play.callee, play.caller, theirs, "NOTIFY", headers=[
            "Event: presence", f"Subscription-State: {state}"])
    notify("active;expires=600")
    for seconds, state in ((300, "active;expires=300"), (0, "terminated")):
        play.rest(play.callee)
        again = play.ask_within(
            play.caller, asked.dialog, "SUBSCRIBE",
            headers=["Event: presence", f"Expires: {seconds}"])
        play.hears(play.callee, "SUBSCRIBE").answer(
            200, [f"Expires: {seconds}"])
        play.final(again)
        notify(state)


def reached(play):
    """Whatever became of the rest: who is called now is there."""
    sent = play.ask(play.caller, "MESSAGE", body="still there?")
    heard = play.loop.until("a MESSAGE at the callee", lambda: sent.final or
                            play.callee.take("MESSAGE"), WAIT)
    assert heard is not sent.final, f"no MESSAGE: {sent.final.first}"
    heard.answer(200)
    play.final(sent)


FLOWS = {one.__name__.replace("_", "-"): one for one in (
    call, called, busy, cancel_trying, cancel_ringing, cancel_late,
    cancel_redirected, register, options, message, subscribe)}
