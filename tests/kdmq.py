# SPDX-License-Identifier: GPL-2.0-or-later
"""kdmq.py - the requests by which nodes tell each other of registrations

Made by hand, for strangers who try to pass as a node.  The signature is
computed as kamailio-module/peersig.h says, by Python's own BLAKE2b.
"""
import hashlib

from phone import fresh


def signature(secret, node, when, parts):
    """The Anycast-Peer header's value; parts: method to body, as signed."""
    root = hashlib.blake2b(secret.strip().encode(), digest_size=32).digest()
    key = hashlib.blake2b(b"sip-anycast peer 1", digest_size=32,
                          key=root).digest()
    mac = hashlib.blake2b(digest_size=16, key=key)
    for part in (b"sip-anycast-peer 1", node.encode(), when.to_bytes(8, "big"),
                 *[p.encode() for p in parts]):
        mac.update(len(part).to_bytes(8, "big") + part)
    return f"node={node};time={when};mac={mac.hexdigest()}"


def request(host, body, sender, *, sign=None, channel="usrloc"):
    """A KDMQ to the node at host; sign: of the signed parts, the value."""
    uri = f"sip:{channel}@{host}:5060"
    origin = f"<sip:{channel}@{sender.ip}:{sender.port}>;tag={fresh('tag')}"
    call_id, cseq = fresh("kdmq"), "10 KDMQ"
    lines = [
        f"KDMQ {uri} SIP/2.0",
        f"Via: SIP/2.0/UDP {sender.ip}:{sender.port};rport;"
        f"branch={fresh('z9hG4bK')}",
        f"From: {origin}", f"To: <{uri}>", f"Call-ID: {call_id}",
        f"CSeq: {cseq}", "Max-Forwards: 1",
        "Content-Type: application/json",
    ]
    if sign:
        value = sign(["KDMQ", uri, origin, call_id, cseq, body])
        lines.append(f"Anycast-Peer: {value}")
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines) + "\r\n\r\n" + body
