#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What kamailio.cfg promises on the node address: a registrar and a proxy that
phones can live with and strangers cannot abuse.

usage: node-proxy.py BUILD
"""
import re
import sys
import time

from calls import (OUTSIDE, SDP, at_node, at_service, bye_from_callee,
                   in_dialog, phone, registered, ring, routes_of, talk,
                   talk_on)
from node import PASSWORDS, Node, namespace, run
from phone import Phone, fresh

TRUNK = "192.0.2.1"

# --- registrar ---------------------------------------------------------------

def a_phone_registers_with_its_password(node):
    ua = phone(node, "alice")
    ok = ua.register(at_node(node), PASSWORDS["alice"])
    assert "expires=600" in ok.header("contact").lower(), ok.text
    assert not ok.header("server"), "the reply names its software"
    ua.close()


def a_wrong_password_is_challenged_again(node):
    ua = phone(node, "bob")
    ua.request_with_password("REGISTER", f"sip:{node.domain}", at_node(node),
                             "wrong", to_uri=ua.aor())
    ua.expect(401)
    ua.close()


def nobody_registers_for_somebody_else(node):
    before = node.stat("script:identity_refused")
    ua = phone(node, "alice")
    ua.request_with_password("REGISTER", f"sip:{node.domain}", at_node(node),
                             PASSWORDS["alice"], to_uri=f"sip:bob@{node.domain}")
    ua.expect(403)
    assert node.stat("script:identity_refused") == before + 1
    ua.close()


def guessing_passwords_ends_after_ten(node):
    ua = phone(node, "carol", ip="127.0.0.9")
    for _ in range(10):
        ua.request_with_password("REGISTER", f"sip:{node.domain}",
                                 at_node(node), "guess", to_uri=ua.aor())
        ua.expect(401)
    ua.request_with_password("REGISTER", f"sip:{node.domain}", at_node(node),
                             PASSWORDS["carol"], to_uri=ua.aor())
    ua.expect(403)
    assert node.stat("script:guesses_refused") > 0
    # elsewhere the right password still works
    registered(node, "carol").close()
    ua.close()


def a_second_credential_gives_no_further_guesses(node):
    """For another realm, before the one that is tried or in the other header:
    which is not what the node takes the name from."""
    ua = phone(node, "carol", ip="127.0.0.12")
    for i in range(12):
        ua.request("REGISTER", f"sip:{node.domain}", at_node(node),
                   to_uri=ua.aor())
        right = ua.digest("REGISTER", f"sip:{node.domain}", ua.expect(401),
                          "guess")
        other = right.replace('username="carol"', f'username="u{i}"')
        if i % 2:
            other = other.replace(f'realm="{node.domain}"', 'realm="other"')
        else:
            other = other.replace("Authorization:", "Proxy-Authorization:")
        ua.request("REGISTER", f"sip:{node.domain}", at_node(node),
                   to_uri=ua.aor(), headers=[other, right])
        ua.expect(401 if i < 10 else 403)
    # who sends none is challenged as ever
    ua.request("REGISTER", f"sip:{node.domain}", at_node(node),
               to_uri=ua.aor())
    ua.expect(401)
    ua.close()


def guessing_names_fills_no_memory(node):
    """The table of guesses is bounded, whatever names a stranger invents."""
    ua = phone(node, "alice", ip="127.0.0.10")
    for i in range(12):
        ua.request_with_password("REGISTER", f"sip:{node.domain}",
                                 at_node(node), "guess", to_uri=ua.aor(),
                                 user=f"{i}" + "x" * 2000)
        ua.expect(401)
    table = node.rpc("htable.dump", "guesses")
    names = re.findall(r"name: (\S+)", table)
    assert names and all(re.fullmatch("[0-9a-f]{4}", n) for n in names), table
    ua.close()


def a_new_user_needs_no_restart(node):
    node.write_users({**PASSWORDS, "dave": "new"})
    ua = phone(node, "dave")
    ua.register(at_node(node), "new")
    ua.close()
    node.forget("dave")


# --- calls -------------------------------------------------------------------

def two_phones_call_each_other(node):
    alice, bob = registered(node, "alice"), registered(node, "bob")
    call, invite, ringing = ring(
        node, alice, bob, PASSWORDS["alice"],
        headers=["P-Asserted-Identity: <sip:boss@example.com>",
                 "Remote-Party-ID: <sip:boss@example.com>"])
    assert not invite.header("proxy-authorization"), "credentials leaked"
    assert "boss" not in invite.text, "an unproven identity was passed on"
    assert invite.all("record-route")[0].startswith(f"<sip:{node.own}:5060"), \
        invite.text
    ok, _ = talk(alice, bob, call, invite)
    talk_on(alice, bob, call, ok)
    bye_from_callee(bob, invite, at_node(node))
    bye = alice.expect("BYE")
    alice.reply(bye, 200)
    bob.expect(200)
    for ua in (alice, bob):
        ua.expect_nothing()
        ua.close()


def a_ringing_call_is_cancelled(node):
    alice, bob = registered(node, "alice"), registered(node, "bob")
    call, invite, _ = ring(node, alice, bob, PASSWORDS["alice"])
    alice.request("CANCEL", call["uri"], call["to"], call_id=call["call_id"],
                  cseq=call["cseq"], from_uri=call["from_uri"],
                  from_tag=call["from_tag"], to_uri=call["to_uri"],
                  branch=call["branch"])
    alice.expect(200)
    cancel = bob.expect("CANCEL")
    bob.reply(cancel, 200)
    bob.reply(invite, 487, tag="callee")
    bob.expect("ACK")
    gone = alice.expect(487)
    alice.ack(call, gone)
    alice.expect_nothing()      # the ACK ended 487's retransmissions
    alice.close()
    bob.close()


def every_phone_of_a_user_rings(node):
    alice = registered(node, "alice")
    desk, mobile = registered(node, "bob"), registered(node, "bob")
    uri = f"sip:bob@{node.own}"
    call = alice.request_with_password("INVITE", uri, at_node(node),
                                       PASSWORDS["alice"], body=SDP)
    invites = []
    for ua in (desk, mobile):
        invite = ua.expect("INVITE")
        assert len(invite.all("record-route")) == 1, invite.text
        ua.reply(invite, 180, tag="callee" if ua is desk else "mobile")
        alice.expect(180)
        invites.append(invite)
    ok, _ = talk(alice, desk, call, invites[0])
    mobile.reply(mobile.expect("CANCEL"), 200)
    mobile.reply(invites[1], 487, tag="mobile")
    mobile.expect("ACK")
    in_dialog(alice, "BYE", call, ok, cseq=70)
    desk.reply(desk.expect("BYE"), 200)
    alice.expect(200)
    for ua in (alice, desk, mobile):
        ua.close()


def a_call_survives_a_restart_of_the_proxy(node):
    alice, bob = registered(node, "alice"), registered(node, "bob")
    call, invite, _ = ring(node, alice, bob, PASSWORDS["alice"])
    talk(alice, bob, call, invite)
    node.stop()
    node.start()
    bye_from_callee(bob, invite, at_node(node))
    alice.reply(alice.expect("BYE"), 200)
    bob.expect(200)
    alice.close()
    bob.close()


def tcp_and_udp_phones_call_each_other(node):
    alice = phone(node, "alice", transport="tcp", to=at_node(node))
    alice.register(at_node(node), PASSWORDS["alice"])
    bob = registered(node, "bob")
    call, invite, _ = ring(node, alice, bob, PASSWORDS["alice"])
    routes = invite.all("record-route")
    assert len(routes) == 2, invite.text
    assert "transport=tcp" not in routes[0], routes
    assert "transport=tcp" in routes[1], routes
    talk(alice, bob, call, invite)
    bye_from_callee(bob, invite, at_node(node))
    alice.reply(alice.expect("BYE"), 200)
    bob.expect(200)
    alice.close()
    bob.close()


def what_cannot_be_sent_is_told_once(node):
    """There is no way to the target; tm, which has begun a transaction, says
    so at the end of the script."""
    alice, bob = registered(node, "alice"), registered(node, "bob")
    call, invite, _ = ring(node, alice, bob, PASSWORDS["alice"])
    ok, _ = talk(alice, bob, call, invite)
    call["cseq"] += 1
    in_dialog(alice, "INFO", call, ok, uri="sip:bob@240.0.0.1")
    alice.expect(477)
    alice.expect_nothing()
    bye_from_callee(bob, invite, at_node(node))
    alice.reply(alice.expect("BYE"), 200)
    bob.expect(200)
    alice.close()
    bob.close()


# --- NAT ---------------------------------------------------------------------

def a_phone_behind_nat_is_reached_where_it_is(node):
    """Its Contact is private; the packets come from elsewhere."""
    private = "sip:alice@10.9.8.7:5060"
    alice, bob = registered(node, "alice"), registered(node, "bob")
    call, invite, _ = ring(node, alice, bob, PASSWORDS["alice"],
                           contact=private)
    assert "10.9.8.7" in invite.contact(), invite.text
    assert ";alias=127.0.0.1~" in invite.contact(), invite.text
    talk(alice, bob, call, invite)
    bye_from_callee(bob, invite, at_node(node))
    alice.reply(alice.expect("BYE"), 200)
    bob.expect(200)
    alice.close()
    bob.close()


def a_nated_callee_is_called_from_where_it_registered(node):
    """Its NAT lets in the service address alone, so INVITE, ACK and BYE must
    come from there; the dialog's route is the node's all the same."""
    alice = registered(node, "alice")
    bob = registered(node, "bob", at_service(node),
                     contact="sip:bob@10.9.8.7:5060")
    call, invite, _ = ring(node, alice, bob, PASSWORDS["alice"])
    assert invite.source == at_service(node), invite.source
    assert invite.all("record-route")[0].startswith(f"<sip:{node.own}:5060"), \
        invite.text
    bob.reply(invite, 200, tag="callee", contact="sip:bob@10.9.8.7:5060")
    ok = alice.expect(200)
    in_dialog(alice, "ACK", call, ok)
    ack = bob.expect("ACK")
    assert ack.source == at_service(node), ack.source
    in_dialog(alice, "BYE", call, ok, cseq=60)
    bye = bob.expect("BYE")
    assert bye.source == at_service(node), bye.source
    bob.reply(bye, 200)
    alice.expect(200)
    # the other direction goes out from the node, where alice registered
    assert alice.expect_nothing() is None
    alice.close()
    bob.close()


# --- the service address ----------------------------------------------------

def the_service_address_redirects_and_the_node_serves(node):
    alice, bob = registered(node, "alice"), registered(node, "bob")
    call = alice.request("INVITE", f"sip:bob@{node.domain}", at_service(node),
                         body=SDP)
    moved = alice.expect(302)
    assert moved.source == at_service(node)
    assert moved.contact() == f"sip:bob@{node.own}:5060" or \
        moved.contact() == f"sip:bob@{node.own}", moved.text
    alice.ack(call, moved)
    alice.expect_nothing()
    call = alice.request_with_password("INVITE", moved.contact(),
                                       at_node(node), PASSWORDS["alice"],
                                       body=SDP)
    invite = bob.expect("INVITE")
    talk(alice, bob, call, invite)
    bye_from_callee(bob, invite, at_node(node))
    alice.reply(alice.expect("BYE"), 200)
    bob.expect(200)
    alice.close()
    bob.close()


def a_call_served_on_the_service_address_can_be_cancelled(node):
    """linphone and pjsip send the redirected INVITE back to the service."""
    alice, bob = registered(node, "alice"), registered(node, "bob")
    uri = f"sip:bob@{node.own}"
    call = alice.request_with_password("INVITE", uri, at_service(node),
                                       PASSWORDS["alice"], body=SDP)
    invite = bob.expect("INVITE")
    bob.reply(invite, 180, tag="callee")
    assert alice.expect(180).source == at_service(node)
    alice.request("CANCEL", uri, at_service(node), call_id=call["call_id"],
                  cseq=call["cseq"], from_uri=call["from_uri"],
                  from_tag=call["from_tag"], to_uri=uri, branch=call["branch"])
    alice.expect(200)
    bob.reply(bob.expect("CANCEL"), 200)
    bob.reply(invite, 487, tag="callee")
    bob.expect("ACK")
    alice.ack(call, alice.expect(487))
    alice.expect_nothing()

    # and a busy callee's 486 is ACKed there
    call = alice.request_with_password("INVITE", uri, at_service(node),
                                       PASSWORDS["alice"], body=SDP)
    invite = bob.expect("INVITE")
    bob.reply(invite, 486, tag="busy")
    bob.expect("ACK")
    alice.ack(call, alice.expect(486))
    alice.expect_nothing()
    alice.close()
    bob.close()


def a_served_call_is_pinned_to_the_node(node):
    """It began on the service address; its dialog lives on the node's.  The
    caller's NAT knows the service address, so requests to it come from there.
    """
    alice, bob = registered(node, "alice"), registered(node, "bob")
    call = alice.request_with_password(
        "INVITE", f"sip:bob@{node.own}", at_service(node), PASSWORDS["alice"],
        body=SDP, contact="sip:alice@10.1.1.1")
    invite = bob.expect("INVITE")
    assert invite.source == at_node(node), invite.source
    routes = invite.all("record-route")
    assert len(routes) == 1 and routes[0].startswith(f"<sip:{node.own}:5060"), \
        routes
    bob.reply(invite, 200, tag="callee")
    ok = alice.expect(200)
    in_dialog(alice, "ACK", call, ok, to=at_node(node))
    bob.expect("ACK")
    bye_from_callee(bob, invite, at_node(node))
    bye = alice.expect("BYE")
    assert bye.source == at_service(node), bye.source
    alice.reply(bye, 200)
    bob.expect(200)
    alice.close()
    bob.close()


def a_register_on_the_service_address_names_the_node(node):
    ua = phone(node, "alice")
    ok = ua.register(at_service(node), PASSWORDS["alice"])
    assert ok.source == at_service(node)
    assert f"sip:{node.own}" in ok.header("service-route"), ok.text
    assert ";lr" in ok.header("service-route"), ok.text
    ua.close()


# --- no open relay -----------------------------------------------------------

def a_stranger_reaches_our_users_only(node):
    bob = registered(node, "bob")
    stranger = Phone(OUTSIDE, "mallory", "example.com")
    stranger.request("INVITE", f"sip:bob@{node.own}", at_node(node), body=SDP)
    invite = bob.expect("INVITE")
    bob.reply(invite, 486, tag="no")
    bob.expect("ACK")
    stranger.expect(486)
    before = node.stat("script:relay_refused")
    for uri in ("sip:victim@198.51.100.1", "sip:victim@example.org",
                f"sip:victim@{node.own}:9999"):
        stranger = Phone(OUTSIDE, "mallory", "example.com")
        stranger.request("INVITE", uri, at_node(node), body=SDP)
        stranger.expect(403)
        stranger.close()
    assert node.stat("script:relay_refused") == before + 3
    bob.close()


def a_stranger_has_no_phone_do_anything(node):
    """REFER has it call, NOTIFY (check-sync) start anew."""
    bob, before = registered(node, "bob"), node.stat("script:relay_refused")
    stranger = Phone(OUTSIDE, "mallory", "example.com")
    for method in ("REFER", "NOTIFY"):
        stranger.request(method, f"sip:bob@{node.own}", at_node(node),
                         headers=["Refer-To: <sip:victim@198.51.100.1>",
                                  "Event: check-sync"])
        stranger.expect(403)
    bob.expect_nothing()
    assert node.stat("script:relay_refused") == before + 2
    # a user of ours may
    alice = registered(node, "alice")
    alice.request_with_password("REFER", f"sip:bob@{node.own}", at_node(node),
                                PASSWORDS["alice"],
                                headers=["Refer-To: <sip:carol@example.com>"])
    bob.reply(bob.expect("REFER"), 202, tag="b")
    alice.expect(202)
    for ua in (alice, bob, stranger):
        ua.close()


def a_name_of_ours_needs_its_password(node):
    for host in (node.domain, node.own, node.service, f"fra1.{node.domain}",
                 f"{node.domain}.", f"{node.domain}:9999",
                 f"fra1.{node.domain}."):
        stranger = Phone(OUTSIDE, "alice", host)
        stranger.request("INVITE", "sip:victim@198.51.100.1", at_node(node))
        stranger.expect(407)
        stranger.close()
    # knowing a password gives no right to another name
    stranger = Phone(OUTSIDE, "bob", node.domain)
    stranger.request_with_password("INVITE", "sip:victim@198.51.100.1",
                                   at_node(node), PASSWORDS["alice"],
                                   user="alice")
    stranger.expect(403)
    stranger.close()


def our_users_may_call_other_domains(node):
    alice = registered(node, "alice")
    far = Phone(OUTSIDE, "friend", "example.com")
    call = alice.request_with_password(
        "INVITE", f"sip:friend@{OUTSIDE}:{far.port}", at_node(node),
        PASSWORDS["alice"], body=SDP)
    invite = far.expect("INVITE")
    assert invite.source == at_node(node), invite.source
    assert not invite.header("proxy-authorization"), "credentials leaked"
    far.reply(invite, 486, tag="no")
    far.expect("ACK")
    alice.ack(call, alice.expect(486))
    alice.close()
    far.close()


def a_route_that_is_not_ours_is_refused(node):
    bob = registered(node, "bob")
    victim = Phone(OUTSIDE, "victim", "example.com")
    away = f"<sip:{OUTSIDE}:{victim.port};lr>"
    ours = f"<sip:{node.own};lr>"
    for routes in ([away], [ours, away], [ours + ", " + away],
                   [ours, f"<sip:{node.service};lr>", away],
                   # more than are looked at
                   [", ".join([ours] * 101 + [away])]):
        stranger = Phone("127.0.0.7", "mallory", "example.com")
        stranger.request("INVITE", f"sip:bob@{node.own}", at_node(node),
                         routes=routes)
        stranger.expect(403)
        stranger.close()
    victim.expect_nothing()
    bob.expect_nothing()
    assert node.stat("script:route_refused") == 5

    # an outbound proxy setting is fine, even twice, and does not go on
    stranger = Phone("127.0.0.7", "mallory", "example.com")
    stranger.request("INVITE", f"sip:bob@{node.own}", at_node(node),
                     routes=[ours, f"<sip:{node.domain};lr>"])
    invite = bob.expect("INVITE")
    assert not invite.header("route"), invite.text
    assert "received=" in invite.text or "rport=" in invite.text, invite.text
    bob.reply(invite, 486, tag="no")
    bob.expect("ACK")
    stranger.expect(486)
    for ua in (bob, victim, stranger):
        ua.close()


def a_response_to_nothing_goes_nowhere(node):
    """A proxy would send it to its second Via: anybody's address."""
    victim = Phone(OUTSIDE, "victim", "example.com")
    stranger = Phone("127.0.0.7", "mallory", "example.com")
    for address in (at_node(node), at_service(node)):
        before = node.stat("script:stray_replies")
        stranger.send(
            "SIP/2.0 200 OK\r\n"
            f"Via: SIP/2.0/UDP {address[0]}:5060;branch=z9hG4bKnone.1\r\n"
            f"Via: SIP/2.0/UDP {OUTSIDE}:{victim.port};branch=z9hG4bKvictim\r\n"
            "From: <sip:a@example.com>;tag=1\r\n"
            "To: <sip:b@example.com>;tag=2\r\n"
            f"Call-ID: {fresh('stray')}\r\nCSeq: 1 INVITE\r\n"
            "Content-Length: 0\r\n\r\n", to=address)
        stranger.request("OPTIONS", f"sip:{address[0]}", address)
        stranger.expect(200)
        victim.expect_nothing()
        assert node.stat("script:stray_replies") == before + 1
    victim.close()
    stranger.close()


