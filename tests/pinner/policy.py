#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pinner decides by its configuration and its commands: whom
received-from lets in, when it takes no calls, what it never advertises; and
that its replies are built as those of rtpengine.

usage: policy.py BUILD        where rtpengine is installed, it is asked as well
"""
import re
import signal
import sys
import time

from figures import fetch, figures
from ng import Ng
from ngworld import (ALICE, BOB, HERE4, LOAD_LIMIT, METRICS, PROXY, SERVICE,
                     SERVICE6, STRANGER, V4, V6, run, sdp, until)
from node import SOURCE
from voice import Voice, heard, not_heard, where

CHANGING = ("uptime", "ports free", "ports used", "ports quarantined",
            "sessions")
BROKEN_STATE = "rtp_pinner_node_state_broken_total"


# ---- what an operator is told of a gate that shuts out the party

def a_silent_leg_is_told_of_once_and_the_cure_opens_it(world):
    alice, bob, other = Voice(ALICE), Voice(BOB), Voice(STRANGER)
    name = world.name()
    keys = {"call_id": name, "from_tag": "a"}

    def set_up(**more):
        offer = world.ng.ok("offer", sdp=alice.sdp(), **keys, **more)
        answer = world.ng.ok("answer", to_tag="b", sdp=bob.sdp(), **keys)
        return where(answer["sdp"]), where(offer["sdp"])

    def lines():
        return [line for line in world.relay.log().splitlines()
                if "gate: nothing heard" in line and name in line]

    def told():
        other.send(at, 1)
        return lines()

    try:
        at, source = set_up()
        until("the log tells of the silent leg", told)
        end = time.monotonic() + 3
        while time.monotonic() < end:       # it says so once
            told()
            time.sleep(0.02)
        assert len(lines()) == 1, lines()
        assert f"from={STRANGER}:{other.port}" in lines()[0], lines()
        cure = re.search(r"gate=(\S+),", lines()[0]).group(1)
        bob.take(wait=0)
        not_heard(other, bob, at)
        set_up(gate=cure)
        heard(other, bob, at, source)
    finally:
        for voice in (alice, bob, other):
            voice.close()


# ---- whom received-from lets in

def call_between(world, alice, bob, *pairs, **keys):
    name = world.name()
    offer = world.ng.ok("offer", *pairs, call_id=name, from_tag="a",
                        sdp=alice.sdp(), **keys)
    answer = world.ng.ok("answer", call_id=name, from_tag="a", to_tag="b",
                         sdp=bob.sdp(), received_from=["IP4", BOB])
    return where(answer["sdp"]), where(offer["sdp"])


def received_from_opens_the_gate_in_every_shape(world):
    kamailios = ["IP4", "127.0.1.50"]
    table = [
        ([("received-from", ["IP4", ALICE])], True),
        ([("received from", ["IP4", ALICE])], True),
        ([("received_from", ["ip4", ALICE])], True),
        ([("received-from", ALICE)], True),
        ([("received-from", f"IP4 {ALICE}")], True),
        ([("received-from", ["IP6", f"::ffff:{ALICE}"])], True),
        ([("rtpp-flags", f"received-from={ALICE}")], True),
        ([("rtpp-flags", f"received-from=[IP4 {ALICE}]")], True),
        # the operator's word, before Kamailio's own and after it
        ([("received-from", ALICE), ("received-from", kamailios)], True),
        ([("received-from", kamailios), ("received-from", ALICE)], True),
        ([("received-from", kamailios),
          ("rtpp-flags", f"received-from={ALICE}")], True),
        # nothing that opens
        ([], False),
        ([("received-from", kamailios)], False),
        ([("received-from", "moon")], False),
        ([("received-from", [])], False),
        ([("received-from", 7)], False),
        ([("received-from", {"IP4": ALICE})], False),
        ([("received-from", "0.0.0.0")], False),
        ([("received-from", ["IP4", ALICE]), ("flags", ["trust-address"])],
         False),
    ]
    bob = Voice(BOB)
    for pairs, passes in table:
        alice, stranger = Voice(ALICE, told="10.20.30.40"), Voice(STRANGER)
        at = call_between(world, alice, bob, *pairs)
        try:
            not_heard(stranger, bob, at[0])
            if passes:
                heard(alice, bob, *at)
                heard(bob, alice, at[1], at[0])
            else:
                not_heard(alice, bob, at[0])
            not_heard(stranger, bob, at[0])
        except AssertionError as error:
            raise AssertionError(f"{pairs}: {error}") from None
        alice.close()
        stranger.close()
    # the address of an SDP has a place in the gate, whatever else there is
    for pairs in ([], [("received-from", kamailios)], [("received-from", 7)]):
        alice = Voice(ALICE)
        heard(alice, bob, *call_between(world, alice, bob, *pairs))
        alice.close()
    bob.close()


def a_proxy_is_no_source_of_media(world):
    alice, proxy, bob = Voice(ALICE), Voice(PROXY), Voice(BOB)
    for pairs in ([("received-from", ["IP4", PROXY])],
                  [("received-from", PROXY)]):
        at = call_between(world, alice, bob, *pairs)
        not_heard(proxy, bob, at[0])
        heard(alice, bob, *at)
    # one that says so in SDP is a party like any other
    heard(proxy, bob, *call_between(world, proxy, bob))
    for voice in (alice, proxy, bob):
        voice.close()


# ---- out of service

def refused_new_and_served_known(world, name):
    offer = {"from_tag": "a", "sdp": sdp()}
    reply = world.ng.command("offer", call_id=world.name(), **offer,
                             **LOAD_LIMIT)
    assert reply["result"] == "load limit", reply
    reply = world.ng.command("offer", call_id=world.name(), **offer)
    assert reply["result"] == "error", reply
    assert reply["error-reason"] == "Parallel session limit reached", reply
    world.ng.ok("offer", call_id=name, **offer)
    world.ng.ok("answer", call_id=name, to_tag="b", **offer)
    world.ng.ok("query", call_id=name)
    world.ng.ok("ping")
    assert world.calls() == [name]
    # who has nowhere else to go with it is served all the same
    reply = world.ng.ok("offer", call_id="served", flags=["no-other-relay"],
                        **offer)
    assert where(reply["sdp"]), reply
    info = world.ng.ok("node info")
    assert info["running"] == 2, info
    world.ng.ok("delete", call_id="served", from_tag="a")
    info = world.ng.ok("node info")
    assert (info["sessions"], info["running"]) == (2, 1), info
    world.ng.ok("delete", ("delete delay", 0), call_id="served")


def accepts(world):
    reply = world.ng.command("offer", call_id="probe", from_tag="a",
                             sdp=sdp(), **LOAD_LIMIT)
    world.ng.ok("delete", ("delete delay", 0), call_id="probe")
    return reply["result"] == "ok"


def drain_refuses_new_calls_and_serves_known_ones(world):
    name = world.name()
    world.ng.ok("offer", call_id=name, from_tag="a", sdp=sdp())
    for _ in range(2):
        assert world.ng.ok("drain")["draining"] == 1
        info = world.ng.ok("node info")
        assert info["draining"] and info["drain reason"] == "drain command", info
        refused_new_and_served_known(world, name)
    assert world.ng.ok("undrain")["draining"] == 0
    info = world.ng.ok("node info")
    assert info["node"] == "a" and info["draining"] == 0, info
    assert info["media-address-4"] == V4 and info["media-address-6"] == V6, info
    assert (info["port min"], info["port max"]) == world.relay.ports, info
    assert info["sessions"] == 1 and info["ports used"] == 4, info
    assert accepts(world)


def the_state_file_drains_as_well(world):
    name, path = world.name(), world.relay.dir / "node.state"
    world.ng.ok("offer", call_id=name, from_tag="a", sdp=sdp())

    def write(text):
        new = path.with_suffix(".new")
        new.write_text("sip-anycast-state 1\n" + text)
        new.rename(path)

    for state in ("draining", "down", "disabled"):
        write(f"self a {state}\n")
        until(f"{state} refuses calls", lambda: not accepts(world))
        refused_new_and_served_known(world, name)
        write("self a up\n")
        until("up takes calls", lambda: accepts(world))
    write("self a draining\n")
    until("draining refuses calls", lambda: not accepts(world))
    # what is no longer true, speaks of another or cannot be read holds nobody
    for text in ("self a draining\nuntil 1\n", "self b draining\n", None):
        write("self a draining\n")
        until("draining refuses calls", lambda: not accepts(world))
        if text:
            write(text)
        else:
            path.unlink()
        until(f"{text!r} takes calls", lambda: accepts(world))
    # what cannot be read says nothing new
    write("self a draining\n")
    until("draining refuses calls", lambda: not accepts(world))
    before = figures(METRICS)
    path.write_text("junk\n")
    until("the junk is counted", lambda: figures(METRICS)[BROKEN_STATE]
          > before[BROKEN_STATE])
    refused_new_and_served_known(world, name)
    path.unlink()
    until("no file takes calls", lambda: accepts(world))


# ---- read again

def a_reload_takes_peers_and_proxies_and_allow(world):
    relay = world.relay
    conf, site = relay.dir / "rtp-pinner.conf", relay.dir / "site.conf"
    texts = conf.read_text(), site.read_text()
    alice, bob = Voice(ALICE, told="10.20.30.40"), Voice(BOB)
    elsewhere = Voice(STRANGER)
    client = Ng(HERE4, source="127.0.0.3", timeout=0.2, tries=1)

    def reload(*new):
        for path, text in zip((conf, site), new):
            path.write_text(text)
        said = relay.log().count("reload: ")
        relay.process.send_signal(signal.SIGHUP)
        until("it says what the reload did",
              lambda: relay.log().count("reload: ") > said)

    def answers():
        try:
            return client.command("ping") == {"result": "pong"}
        except TimeoutError:
            return False

    def passes(voice, *pairs):
        at = call_between(world, alice, bob, *pairs)
        try:
            heard(voice, bob, *at)
            return True
        except AssertionError:
            return False

    by_proxy = ("received-from", ["IP4", PROXY])
    by_alice = ("received-from", ["IP4", ALICE])
    assert not answers() and not passes(elsewhere, by_alice)
    reload(texts[0].replace("allow = ", "allow = 127.0.0.3, ")
           .replace(f"trusted-proxies = {PROXY}", "trusted-proxies = 127.0.7.2"),
           f"{texts[1]}[peer carrier]\naddress = {ALICE}\n"
           f"gate = prefix {STRANGER}/32\n")
    assert answers() and passes(elsewhere, by_alice)
    proxy = Voice(PROXY)
    assert passes(proxy, by_proxy)
    # what is wrong changes nothing
    reload(texts[0].replace("allow = ", "allow = moon, "), "nonsense")
    assert "nothing is changed" in relay.log()
    assert answers() and passes(elsewhere, by_alice)
    reload(*texts)
    assert not answers() and not passes(elsewhere, by_alice)
    assert not passes(proxy, by_proxy)
    for thing in (alice, bob, elsewhere, proxy, client):
        thing.close()


def a_reload_tells_nothing_that_is_not_so(world):
    """What only a start takes stays in what it tells, too."""
    relay, name = world.relay, world.name()
    conf = relay.dir / "rtp-pinner.conf"
    text = conf.read_text()
    world.ng.ok("offer", call_id=name, from_tag="a", sdp=sdp())

    def told():
        info = world.ng.ok("node info")
        tags = world.ng.ok("query", call_id=name)["tags"].values()
        statistics = world.ng.ok("statistics")["statistics"]
        page = figures(METRICS)
        return ([info[key] for key in info if key not in CHANGING],
                [stream["local address"] for tag in tags
                 for media in tag["medias"] for stream in media["streams"]],
                [[i["address"], i["ports"]["min"], i["ports"]["max"]]
                 for i in statistics["interfaces"]],
                page["rtp_pinner_sessions_max"])

    def reloads(new):
        said = relay.log().count("reload: ")
        conf.write_text(new)
        relay.process.send_signal(signal.SIGHUP)
        until("it says what the reload did",
              lambda: relay.log().count("reload: ") > said)
        return "nothing is changed" not in relay.log().splitlines()[-1]

    before = told()
    other = re.sub(r"port-max = \d+", "port-max = 39999", text) \
        + f"max-sessions = 7\nmedia-address = {STRANGER}\n"
    assert other.count("39999") == 1 and reloads(other)
    after = told()
    assert after == before, f"{after} is not {before}"
    # this node must be in the site; nothing else tells how it is
    site = relay.dir / "site.conf"
    sites = site.read_text()
    site.write_text(sites.replace("[node a]", "[node b]"))
    assert not reloads(text.replace("node = a", "node = b"))
    assert told() == before
    site.write_text(sites)
    assert reloads(text)


# ---- what it tells

def shape(value):
    """Types in place of values; the elements of a list are one shape."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def differences(ours, theirs, path=""):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            if key not in ours or key not in theirs:
                yield f"{path}/{key}: only {'ours' if key in ours else 'theirs'}"
            else:
                yield from differences(ours[key], theirs[key],
                                       f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        if ours and theirs:
            yield from differences(ours[0], theirs[0], f"{path}/0")
    elif ours != theirs:
        yield f"{path}: {ours} is {theirs} at rtpengine"


# What is meant to differ.  Ours tells more of a stream, and why it is silent;
# rtpengine counts each of its 33 commands by itself, and by interval.
MEANT = re.compile(
    r"/(gate|drops|relatches|why|payload type|quarantined|totalerrorcount)"
    r": only ours"
    r"|/(total)?(start|stop|blk|unblk|play|sln|unsln|pub|sub|unsub)\w*"
    r"(count|duration): only theirs"
    r"|/(intervalstatistics|mos/mos2?_total|mos/mos_stddev|ports/last"
    r"|totalcallsduration(2|_stddev)): only theirs"
    # a call is told whole to one who asks for a party it has not
    r"|^/query nobody/tags/")


def replies_are_built_as_those_of_rtpengine(world):
    if not world.oracle:
        print("# no rtpengine to compare with")
        return
    replies = []
    for ng in world.both():
        alice, bob, name = Voice(ALICE), Voice(BOB), "same-call"
        keys = {"call_id": name, "from_tag": "a", "label": "caller"}
        offer = ng.ok("offer", ("via-branch", "z1"), sdp=alice.sdp(),
                      received_from=["IP4", ALICE], **keys)
        pending = ng.ok("query", call_id=name)
        answer = ng.ok("answer", ("via-branch", "z1"), to_tag="b",
                       sdp=bob.sdp(), received_from=["IP4", BOB], **keys)
        at = where(answer["sdp"]), where(offer["sdp"])
        heard(alice, bob, *at)
        heard(bob, alice, at[1], at[0])
        replies.append({
            "offer": offer, "answer": answer, "list": ng.ok("list"),
            "query": ng.ok("query", call_id=name),
            "query one": ng.ok("query", call_id=name, from_tag="a",
                               to_tag="b"),
            "query nobody": ng.ok("query", call_id=name, from_tag="nobody"),
            "statistics": ng.ok("statistics"), "ping": ng.command("ping"),
            "delete": ng.ok("delete", call_id=name, from_tag="a")})
        assert pending["tags"]["a"]["medias"], pending
        for voice in (alice, bob):
            voice.close()
    # SSRC{} is filled by reports of RTCP there, by RTP here
    for one in replies:
        for reply in one.values():
            reply.pop("SSRC", None)
    wrong = [text for text in differences(*map(shape, replies))
             if not MEANT.search(text)]
    assert not wrong, "\n".join(wrong)


def a_list_is_newest_first_and_no_longer_than_asked(world):
    names = [world.name() for _ in range(40)]
    for ng in world.both():
        for name in names:
            ng.ok("offer", call_id=name, from_tag="a", sdp=sdp())
        for limit, count in ((None, 32), (5, 5), ("5", 5), (1000, 40)):
            calls = ng.ok("list", limit=limit)["calls"]
            assert len(calls) == count and set(calls) <= set(names), calls
            if ng is world.ng:      # rtpengine has no order
                assert calls == names[:-count - 1:-1], calls

def its_figures_are_those_of_the_manual(world):
    page = (SOURCE / "docs/operations.md").read_text()
    table = page.partition("pinner-doc --counters -->")[2]
    named = set(re.findall(r"^\| `(\w+)(?:\{[^}]*\})?` \|",
                           table.partition("<!--")[0], re.M))
    told = {name.partition("{")[0].removeprefix("rtp_pinner_")
            for name in figures(METRICS)}
    assert named == told, f"only one has: {sorted(named ^ told)}"
    text, kind = fetch(METRICS)
    assert kind.startswith("text/plain"), kind
    for name in told:       # each with its help and type, once
        for what in ("HELP", "TYPE"):
            assert text.count(f"# {what} rtp_pinner_{name} ") == 1, name


# ---- the service address

def it_never_advertises_a_service_address(world):
    named = sdp(ALICE).replace(f"c=IN IP4 {ALICE}", f"c=IN IP4 {SERVICE}")
    in_media = sdp(ALICE, 4000, f"c=IN IP4 {SERVICE}")
    for pairs, body in (([], named), ([], in_media),
                        ([], sdp(SERVICE6)),
                        ([("flags", ["trust-address"])], named),
                        ([("media-address", SERVICE)], sdp()),
                        ([("media address", SERVICE6)], sdp()),
                        ([("media-address", f"::ffff:{SERVICE}")], sdp()),
                        ([("rtpp-flags", f"media-address={SERVICE}")], sdp())):
        name = world.name()
        reply = world.ng.command("offer", *pairs, call_id=name, from_tag="a",
                                 sdp=body, **LOAD_LIMIT)
        assert reply["result"] == "error", f"{pairs}: {reply}"
        assert "anycast service" in reply["error-reason"], reply
        assert not world.calls(), "a refused offer left a call"
        # the answer's side of a call that is all right
        world.ng.ok("offer", call_id=name, from_tag="a", sdp=sdp())
        reply = world.ng.command("answer", *pairs, call_id=name, from_tag="a",
                                 to_tag="b", sdp=body)
        assert reply["result"] == "error", f"{pairs}: {reply}"
        assert "anycast service" in reply["error-reason"], reply
        world.ng.ok("answer", call_id=name, from_tag="a", to_tag="b",
                    sdp=sdp(BOB))
        world.forget()
    # an o= names the sender's machine and asks for nothing
    body = sdp().replace(f"o=- 1 1 IN IP4 {ALICE}", f"o=- 1 1 IN IP4 {SERVICE}")
    world.ng.ok("offer", call_id=world.name(), from_tag="a", sdp=body)


sys.exit(run((
    a_silent_leg_is_told_of_once_and_the_cure_opens_it,
    received_from_opens_the_gate_in_every_shape,
    a_proxy_is_no_source_of_media,
    drain_refuses_new_calls_and_serves_known_ones,
    the_state_file_drains_as_well,
    a_reload_takes_peers_and_proxies_and_allow,
    a_reload_tells_nothing_that_is_not_so,
    replies_are_built_as_those_of_rtpengine,
    a_list_is_newest_first_and_no_longer_than_asked,
    its_figures_are_those_of_the_manual,
    it_never_advertises_a_service_address)))
