#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The checker finds what it is there to find: one fault per row."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '../pylib'))
import sipcheck  # noqa: E402

REQUEST = (b'INVITE sip:b@example.com SIP/2.0\r\n'
           b'v: SIP/2.0/UDP host.example.com;branch=z9hG4bK1\r\n'
           b'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK0\r\n'
           b'f: "A" <sip:a@example.com>;tag=1\r\n'
           b'To: <sip:b@example.com>\r\n'
           b'Call-ID: 1@h\r\nCSeq: 1 INVITE\r\nUser-Agent: '
           + b'x' * 200 + b'\r\nContent-Length: 0\r\n\r\n')
REPLY = (b'SIP/2.0 302 Moved Temporarily\r\n'
         b'v: SIP/2.0/UDP host.example.com;branch=z9hG4bK1;received=203.0.113.1'
         b'\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK0\r\n'
         b'f: "A" <sip:a@example.com>;tag=1\r\n'
         b'To: <sip:b@example.com>;tag=a1-0123456789abcdef\r\n'
         b'Call-ID: 1@h\r\nCSeq: 1 INVITE\r\n'
         b'Contact: <sip:b@198.51.100.11:5060;x=y>\r\n'
         b'Content-Length: 0\r\n\r\n')
CHANGES = [
    (b'302 Moved Temporarily', b'302', 'status line'),
    (b'302 Moved', b'702 Moved', 'status line'),
    (b';received=203.0.113.1', b'', 'received is'),
    (b'203.0.113.1', b'203.0.113.2', 'received is'),
    (b'received=203.0.113.1', b'received=203.0.113.1;received=203.0.113.1',
     'two received'),
    (b'\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK0', b'', '1 Via fields'),
    (b'z9hG4bK0', b'z9hG4bK9', 'Via'),
    (b'"A" ', b'', 'from'),
    (b';tag=a1-0123456789abcdef', b'', 'To'),
    (b'a1-0123456789abcdef', b'a1-0123', 'To'),
    (b'a1-0123456789abcdef', b'b27e1a1d', 'To'),
    (b'CSeq: 1 INVITE\r\n', b'', '0 cseq fields'),
    (b'CSeq: 1 ', b'CSeq: 2 ', 'cseq'),
    (b'Call-ID: 1@h\r\n', b'Call-ID: 1@h\r\nCall-ID: 1@h\r\n', '2 call-id'),
    (b'<sip:b@198', b'<sip:<null>@198', 'null'),
    (b'Contact: <sip:b@198.51.100.11:5060;x=y>\r\n', b'', '0 Contact'),
    (b'Contact:', b'Contact: <sip:c@192.0.2.9>\r\nContact:', '2 Contact'),
    (b'x=y>', b'x=y>, <sip:c@192.0.2.9>', 'not one plain URI'),
    (b'x=y>', b'x=y z>', 'not one plain URI'),
    (b'b@198', b'b c@198', 'not one plain URI'),
    (b'b@198', b'b@c@198', 'not one plain URI'),
    (b'b@198', b'@198', 'not one plain URI'),
    (b'b@198', b'%0@198', 'not one plain URI'),
    (b'sip:b@198', b'sip:b\r\nX@198', 'not a header line'),
    (b'sip:b@198', b'sip:b\nX: y@198', 'a bare CR or LF'),
    (b'sip:b@198', b'sip:b\r\nX: y@198', 'unexpected header: x'),
    (b'Content-Length: 0', b'Content-Length: 5', 'Content-Length'),
    (b'Content-Length: 0\r\n', b'Sia: x\r\nContent-Length: 0\r\n',
     'unexpected header: sia'),
    (b'\r\n\r\n', b'\r\n', 'does not end'),
    (b'302 Moved Temporarily', b'302 ' + b'x' * 600, 'bytes for'),
    (b'302 Moved', b'404 Moved', 'a Contact in a 404'),
]


def faults(reply, transport='udp'):
    return list(sipcheck.faults(REQUEST, reply, '203.0.113.1', transport,
                                True))


class Checker(unittest.TestCase):
    def test_a_good_reply_has_no_faults(self):
        self.assertEqual(faults(REPLY), [])
        self.assertEqual(faults(REPLY, 'tcp'), [])

    def test_each_fault_is_found(self):
        for before, after, fault in CHANGES:
            self.assertIn(before, REPLY)
            found = faults(REPLY.replace(before, after, 1))
            self.assertTrue([f for f in found if fault in f],
                            f'{before} to {after}: {found}')

    def test_a_stream_needs_a_length(self):
        reply = REPLY.replace(b'Content-Length: 0\r\n', b'')
        self.assertEqual(faults(reply), [])
        self.assertTrue(faults(reply, 'tcp'))


if __name__ == '__main__':
    unittest.main()