def a_dialog_must_be_one_of_ours(node):
    """A To-tag and a Route to us do not make a dialog."""
    alice, bob = registered(node, "alice"), registered(node, "bob")
    call, invite, _ = ring(node, alice, bob, PASSWORDS["alice"])
    ok, _ = talk(alice, bob, call, invite)
    before = node.stat("script:dialog_unproven")
    victim = Phone(OUTSIDE, "victim", "example.com")
    away = f"sip:victim@{OUTSIDE}:{victim.port}"
    mine = routes_of(ok)
    made_up = [f"<sip:{host};lr;{what}>" for host in (node.own, node.service)
               for what in (
        "ck=0123456789abcdef0123", "ck=0", "ck", "ck=",
        # what Kamailio cannot read is a number to its script: 0
        "x=a b", "ck=0;x=a b", "ck=a b", "ck='a", "ck=0;=", "ck=0;;", "ck=;")]
    tries = [[], [f"<sip:{node.own};lr>"], mine] + [[r] for r in made_up]
    for routes in tries:
        stranger = Phone("127.0.0.7", "mallory", "example.com")
        fake = dict(call, call_id=fresh("other"), from_tag=fresh("tag"))
        for method in ("BYE", "INVITE", "MESSAGE"):
            in_dialog(stranger, method, fake, ok, routes=routes, uri=away,
                      to=at_node(node), cseq=9)
            stranger.expect(481)
        in_dialog(stranger, "ACK", fake, ok, routes=routes, uri=away,
                  to=at_node(node), cseq=9)
        stranger.expect_nothing(0.2)
        stranger.close()
    victim.expect_nothing()
    assert node.stat("script:dialog_unproven") == before + 4 * len(tries)
    # the true one still works
    in_dialog(alice, "BYE", call, ok, cseq=60)
    bob.reply(bob.expect("BYE"), 200)
    alice.expect(200)
    for ua in (alice, bob, victim):
        ua.close()


