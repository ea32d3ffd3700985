# SPDX-License-Identifier: GPL-2.0-or-later
"""peersign.py - KDMQ requests as a node signs them, or nearly so

What knows the site's secret can sign; a test that has it can be a node of
another site, a node whose clock is wrong, or one that has gone mad.  The
format is that of kamailio-module/peersig.h, written a second time.
"""
import hashlib
import json
import time

from phone import fresh


def peer_key(secret):
    root = hashlib.blake2b(secret.strip().encode(), digest_size=32).digest()
    return hashlib.blake2b(b"sip-anycast peer 1", digest_size=32,
                           key=root).digest()


def signature(secret, node, uri, from_body, call_id, cseq, body, at_s):
    mac = hashlib.blake2b(digest_size=16, key=peer_key(secret))
    for part in (b"sip-anycast-peer 1", node.encode(),
                 at_s.to_bytes(8, "big"), b"KDMQ", uri.encode(),
                 from_body.encode(), call_id.encode(), cseq.encode(), body):
        mac.update(len(part).to_bytes(8, "big") + part)
    return f"node={node};time={at_s};mac={mac.hexdigest()}"


def kdmq(uri, body, *, via, secret=None, node="ams1", age_s=0, header=None,
         content="application/json"):
    """The bytes of a request; header: that instead of a signature."""
    if isinstance(body, str):
        body = body.encode()
    call_id, cseq = fresh("dmq"), "10 KDMQ"
    from_body = f"<sip:usrloc@{via}>;tag={fresh('t')}"
    lines = [f"KDMQ {uri} SIP/2.0",
             f"Via: SIP/2.0/{'TCP' if 'tcp' in via else 'UDP'} "
             f"{via.partition(';')[0]};branch={fresh('z9hG4bK')}",
             f"From: {from_body}", f"To: <{uri}>", f"Call-ID: {call_id}",
             f"CSeq: {cseq}", "Max-Forwards: 1"]
    if secret:
        header = signature(secret, node, uri, from_body, call_id, cseq, body,
                           int(time.time()) - age_s)
    if header is not None:
        lines.append(f"Anycast-Peer: {header}")
    lines += [f"Content-Type: {content}", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def binding(user, contact, *, server_id=7, expires=600, **more):
    """What a node tells the others when a phone has registered with it."""
    now = int(time.time())
    return json.dumps({
        "action": 1, "aor": user, "ruid": fresh("uloc-"), "c": contact,
        "received": "", "path": "", "callid": fresh("c"),
        "user_agent": "test", "instance": "", "expires": now + expires,
        "cseq": 1, "flags": 0, "cflags": 0, "q": -1, "last_modified": now,
        "methods": 8191, "reg_id": 0, "server_id": server_id, **more})
