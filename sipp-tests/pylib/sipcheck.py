# SPDX-License-Identifier: GPL-2.0-or-later
"""A strict look at a SIP reply: what it says, and what is wrong with it.

Not a parser for what comes from clients: a reply of ours must be plain, so
everything here is as narrow as RFC 3261 25 lets it be.
"""
import re

COMPACT = {'v': 'via', 'f': 'from', 't': 'to', 'i': 'call-id', 'l':
           'content-length', 'm': 'contact', 'c': 'content-type',
           's': 'subject', 'k': 'supported', 'e': 'content-encoding'}
COPIED = ('via', 'from', 'to', 'call-id', 'cseq')
OWN = ('contact', 'content-length', 'allow', 'unsupported', 'retry-after',
       'server')
TOKEN = r"[A-Za-z0-9.!%*_+`'~-]+"
HOST = (r'(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)')
USER = r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#:]|%[0-9A-Fa-f]{2})+"
PARAM = (r"(?:;(?:[\[\]/:&+$A-Za-z0-9\-_.!~*'()]|%[0-9A-Fa-f]{2})+"
         r"(?:=(?:[\[\]/:&+$A-Za-z0-9\-_.!~*'()]|%[0-9A-Fa-f]{2})+)?)*")
CONTACT = re.compile(rf'<(sips?:(?:{USER}@)?{HOST}(?::\d{{1,5}})?{PARAM})>'
                     r'(?:;expires=\d+)?')
OUR_TAG = re.compile(r';tag=a1-[0-9a-f]{16}')
ANY_TAG = re.compile(rf';tag={TOKEN}')


def split_head(message):
    """(first line, [(name, value)], body), unfolded; names lower and long."""
    text = message.decode('latin-1')
    head, _, body = text.partition('\r\n\r\n')
    head = re.sub(r'\r\n[ \t]+', ' ', head)
    lines = head.split('\r\n')
    fields = []
    for line in lines[1:]:
        name, _, value = line.partition(':')
        name = name.strip().lower()
        fields.append((COMPACT.get(name, name), value.strip()))
    return lines[0], fields, body


def values(fields, name):
    return [value for key, value in fields if key == name]


def status_of(reply):
    match = re.match(rb'SIP/2\.0 (\d{3}) ', reply)
    return match.group(1).decode() if match else '?'


def lines_are_plain(reply):
    """No stray CR, LF or control character; every line `Name: value'."""
    head, sep, _ = reply.partition(b'\r\n\r\n')
    if not sep:
        yield 'its head does not end'
    bare = head.replace(b'\r\n', b'')
    if b'\r' in bare or b'\n' in bare:
        yield 'a bare CR or LF'
    for line in head.split(b'\r\n')[1:]:
        if not re.match(rb"[A-Za-z0-9.!%*_+`'~-]+[ \t]*:|[ \t]", line):
            yield f'not a header line: {line!r}'


def received_is_right(request_via, reply_via, source):
    """RFC 3261 18.2.1: who sent it, where sent-by does not say that."""
    host = re.search(r'[ \t](\[[^\]]*\]|[^\s;:]+)', request_via)
    found = re.findall(r';\s*received\s*=\s*([^\s;,]+)', reply_via)
    host = host.group(1).strip('[]') if host else ''
    if host != source and found != [source]:
        yield f'received is {found}, the request came from {source}'
    if len(found) > 1:
        yield 'two received parameters'


def without_received(via):
    return re.sub(r';\s*(received|rport)(\s*=\s*[^\s;,]*)?', '', via)


def vias_are_kept(asked, answered, source):
    want = values(asked, 'via')
    got = values(answered, 'via')
    if len(got) != len(want):
        yield f'{len(got)} Via fields for {len(want)}'
        return
    if got:
        yield from received_is_right(want[0], got[0], source)
    for number, (a, b) in enumerate(zip(want, got)):
        if number == 0:
            a, b = without_received(a), without_received(b)
        if a != b:
            yield f'Via {a!r} came back as {b!r}'


def to_is_kept(asked, answered, ours):
    want = values(asked, 'to')[0]
    got = values(answered, 'to')[0]
    tagged = re.search(r';\s*tag\s*=', want)
    if tagged:
        if got != want:
            yield f'To {want!r} came back as {got!r}'
        return
    pattern = OUR_TAG if ours else ANY_TAG
    if not got.startswith(want) or not pattern.fullmatch(got[len(want):]):
        yield f'To {want!r} came back as {got!r}'


def contacts_are_right(status, answered):
    contacts = values(answered, 'contact')
    if status.startswith('3'):
        if len(contacts) != 1:
            yield f'{len(contacts)} Contact fields in a {status}'
        elif not CONTACT.fullmatch(contacts[0]):
            yield f'Contact is not one plain URI: {contacts[0]!r}'
    elif contacts:
        yield f'a Contact in a {status}'


def faults(request, reply, source, transport, ours):
    """All that is wrong with a reply, as texts.

    ours: made by the module; what Kamailio itself answers is only held to
    what the module cannot change.
    """
    yield from lines_are_plain(reply)
    if b'<null>' in reply or b'(null)' in reply:
        yield 'null'
    line, answered, body = split_head(reply)
    _, asked, _ = split_head(request)
    if not re.fullmatch(r'SIP/2\.0 [1-6]\d\d [\x20-\x7e]*', line):
        yield f'status line {line!r}'
    for name in COPIED:
        count = len(values(answered, name))
        if not count or (count > 1 and name != 'via'):
            yield f'{count} {name} fields'
            return
        if name in ('from', 'call-id', 'cseq'):
            want = values(asked, name)[:1]
            if want and values(answered, name) != want:
                yield f'{name} {want} came back as {values(answered, name)}'
    if values(asked, 'via') and ours:
        yield from vias_are_kept(asked, answered, source)
    if values(asked, 'to'):
        yield from to_is_kept(asked, answered, ours)
    yield from contacts_are_right(status_of(reply), answered)
    lengths = values(answered, 'content-length')
    if len(lengths) > 1 or (lengths and lengths[0] != str(len(body))):
        yield f'Content-Length {lengths} with a body of {len(body)}'
    if not lengths and transport == 'tcp':
        yield 'no Content-Length on a stream'
    if not ours:
        return
    for name, _ in answered:
        if name not in COPIED + OWN:
            yield f'an unexpected header: {name}'
    if transport == 'udp' and len(reply) > 1.5 * len(request):
        yield f'{len(reply)} bytes for {len(request)}'