def a_dialog_that_leads_through_us_again_and_again_ends(node):
    """One packet with so many Routes would be a transaction for each, and our
    own requests are no flood."""
    alice, bob = registered(node, "alice"), registered(node, "bob")
    call, invite, _ = ring(node, alice, bob, PASSWORDS["alice"])
    ok, _ = talk(alice, bob, call, invite)
    before = node.stat("script:loops_refused")
    made = node.stat("tmx:UAS_transactions")
    in_dialog(alice, "INFO", call, ok, cseq=60, routes=routes_of(ok) * 60)
    alice.expect(482)
    bob.expect_nothing()
    assert node.stat("script:loops_refused") == before + 1
    assert node.stat("tmx:UAS_transactions") <= made + 2
    in_dialog(alice, "BYE", call, ok, cseq=61)
    bob.reply(bob.expect("BYE"), 200)
    alice.expect(200)
    alice.close()
    bob.close()


ASSERTED = ["P-Asserted-Identity: <sip:boss@example.com>",
            "P-Preferred-Identity: <sip:boss@example.com>",
            "Remote-Party-ID: <sip:boss@example.com>"]


def an_identity_counts_in_no_dialog_and_no_reply(node):
    """A display that changes in the middle of a call is believed like any."""
    bob = registered(node, "bob")
    stranger = Phone(OUTSIDE, "mallory", "example.com")
    call = stranger.request("INVITE", f"sip:bob@{node.own}", at_node(node),
                            body=SDP)
    invite = bob.expect("INVITE")
    bob.reply(invite, 180, tag="callee", headers=ASSERTED)
    assert "boss" not in stranger.expect(180).text
    bob.reply(invite, 200, tag="callee", headers=ASSERTED)
    ok = stranger.expect(200)
    assert "boss" not in ok.text, ok.text
    in_dialog(stranger, "ACK", call, ok)
    bob.expect("ACK")
    for cseq, method in enumerate(("UPDATE", "INVITE", "INFO"), 70):
        in_dialog(stranger, method, call, ok, cseq=cseq, headers=ASSERTED)
        got = bob.expect(method)
        assert "boss" not in got.text, got.text
        bob.reply(got, 200, headers=ASSERTED)
        assert "boss" not in stranger.expect(200).text
        if method == "INVITE":
            in_dialog(stranger, "ACK", call, ok, cseq=cseq)
            bob.expect("ACK")
    bye_from_callee(bob, invite, at_node(node))
    stranger.reply(stranger.expect("BYE"), 200)
    bob.expect(200)
    bob.close()
    stranger.close()


