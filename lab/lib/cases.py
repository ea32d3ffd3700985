# SPDX-License-Identifier: GPL-2.0-or-later
"""cases.py - every case of the continuity suite, and how it must end

Pure: no socket, no clock.  A case is a flow, a transport, a family, what the
caller makes of a 302, whose path flips, after which of its messages, and how.

Messages are named as the phone sees them that flips: INVITE is sent, <INVITE
heard, INVITE#2 the second one it sends; START is before its first.  Before a
message is after the one before it.
"""
from dataclasses import dataclass

TRANSPORTS = ("udp", "tcp", "tls")
FAMILIES = ("IPv4", "IPv6")
KINDS = {"follows": "the caller follows a 302",
         "served": "the caller never does and is served",
         "proxied": "the caller has the service address as its outbound proxy: "
                    "it follows a 302 in the request URI alone, and sends all "
                    "to the service"}
SIDES = {"caller": "the caller's path flips", "callee": "the callee's",
         "both": "both paths: the whole prefix"}
MODES = {
    "stay": "the path flips and stays",
    "back": "for one message; then it is the old one again",
    "loss": "it stays, and what the phone is to hear next is lost (UDP)",
    "one": "of the connection there is alone (TCP, TLS): one 5-tuple"}
START = "start"

MODES_OF = {"udp": ("stay", "back", "loss"), "tcp": ("stay", "back", "one"),
            "tls": ("stay", "back", "one")}

# flow -> what the caller and the callee see, the caller being served
_RING = "INVITE <407 ACK INVITE <100 "
_UP = _RING + "<180 <200 ACK "
SEEN = {
    "call": (_UP + "INVITE <100 <200 ACK BYE <200",
             "<INVITE 180 200 <ACK <INVITE 200 <ACK <BYE 200"),
    "called": (_UP + "<INVITE 200 <ACK <BYE 200",
               "<INVITE 180 200 <ACK INVITE <100 <200 ACK BYE <200"),
    "busy": (_RING + "<180 <486 ACK", "<INVITE 180 486 <ACK"),
    "cancel-trying": (_RING + "CANCEL <200/CANCEL <487 ACK",
                      "<INVITE 180 <CANCEL 200 487 <ACK"),
    "cancel-ringing": (_RING + "<180 CANCEL <200/CANCEL <487 ACK",
                       "<INVITE 180 <CANCEL 200 487 <ACK"),
    "cancel-late": (_RING + "<180 CANCEL <200/CANCEL <200 ACK BYE <200",
                    "<INVITE 180 200 <ACK <BYE 200"),
    "cancel-redirected": ("CANCEL <200/CANCEL", ""),
    "register": ("REGISTER <401 REGISTER <200 REGISTER <401 REGISTER <200 "
                 "<MESSAGE 200 REGISTER <401 REGISTER <200",
                 "MESSAGE <407 MESSAGE <200"),
    "options": ("OPTIONS <200", ""),
    "message": ("MESSAGE <407 MESSAGE <200", "<MESSAGE 200"),
    "subscribe": ("SUBSCRIBE <407 SUBSCRIBE <200 <NOTIFY 200 "
                  "SUBSCRIBE <200 <NOTIFY 200 SUBSCRIBE <200 <NOTIFY 200",
                  "<SUBSCRIBE 200 NOTIFY <200 <SUBSCRIBE 200 NOTIFY <200 "
                  "<SUBSCRIBE 200 NOTIFY <200"),
}
# flows with a call -> the answer after which all is between phone and node
CALLS = {"call": "<200", "called": "<200", "busy": "<486",
         "cancel-trying": "<487", "cancel-ringing": "<487",
         "cancel-late": "<200", "cancel-redirected": "<302"}
# of these flows the callee is the one that calls, or has nothing to do
NO_CALLEE = ("register", "options", "cancel-redirected")
# whether the caller follows makes no difference to a 302 it is not sent
NEVER_REDIRECTED = ("options", "message", "subscribe")


def seen(flow, kind, side):
    """All messages of one phone, in order, numbered."""
    text = SEEN[flow][side == "callee"]
    if kind != "served" and side != "callee":
        if flow == "cancel-redirected":
            text = "INVITE CANCEL <200/CANCEL <302 ACK"
        elif text.startswith("INVITE"):
            text = "INVITE <302 ACK " + text
        elif flow == "register":
            text = text.replace("REGISTER <401", "REGISTER <302 REGISTER <401")
    return numbered(text.split())


