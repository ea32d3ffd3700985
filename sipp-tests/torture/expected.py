# SPDX-License-Identifier: GPL-2.0-or-later
"""What each torture message is answered with, and why.

Statuses: '480' is the script's answer to what the module leaves to be served
(in the run `shipped' the row says what that script answers), '-' is silence,
two are the answers to two messages on one stream.  `foreign' (see torture.py)
is 480 unless said, for a request that names somebody else's domain is never
ours to judge; `front' is as `ours' unless said, `tcp' as over UDP.  Silence is right for responses, which nobody waits for, and unavoidable
where Kamailio's core drops a message before any module sees it (the row says
what its parser choked on); the test then still asks for the next answer.
"""
from typing import NamedTuple, Optional

import sandbox


class Row(NamedTuple):
    name: str
    why: str
    ours: str
    foreign: str = '480'
    front: Optional[str] = None
    shipped: Optional[str] = None   # where the script answers
    tcp: Optional[str] = None       # where a stream makes it different
    user: str = ''                  # of the Contact, where there is one
    params: str = ''                # ... and its parameters
    ip6: bool = False
    path: Optional[str] = None
    uri: Optional[str] = None       # instead of path: a plain INVITE to this
    end: str = ''                   # what the file lacks


def rfc4475(name, ours, why, label=None, **more):
    return Row(label or name, why, ours, path=f'rfc4475/{name}.dat', **more)


def rfc5118(number, ours, why, **more):
    return Row(f'torture_{number}', why, ours, ip6=True,
               path=f'rfc5118/torture_{number}_0.sip', **more)


def invite(name, uri, ours, why, **more):
    return Row(name, why, ours, uri=uri, **more)


def silent(name, why, **more):
    return rfc4475(name, '-', why, foreign='-', **more)


def register(name, why, shipped='401'):
    return rfc4475(name, '480', why, front='302', shipped=shipped)