def a_trusted_trunk_keeps_its_identity_in_the_call(node):
    bob, trunk = registered(node, "bob"), phone(node, "alice", ip=TRUNK)
    call = trunk.request("INVITE", f"sip:bob@{node.own}", at_node(node),
                         body=SDP)
    invite = bob.expect("INVITE")
    bob.reply(invite, 180, tag="callee")
    trunk.expect(180)
    ok, _ = talk(trunk, bob, call, invite)
    in_dialog(trunk, "UPDATE", call, ok, cseq=70, headers=ASSERTED)
    update = bob.expect("UPDATE")
    assert "boss" in update.header("p-asserted-identity"), update.text
    bob.reply(update, 200)
    trunk.expect(200)
    bye_from_callee(bob, invite, at_node(node))
    trunk.reply(trunk.expect("BYE"), 200)
    bob.expect(200)
    bob.close()
    trunk.close()


def a_trusted_trunk_needs_no_password_and_is_no_relay(node):
    bob = registered(node, "bob")
    trunk = phone(node, "alice", ip=TRUNK)
    trunk.request("INVITE", f"sip:bob@{node.own}", at_node(node),
                  headers=["P-Asserted-Identity: <sip:+493012@example.com>"])
    invite = bob.expect("INVITE")
    assert "+493012" in invite.header("p-asserted-identity"), invite.text
    bob.reply(invite, 486, tag="no")
    bob.expect("ACK")
    trunk.expect(486)
    trunk.close()
    trunk = phone(node, "alice", ip=TRUNK)
    trunk.request("INVITE", "sip:victim@198.51.100.1", at_node(node))
    trunk.expect(403)
    trunk.close()
    bob.close()