def numbered(labels):
    out, count = [], {}
    for label in labels:
        count[label] = count.get(label, 0) + 1
        out.append(label if count[label] == 1 else f"{label}#{count[label]}")
    return out


@dataclass(frozen=True)
class Case:
    flow: str
    transport: str
    family: str
    kind: str
    side: str = ""
    point: str = ""     # after which message; START
    mode: str = ""      # "": no flip

    @property
    def name(self):
        words = [self.flow, self.transport, self.family, self.kind]
        if self.mode:
            words += [self.side, self.point, self.mode]
        return " ".join(words)


    def without(self):
        return Case(self.flow, self.transport, self.family, self.kind)


def kinds(flow):
    if flow == "cancel-redirected":
        return ["follows"]
    return ["served"] if flow in NEVER_REDIRECTED else \
        ["follows", "served"] if flow == "register" else list(KINDS)


def sides(flow):
    return ["caller"] if flow in NO_CALLEE else list(SIDES)


def everything():
    """The full product; first the flows without a flip."""
    for flow in SEEN:
        for transport in TRANSPORTS:
            for family in FAMILIES:
                for kind in kinds(flow):
                    yield Case(flow, transport, family, kind)
    for flow in SEEN:
        for transport in TRANSPORTS:
            for family in FAMILIES:
                for kind in kinds(flow):
                    for side in sides(flow):
                        for point in [START, *seen(flow, kind, side)]:
                            for mode in MODES_OF[transport]:
                                yield Case(flow, transport, family, kind,
                                           side, point, mode)


def default():
    """Every flow, point and transport; every way to flip over UDP and TCP, but
    for outbound proxies; of IPv6 a part."""
    for number, case in enumerate(everything()):
        if case.mode and case.family == "IPv6" and number % 7:
            continue
        few = case.transport == "tls" or \
            case.transport == "tcp" and case.kind == "proxied"
        if not case.mode or not few or case.mode == "stay":
            yield case


# --- how they must end

SAME, RECONNECTED = "same", "reconnected"
ASKED_AGAIN, CALLED_AGAIN = "asked again", "called again"
CUT_OFF = "cut off"
OUTCOMES = {
    SAME: "as without the flip: the same answers, nothing twice, nothing lost",
    RECONNECTED: "the same answers, but a phone had to open a new connection",
    ASKED_AGAIN: "the connection broke before the answer: the phone asked "
                 "again on a new one, and had the answer it would have had",
    CALLED_AGAIN: "the connection broke while the call was being set up: the "
                  "phone cancelled on a new one what may have been heard of, "
                  "and called again; the call came about, and nobody was left "
                  "ringing",
    CUT_OFF: "the phone's connection broke under a call or an answer: the "
             "other party was told (408 of the node, or a BYE of the phone, "
             "which got no ACK; a CANCEL may not find it, and it rings on), the "
             "phone registered again by itself and was reached at the second "
             "try at the latest; that of an outbound proxy which called "
             "again may have left a phone ringing",
}


def expected(case):
    """The outcomes that are right.  Over UDP there is one.  A connection to the
    service that leads to the other node is reset there; whether before or after
    the answer that is on its way, nobody can say."""
    if case.transport == "udp" or not case.mode:
        return [SAME]
    right = [SAME, RECONNECTED]
    if case.side != "caller" or case.kind == "proxied" or \
            case.flow in ("called", "subscribe", "register"):
        right.append(CUT_OFF)   # it is asked, too, by the connection there was
    if case.side != "callee" and to_service(case):
        right.append(ASKED_AGAIN)
        if case.flow in CALLS:
            right.append(CALLED_AGAIN)
    return right


def raced(case):
    """What a callee may see once more or less: two messages cross, or the ACK of
    its refusal, which no phone waits for on a stream, finds no connection."""
    out = {"CANCEL"} if case.flow == "cancel-late" else set()
    if case.transport != "udp" and case.side != "caller":
        out.add("ACK")
    return out


def to_service(case):
    """Does the caller still have something to ask the service itself?"""
    labels = [START, *seen(case.flow, case.kind, case.side)]
    left = labels[labels.index(case.point):]
    if case.flow not in CALLS:
        return True
    if case.kind == "proxied":
        return True
    last = "<302" if case.kind == "follows" else CALLS[case.flow]
    return last in left