ROWS = [
    # RFC 4475 3.1.1: valid messages
    silent('wsinv', '3.1.1.1 is valid, but the core cannot read a CSeq that '
           'is folded between number and method'),
    silent('intmeth', '3.1.1.2 is valid, but the core cannot read a header '
           'name of these characters, so the script cannot answer what the '
           'module leaves to it'),
    rfc4475('esc01', '302', '3.1.1.3: %40 in a user part is no @, and it is '
            'kept as it was written', user='sips%3Auser%40example.com'),
    register('escnull', '3.1.1.4: %00 in To and Contact ends nothing'),
    silent('esc02', '3.1.1.5: RE%47IST%45R is not REGISTER and left to the '
           'script, which cannot answer: the core cannot read the header '
           'name C%6Fntact'),
    rfc4475('lwsdisp', '200', '3.1.1.6: no space between name and <'),
    rfc4475('longreq', '302', '3.1.1.7: long values are values',
            user='user'),
    rfc4475('dblreq', '480', '3.1.1.8: in a datagram what follows the '
            'Content-Length is ignored, on a stream it is the next '
            'request.  (The shipped script\'s sanity check is stricter.)',
            front='302', shipped='400', tcp='480 302'),
    rfc4475('semiuri', '200', '3.1.1.9: the ; belongs to the user part'),
    rfc4475('transports', '200', '3.1.1.10: unknown transports in lower Vias '
            'are nobody\'s business here; all five come back'),
    rfc4475('mpart01', '480', '3.1.1.11: a preloaded Route that is not ours '
            'is never redirected', shipped='407'),
    silent('unreason', '3.1.1.12: a response to nothing we sent'),
    silent('noreason', '3.1.1.13: a response to nothing we sent'),

    # RFC 4475 3.1.2: invalid messages
    silent('badinv01', '3.1.2.1 asks for 400, but the core drops a Via with '
           'empty parameters'),
    rfc4475('clerr', '400', '3.1.2.2: the datagram is shorter than it says; '
            'on a stream the rest may still come', tcp='-'),
    rfc4475('ncl', '400', '3.1.2.3: a negative Content-Length; the script '
            'cannot answer it', foreign='-'),
    rfc4475('scalar02', '400', '3.1.2.4: a CSeq beyond 32 bits'),
    silent('scalarlg', '3.1.2.5: a response to nothing we sent'),
    silent('quotbal', '3.1.2.6 asks for 400, but the core drops a To whose '
           'quote does not end'),
    rfc4475('ltgtruri', '400', '3.1.2.7: <> around a Request-URI; it names '
            'no domain, so it is refused whose ever it is', foreign='400'),
    silent('lwsruri', '3.1.2.8 asks for 400, but the core drops a start line '
           'of four words'),
    silent('lwsstart', '3.1.2.9 asks for 400, but the core drops a start line '
           'with two spaces'),
    rfc4475('trws', '200', '3.1.2.10 allows to read past spaces at the end of '
            'the start line'),
    rfc4475('escruri', '302', '3.1.2.11: headers in a Request-URI go nowhere, '
            'least of all into a Contact', user='user'),
    rfc4475('baddate', '302', '3.1.2.12: a Date that means nothing to us',
            user='user'),
    register('regbadct', '3.1.2.13: the Contact is the registrar\'s to judge'),
    rfc4475('badaspec', '200', '3.1.2.14: spaces within <> of To, which comes '
            'back as it was'),
    rfc4475('baddn', '480', '3.1.2.15: a comma in a name without quotes.  '
            'The file lacks the empty line at its end, which is left to the '
            'script; on a stream it is not complete', shipped='400', tcp='-'),
    rfc4475('baddn', '200', '3.1.2.15: a comma in a name without quotes; To '
            'and From come back as they were', label='baddn-whole',
            end='\r\n'),
    silent('badvers', '3.1.2.16 asks for 505, but the core drops what is not '
           'SIP/2.0'),
    rfc4475('mismatch01', '400', '3.1.2.17: CSeq names another method'),
    rfc4475('mismatch02', '400', '3.1.2.18: CSeq names another method, and '
            'the start line an unknown one'),
    silent('bigcode', '3.1.2.19: a response with an impossible status'),

    # RFC 4475 3.2 to 3.4: transaction, application, old clients
    rfc4475('badbranch', '200', '3.2.1: a branch of nothing but the cookie'),
    silent('insuf', '3.3.1 asks for 400, but the core drops a request without '
           'Call-ID, From and To, and a reply would have none either'),
    rfc4475('unkscm', '416', '3.3.2: a scheme nobody knows', foreign='416'),
    rfc4475('novelsc', '416', '3.3.3: a known scheme that is not SIP\'s',
            foreign='416'),
    register('unksm2', '3.3.4: schemes in To, From and Contact are the '
             'registrar\'s to judge', shipped='400'),
    rfc4475('bext01', '420', '3.3.5: Proxy-Require asks for what we do not '
            'have; Require is judged at the node'),
    rfc4475('invut', '302', '3.3.6: a body is judged at the node',
            user='user'),
    register('regaut01', '3.3.7: Authorization is the registrar\'s to judge'),
    silent('multi01', '3.3.8 asks for 400, but the core drops a request with '
           'two CSeq'),
    rfc4475('mcl01', '400', '3.3.9: two lengths, and no way to know; the '
            'script cannot answer it', foreign='-'),
    silent('bcast', '3.3.10: a response must not be sent on to its second '
           'Via, 255.255.255.255'),
    rfc4475('zeromf', '200', '3.3.11: OPTIONS may be answered at '
            'Max-Forwards 0 (RFC 3261 16.3)'),
    register('cparam01', '3.3.12: Contact is the registrar\'s to judge'),
    register('cparam02', '3.3.13: Contact is the registrar\'s to judge'),
    register('regescrt', '3.3.14: Contact is the registrar\'s to judge'),
    rfc4475('sdp01', '302', '3.3.15: Accept is judged at the node',
            user='user'),
    rfc4475('inv2543', '302', '3.4.1: RFC 2543 had no branch, From tag, '
            'Max-Forwards or Content-Length', user='UserB'),

    # RFC 5118, over IPv6; the service address is 2001:db8::10
    rfc5118(1, '480', '4.1: valid', front='302', shipped='401'),
    rfc5118(2, '400', '4.2: an IPv6 address without brackets', foreign='400'),
    rfc5118(3, '480', '4.3: :5070 inside the brackets is part of the address, '
            'which is not ours then', shipped='401'),
    rfc5118(4, '480', '4.4: :5070 behind the brackets is a port',
            front='302', shipped='401'),
    rfc5118(5, '480', '4.5: brackets in received; a BYE belongs to a dialog',
            shipped='481'),
    rfc5118(6, '200', '4.5: an old received is replaced by the true one',
            foreign='200'),
    rfc5118(8, '480', '4.7: addresses of both families in Vias; a BYE belongs '
            'to a dialog', shipped='481'),

    # The odd URIs of these messages, and some more, as those of an INVITE
    invite('uri-unusual', "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;"
           "*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com", '302',
           '3.1.1.2: every character a user part and a password may have',
           user="1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,"
                "weird!*pas$wo~d_too.(doesn't-it)"),
    invite('uri-semicolon', 'sip:user;par=u%40example.net@example.com', '302',
           '3.1.1.9: the ; belongs to the user part',
           user='user;par=u%40example.net'),
    invite('uri-null', 'sip:null-%00-null@example.com', '302',
           '3.1.1.4: %00 is a character like others', user='null-%00-null'),
    invite('uri-only-null', 'sip:%00@example.com', '302',
           '3.1.1.4: %00 is a character like others', user='%00'),
    invite('uri-crlf', 'sip:a%0d%0aX:b%0D%0A@example.com', '302',
           'escaped line ends stay escaped, in a password too',
           user='a%0d%0aX:b%0D%0A'),
    invite('uri-lr', 'sip:user@example.com;LR;x=y;method=BYE', '302',
           'RFC 3261 table 1: lr and method do not belong into a Contact',
           user='user', params=';x=y'),
    invite('uri-maddr', 'sip:user@example.com;maddr=192.0.2.200;ttl=255',
           '302', 'maddr would lead elsewhere', user='user'),
    invite('uri-escaped-maddr', 'sip:user@example.com;%6Daddr=192.0.2.200',
           '302', 'an escaped name is the same name (RFC 3261 19.1.4)',
           user='user'),
    invite('uri-transport', 'sip:user@example.com;transport=sctp', '302',
           'the Contact has the transport the request came over',
           user='user'),
    invite('uri-case', 'SIP:User@EXAMPLE.Com.:5060', '302',
           'a host is compared without case and final dot', user='User'),
    invite('uri-star', 'sip:*21%23@example.com', '302',
           'star codes are user parts', user='*21%23'),
    invite('uri-hash', 'sip:*21#@example.com', '302',
           'an unescaped # is escaped (RFC 3261 25.1)', user='*21%23'),
    invite('uri-tel', 'tel:+1-201-555-0123', '302',
           'RFC 3261 19.1.6: tel: becomes sip: with user=phone',
           foreign='302', user='+1-201-555-0123', params=';user=phone'),
    invite('uri-ip6', 'sip:user@[2001:db8::10]', '302',
           'the service by its address', foreign='302', user='user'),
    invite('uri-utf8', 'sip:us\u00e9r@example.com', '400',
           'a byte above ASCII must be escaped', foreign='400'),
    invite('uri-quote', 'sip:"user"@example.com', '400',
           'a quote must be escaped', foreign='400'),
    invite('uri-two-at', 'sip:user@example.com@192.0.2.200', '400',
           'which of the two is the host?', foreign='400'),
    invite('uri-bracket', 'sip:user@[2001:db8::10', '400',
           'a bracket that does not end', foreign='400'),
    invite('uri-port', 'sip:user@example.com:70000', '400',
           'no such port', foreign='400'),
    invite('uri-long', 'sip:' + 'u' * 4200 + '@example.com', '414',
           'longer than what is looked at', foreign='414'),
]


def wanted(row, run, transport):
    """([status, ...], Contact URI or None) of a row in a run."""
    if run == 'fast':
        run = 'ours'
    text = {'ours': row.ours, 'foreign': row.foreign,
            'front': row.front or row.ours,
            'shipped': row.shipped or row.ours}[run]
    if transport == 'tcp' and row.tcp is not None:
        text = row.tcp
        if ' ' in text:
            text = {'ours': row.tcp, 'foreign': '480 480',
                    'front': '302 302', 'shipped': '401 302'}[run]
    host = f'[{sandbox.NODE6}]' if row.ip6 else sandbox.NODE4
    user = f'{row.user}@' if row.user else ''
    contact = f'sip:{user}{host}:5060'
    if transport == 'tcp':
        contact += ';transport=tcp'
    return [s for s in text.split() if s != '-'], contact + row.params