# --- small answers -----------------------------------------------------------

def small_requests_get_their_answer(node):
    wanted = [
        (481, "CANCEL", "sip:bob@{own}", {}),
        *[(481, method, "sip:bob@{own}", {})
          for method in ("BYE", "INFO", "PRACK", "UPDATE")],
        (480, "INVITE", "sip:nobody@{own}", {}),
        (480, "INVITE", "tel:+4930123456", {"to_uri": "sip:x@example.com"}),
        (483, "INVITE", "sip:bob@{own}", {"forwards": 0}),
        (484, "INVITE", "sip:{own}", {}),
        (489, "PUBLISH", "sip:bob@{own}", {}),
        (420, "INVITE", "sip:bob@{own}",
         {"headers": ["Proxy-Require: nothing-we-know"]}),
        (416, "INVITE", "http://{own}/", {"to_uri": "sip:x@example.com"}),
        (200, "OPTIONS", "sip:{own}", {}),
        (200, "OPTIONS", "sip:{own}", {"forwards": 0}),
        (200, "OPTIONS", f"sip:{node.domain}", {}),
    ]
    for status, method, uri, options in wanted:
        stranger = Phone(OUTSIDE, "mallory", "example.com")
        stranger.request(method, uri.format(own=node.own), at_node(node),
                         **options)
        got = stranger.expect(status)
        for name in ("server", "user-agent"):
            assert not got.header(name), got.text
        stranger.close()


