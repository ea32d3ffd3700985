#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ng control of the pinner as its clients meet it: repeated and colliding
commands, encodings, sources, errors, keys and flags in all spellings.

usage: control.py BUILD       where rtpengine is installed, it is asked as well
"""
import socket
import sys

from figures import figures, risen
from ng import Ng, decode, encode
from ngworld import (ALICE, BOB, HERE4, HERE6, LOAD_LIMIT, METRICS, V4, V6, pack,
                     run, sdp, until)
from voice import WAIT, Voice, heard, where

REPEATED, NOT_ALLOWED, UNKNOWN, REFUSED = (
    f"rtp_pinner_ng_{name}_total" for name in (
        "repeated", "not_allowed", "unknown_words", "refused_words"))


# ---- the same datagram, and one that only looks like it

def a_repeated_offer_gets_the_same_bytes_and_runs_once(world):
    name = world.name()
    body = pack("offer", call_id=name, from_tag="a", sdp=sdp())
    before = figures(METRICS)
    first = world.ng.raw(body, cookie="again-1")
    port = where(decode(first)["sdp"])[1]
    for _ in range(3):
        assert world.ng.raw(body, cookie="again-1") == first
    assert world.calls() == [name]
    # would it run again, this would make a new call
    world.ng.ok("delete", ("delete delay", 0), call_id=name)
    until("the call has ended", lambda: not world.calls())
    assert world.ng.raw(body, cookie="again-1") == first
    assert not world.calls(), "a repeated offer began a call"
    risen(METRICS, before, **{REPEATED: 4})
    # and so does a new cookie
    again = world.ng.raw(body, cookie="again-2")
    assert decode(again)["result"] == "ok" and world.calls() == [name]
    assert where(decode(again)["sdp"])[1] != port, "a port without its rest"


def a_repeated_delete_gets_the_same_bytes_and_runs_once(world):
    name = world.name()
    offer = {"call_id": name, "from_tag": "a", "sdp": sdp()}
    world.ng.ok("offer", **offer)
    body = pack("delete", ("delete delay", 0), call_id=name, from_tag="a")
    first = world.ng.raw(body, cookie="bye-1")
    assert b"warning" not in first, first
    assert world.ng.raw(body, cookie="bye-1") == first
    assert b"warning" in world.ng.raw(body, cookie="bye-2")
    world.ng.ok("offer", **offer)
    assert world.ng.raw(body, cookie="bye-1") == first
    assert world.calls() == [name], "a repeated delete ended another call"


def a_cookie_of_another_sender_is_a_command_of_its_own(world):
    """Two Kamailios count their cookies alike: rtpengine gives the second one
    the first one's answer, and with it the other call's ports."""
    names, ports = [], []
    senders = [Ng(HERE4, source=("127.0.0.1", 4711)), Ng(HERE4), Ng(HERE6),
               Ng(HERE4, source=("127.0.0.2", 4711))]
    for sender in senders:
        names.append(world.name())
        body = pack("offer", call_id=names[-1], from_tag="a", sdp=sdp())
        reply = decode(sender.raw(body, cookie="0_17_1"))
        ports.append(where(reply["sdp"])[1])
    assert sorted(world.calls()) == sorted(names)
    assert len(set(ports)) == len(ports), ports
    # the same bytes even: a delete that another sender has sent runs
    body = pack("delete", ("delete delay", 0), call_id=names[0], from_tag="a")
    assert b"warning" not in senders[0].raw(body, cookie="0_17_2")
    for sender in senders[1:]:
        assert b"warning" in sender.raw(body, cookie="0_17_2")
    for sender in senders:
        sender.close()


def a_cookie_with_another_body_is_a_command_of_its_own(world):
    name = world.name()
    assert world.ng.raw(pack("ping"), cookie="twice") == b"d6:result4:ponge"
    reply = decode(world.ng.raw(pack("offer", call_id=name, from_tag="a",
                                     sdp=sdp()), cookie="twice"))
    assert reply["result"] == "ok" and world.calls() == [name]
    assert world.ng.raw(b'{"command":"ping"}',
                        cookie="twice") == b'{"result":"pong"}'
    assert world.ng.raw(pack("ping"), cookie="twice") == b"d6:result4:ponge"


# ---- how a command is written, and where it comes from

def json_and_bencode_are_answered_in_kind(world):
    as_json = Ng(HERE4, as_json=True)
    name = world.name()
    text = sdp(ALICE, 4000, 'a=quote:"\\ \t', "a=umlaut:\u00e4\u20ac")
    reply = as_json.ok("offer", call_id=name, from_tag="a", sdp=text)
    assert "a=umlaut:\u00e4\u20ac\r\n" in reply["sdp"]
    assert 'a=quote:"\\ \t\r\n' in reply["sdp"]
    same = world.ng.ok("offer", call_id=name, from_tag="a", sdp=text)
    assert same["sdp"] == reply["sdp"]
    for command in ("query", "delete"):
        a = as_json.ok(command, call_id=name, from_tag="a")
        b = world.ng.ok(command, call_id=name, from_tag="a")
        assert a.keys() == b.keys(), command
    # bytes that are no UTF-8 go through bencode
    odd = sdp().encode() + b"a=odd:\xff\xfe\r\n"
    reply = world.ng.ok("offer", call_id=world.name(), from_tag="a", sdp=odd)
    assert "a=odd:\udcff\udcfe\r\n" in reply["sdp"]
    for body, want in ((b'{"command":"ping"}', b'{"result":"pong"}'),
                       (b'{ "command" : "\\u0070ing" }\n',
                        b'{"result":"pong"}'),
                       (b"d7:command4:pinge", b"d6:result4:ponge"),
                       (b"d7:command4:pingeXYZ", b"d6:result4:ponge")):
        for ng in world.both():
            assert ng.raw(body) == want, body
    as_json.close()


def a_list_too_long_for_a_datagram_has_the_newest_calls(world):
    name = "\x1b" * 200
    for serial in range(70):
        world.ng.ok("offer", call_id=f"{serial}{name}", from_tag="a", sdp=sdp())
    as_json = Ng(HERE4, as_json=True)
    calls = as_json.ok("list", limit=1000)["calls"]
    assert 30 < len(calls) < 70 and calls[0] == f"69{name}", len(calls)
    assert len(world.calls()) == 70     # bencode is shorter
    as_json.close()


def it_answers_on_ipv4_and_ipv6(world):
    for at in (HERE4, HERE6):
        client = Ng(at)
        reply = client.ok("offer", call_id=world.name(), from_tag="a",
                          sdp=sdp())
        assert where(reply["sdp"])[0] == V4
        client.close()
    reply = world.ng.ok("offer", call_id=world.name(), from_tag="a",
                        sdp=sdp("2001:db8:c::1"))
    assert where(reply["sdp"])[0] == V6


def a_source_outside_allow_is_counted_and_not_answered(world):
    before = figures(METRICS)
    stranger = Ng(HERE4, source="127.0.0.3", timeout=0.3, tries=1)
    try:
        stranger.command("offer", call_id=world.name(), from_tag="a",
                         sdp=sdp())
        raise AssertionError("a stranger was answered")
    except TimeoutError:
        pass
    stranger.close()
    assert not world.calls()
    risen(METRICS, before, **{NOT_ALLOWED: 1})


def errors_have_the_texts_of_rtpengine(world):
    good = {"call-id": "e", "from-tag": "a", "sdp": sdp()}

    def without(key, command="offer", **more):
        keys = {**good, **more, "command": command}
        del keys[key]
        return encode(keys)

    table = [
        (b"hello", "Invalid NG data format"),
        (b"l7:command4:pinge", "Invalid NG data format"),
        (b" d7:command4:pinge", "Invalid NG data format"),
        (b"[1]", "Invalid NG data format"),
        (b"d7:command", "Could not decode bencode dictionary"),
        (b"d7:command4:ping1:xe", "Could not decode bencode dictionary"),
        (b"d7:command4:pingi1ei2ee", "Could not decode bencode dictionary"),
        (b"d1:xi-e7:command4:pinge", "Could not decode bencode dictionary"),
        (b"d" * 40 + b"e" * 40, "Could not decode bencode dictionary"),
        (b"de", 'Dictionary contains no key "command"'),
        (b"{}", 'Dictionary contains no key "command"'),
        (b"d7:commandi3ee", 'Dictionary contains no key "command"'),
        (b"{", "Failed to parse JSON document"),
        (b'{"command":ping}', "Failed to parse JSON document"),
        (encode({"command": "fly"}), "Unrecognized command"),
        (encode({"command": ""}), "Unrecognized command"),
        (encode({"command": "play media", **good}), None),
        (without("call-id"), "No call-id in message"),
        (without("call-id", "query"), "No call-id in message"),
        (without("call-id", "delete"), "No call-id in message"),
        (without("from-tag"), "No from-tag in message"),
        (without("sdp"), "No SDP body in message"),
        (encode({**good, "command": "answer"}), "No to-tag in message"),
        (without("sdp", "answer"), "No SDP body in message"),
        (encode({**good, "command": "answer", "to-tag": "b",
                 "call-id": "unheard-of"}), "Unknown call-id"),
        (encode({"command": "query", "call-id": "x"}), "Unknown call-id"),
        (encode({**good, "command": "offer", "sdp": "hello world"}),
         "Failed to parse SDP"),
        (encode({**good, "command": "offer", "sdp": sdp(ALICE, 99999)}),
         "Failed to parse SDP"),
        (encode({**good, "command": "offer", "call-id": "e2",
                 "sdp": sdp().replace("c=IN IP4 127.0.1.1\r\n", "")}),
         "Incomplete SDP specification"),
        (encode({"command": "delete", "call-id": "x", "from-tag": "a",
                 "flags": ["fatal"]}),
         "Call-ID not found or tags didn't match"),
    ]
    for body, want in table:
        if want is None:    # what rtpengine does and this relay does not
            want, relays = "Unrecognized command", [world.ng]
        else:
            relays = world.both()
        for ng in relays:
            reply = ng.raw(body)
            if body.startswith(b"{"):
                text = want.replace('"', '\\"')
                known = f'{{"result":"error","error-reason":"{text}"}}'.encode()
            else:
                known = encode({"result": "error", "error-reason": want})
            assert reply == known, f"{body[:80]}: {reply} of {ng.address}"
    for ng in world.both():
        for tags in ({"from_tag": "a"}, {}):
            reply = ng.command("delete", call_id="unheard-of", **tags)
            assert reply == {
                "warning": "Call-ID not found or tags didn't match",
                "result": "ok"}, reply
        reply = ng.command("offer", call_id=world.name(), from_tag="a", sdp="")
        assert reply == {"result": "ok"}, reply


# ---- keys and flags

def keys_are_spelled_in_many_ways(world):
    for between in " -_":
        def key(words, between=between):
            return words.replace(" ", between)
        reply = world.ng.ok(
            "offer", (key("call id"), world.name()), (key("from tag"), "a"),
            (key("address family"), "IP6"), (key("via branch"), "z"),
            ("replace", [key("session connection"), "origin"]),
            (key("received from"), ["IP4", ALICE]),
            ("flags", [key("no rtcp attribute"), key("strict source")]),
            (key("transport protocol"), "RTP/AVP"), sdp=sdp())
        assert where(reply["sdp"])[0] == V6, repr(between)
        assert f"o=- 1 1 IN IP6 {V6}\r\n" in reply["sdp"], repr(between)
        assert "a=rtcp:" not in reply["sdp"], repr(between)
    # a list may be a string
    reply = world.ng.ok("offer", ("flags", "no-rtcp-attribute strict-source"),
                        ("replace", "origin,session-connection"),
                        call_id=world.name(), from_tag="a", sdp=sdp())
    assert "a=rtcp:" not in reply["sdp"] and f"IP4 {ALICE}" not in reply["sdp"]


def a_key_may_come_twice(world):
    """Kamailio writes a flag of the script beside its own keys."""
    name = world.name()
    for pairs in ([("delete delay", 0), ("delete-delay", "0")],
                  [("delete-delay", "0"), ("delete delay", 0)]):
        world.ng.ok("offer", ("label", "x"), ("label", "y"), ("x", "1"),
                    ("x", "2"), call_id=name, from_tag="a", sdp=sdp())
        assert world.calls() == [name]
        world.ng.ok("delete", *pairs, call_id=name, from_tag="a")
        until("the call has ended", lambda: not world.calls())


def what_it_does_not_know_changes_nothing(world):
    """Neither unknown keys, flags and values nor those of rtpengine for what
    this relay does not do: a call with sound is worth more than an error."""
    before = figures(METRICS)
    name = world.name()
    plain = world.ng.ok("offer", call_id=name, from_tag="a", sdp=sdp())
    for number, pairs in enumerate((
            [("flags", ["fly", "loop-protect", "trickle ICE", 3, ["x"]])],
            [("flags", {"strict": "source"}), ("fly", "me"), ("to", 7)],
            [("replace", ["moon"]), ("rtcp-mux", ["perhaps"]),
             ("supports", ["load limit", "flying"])],
            [("codec", {"transcode": ["opus"], "mask": ["PCMA"]}),
             ("SDES", ["off"]), ("DTLS", "off"), ("record call", "yes"),
             ("T.38", ["decode"]), ("media echo", "blackhole")],
            [("direction", ["moon", "mars"]), ("interface", "moon"),
             ("media-address", "moon"), ("address-family", "moon"),
             ("TOS", "moon"), ("delete-delay", "moon"), ("gate", "moon"),
             ("ICE", "moon"), ("sip-message-type", "moon"),
             ("transport-protocol", 5)])):
        reply = world.ng.ok("offer", *pairs, call_id=name, from_tag="a",
                            sdp=sdp())
        assert reply["sdp"] == plain["sdp"], f"{number}: {reply['sdp']}"
    now = figures(METRICS)
    assert now[UNKNOWN] > before[UNKNOWN] and now[REFUSED] > before[REFUSED]


def kamailio_6_leaves_the_flags_to_the_relay(world):
    name = world.name()
    bob = Voice(BOB)
    alice = Voice(ALICE, told="10.20.30.40")
    keys = {"call_id": name, "via_branch": "z9hG4bKi1", "from_tag": "ftag",
            **LOAD_LIMIT}
    offer = world.ng.ok(
        "offer", ("sip-message-type", "sip_request"),
        ("rtpp-flags", "RTP/SAVP replace=origin strict-source ICE=remove "
         f"received-from={ALICE} via-branch=auto rtcp-mux-offer TOS=184 "
         "codec-mask=opus fly"), sdp=alice.sdp("a=candidate:1 1 UDP 1 "
                                               "10.20.30.40 4000 typ host"),
        **keys)
    assert f"o=- 7 1 IN IP4 {V4}\r\n" in offer["sdp"], offer["sdp"]
    assert "a=rtcp-mux\r\n" in offer["sdp"], offer["sdp"]
    assert "a=candidate" not in offer["sdp"], offer["sdp"]
    answer = world.ng.ok("answer", ("sip-message-type", "sip_reply"),
                         ("rtpp-flags", f"received-from=[IP4 {BOB}]"),
                         to_tag="ttag", sdp=bob.sdp(), **keys)
    at = where(answer["sdp"]), where(offer["sdp"])
    heard(alice, bob, *at)
    bob.rtp.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    alice.send(at[0], 1)
    bob.rtp.settimeout(WAIT)
    tos = bob.rtp.recvmsg(2048, 64)[1][0][2]
    assert tos == b"\xb8", f"TOS {tos}"
    # the To tag is always there, and selects where the flag says so
    last = {"call_id": name, "via_branch": "z9hG4bKb1", "from_tag": "ftag",
            "to_tag": "nope", "sip_message_type": "sip_request", **LOAD_LIMIT}
    reply = world.ng.ok("delete", ("rtpp-flags", "to-tag delete-delay=0"),
                        **last)
    assert "warning" in reply and world.calls() == [name], reply
    reply = world.ng.ok("delete", ("rtpp-flags", "delete-delay=0"), **last)
    assert "warning" not in reply, reply
    until("the call has ended", lambda: not world.calls())
    for voice in (alice, bob):
        voice.close()


sys.exit(run((
    a_repeated_offer_gets_the_same_bytes_and_runs_once,
    a_repeated_delete_gets_the_same_bytes_and_runs_once,
    a_cookie_of_another_sender_is_a_command_of_its_own,
    a_cookie_with_another_body_is_a_command_of_its_own,
    json_and_bencode_are_answered_in_kind,
    a_list_too_long_for_a_datagram_has_the_newest_calls,
    it_answers_on_ipv4_and_ipv6,
    a_source_outside_allow_is_counted_and_not_answered,
    errors_have_the_texts_of_rtpengine,
    keys_are_spelled_in_many_ways,
    a_key_may_come_twice,
    what_it_does_not_know_changes_nothing,
    kamailio_6_leaves_the_flags_to_the_relay)))