def http_over_udp_is_met_with_silence(node):
    """Its source may be anybody, and no flood limit counts it."""
    before = node.stat("anycast:event_http_no_stream")
    stranger = Phone(OUTSIDE, "mallory", "example.com")
    for address in (at_node(node), at_service(node)):
        for path in ("/", "/x"):
            stranger.send(
                f"GET {path} HTTP/1.1\r\nHost: {address[0]}\r\n"
                f"Via: SIP/2.0/UDP {OUTSIDE}:{stranger.port};branch=z9hG4bK1"
                "\r\nContent-Length: 0\r\n\r\n", to=address)
    stranger.expect_nothing()
    assert node.stat("anycast:event_http_no_stream") == before + 4
    stranger.close()


def a_flood_is_met_with_silence(node):
    """Last: this source is ignored from then on."""
    noisy = Phone("127.0.0.99", "noise", "example.com")
    for address in (at_node(node), at_service(node)):
        for _ in range(400):
            noisy.request("OPTIONS", f"sip:{address[0]}", address)
    assert node.stat("script:flood_dropped") > 0
    deadline = time.monotonic() + 10
    while noisy._next(time.monotonic() + 0.2):
        assert time.monotonic() < deadline, "it is answered without end"
    for address in (at_node(node), at_service(node)):
        noisy.request("OPTIONS", f"sip:{address[0]}", address)
    noisy.expect_nothing()
    polite = Phone("127.0.0.98", "polite", "example.com")
    polite.request("OPTIONS", f"sip:{node.own}", at_node(node))
    polite.expect(200)
    noisy.close()
    polite.close()


def the_agent_of_this_node_is_no_flood(node):
    """Whose packets come from the address they go to is on this machine: the
    kernel drops those of others."""
    for address in (at_node(node), at_service(node)):
        agent = Phone(address[0], "agent", "example.com")
        before = node.stat("script:flood_dropped")
        for _ in range(400):
            agent.request("OPTIONS", f"sip:{address[0]}", address)
            agent.expect(200)
        assert node.stat("script:flood_dropped") == before
        agent.close()


TESTS = [
    a_phone_registers_with_its_password,
    a_wrong_password_is_challenged_again,
    nobody_registers_for_somebody_else,
    guessing_passwords_ends_after_ten,
    a_second_credential_gives_no_further_guesses,
    guessing_names_fills_no_memory,
    a_new_user_needs_no_restart,
    two_phones_call_each_other,
    a_ringing_call_is_cancelled,
    every_phone_of_a_user_rings,
    a_call_survives_a_restart_of_the_proxy,
    tcp_and_udp_phones_call_each_other,
    what_cannot_be_sent_is_told_once,
    a_phone_behind_nat_is_reached_where_it_is,
    a_nated_callee_is_called_from_where_it_registered,
    the_service_address_redirects_and_the_node_serves,
    a_call_served_on_the_service_address_can_be_cancelled,
    a_served_call_is_pinned_to_the_node,
    a_register_on_the_service_address_names_the_node,
    a_stranger_reaches_our_users_only,
    a_stranger_has_no_phone_do_anything,
    a_name_of_ours_needs_its_password,
    our_users_may_call_other_domains,
    a_route_that_is_not_ours_is_refused,
    a_response_to_nothing_goes_nowhere,
    a_dialog_must_be_one_of_ours,
    a_dialog_that_leads_through_us_again_and_again_ends,
    an_identity_counts_in_no_dialog_and_no_reply,
    a_trusted_trunk_keeps_its_identity_in_the_call,
    a_trusted_trunk_needs_no_password_and_is_no_relay,
    small_requests_get_their_answer,
    the_agent_of_this_node_is_no_flood,
    http_over_udp_is_met_with_silence,
    a_flood_is_met_with_silence,
]

if __name__ == "__main__":
    namespace(OUTSIDE, TRUNK)
    run(TESTS, Node(sys.argv[1], defines=[
        "FLOOD_LIMIT=100", f'TRUSTED_SOURCES="{TRUNK}/32,2001:db8:7::/64"']))
