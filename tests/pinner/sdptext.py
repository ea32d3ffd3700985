# SPDX-License-Identifier: GPL-2.0-or-later
"""sdptext.py - what an SDP body means to a relay: a small, tolerant reader

Body(text, own) knows for each media the address, ports, direction, RTCP and
ICE it ends up with.  own: the relay's media addresses and port range, so that
"where" is a class (relay4, relay6, zero, theirs), not a number.
"""
import ipaddress
import re

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
# Attributes that a relay writes, rewrites or removes; all others it has to keep.
MANAGED = {*DIRECTIONS, "rtcp", "rtcp-mux", "candidate", "end-of-candidates",
           "ice-ufrag", "ice-pwd", "ice-options", "ice-lite", "ice-mismatch",
           "ice-pacing", "remote-candidates", "group"}
# What an RFC 3264 relay that ends SRTP itself replaces; one that passes it
# through keeps these too.
KEYING = {"crypto", "setup", "fingerprint", "tls-id", "connection",
          "ice2", "key-mgmt"}


def lines_of(text):
    return [line for line in re.split(r"\r\n|\n|\r", text) if line]


def name_of(line):
    """The name of an attribute line, else its type letter."""
    if not line.startswith("a="):
        return line[:1]
    return line[2:].split(":", 1)[0].strip()


class Own:
    """The addresses and ports of a relay."""

    def __init__(self, media, ports):
        self.media = [ipaddress.ip_address(a) for a in media]
        self.ports = range(ports[0], ports[1] + 1)

    def where(self, text):
        try:
            address = ipaddress.ip_address(text.split("/")[0])
        except ValueError:
            return "theirs"
        if address in self.media:
            return f"relay{address.version}"
        return "zero" if address.is_unspecified else "theirs"


class Media:
    def __init__(self, m_line, session, own):
        self.line, self.session, self.own = m_line, session, own
        self.lines = []
        found = re.match(r"m=(\S+) +(\d+)(?:/\d+)? +(\S+) *(.*)", m_line)
        if not found:
            raise ValueError(f"not a media line: {m_line}")
        self.kind, self.proto = found[1], found[3]
        self.port, self.formats = int(found[2]), found[4].split()

    def all(self, name):
        """Values of the attribute, here or (when not here) in the session."""
        for lines in (self.lines, self.session):
            values = [line[2:].partition(":")[2].strip() for line in lines
                      if line.startswith("a=") and name_of(line) == name]
            if values:
                return values
        return []

    @property
    def rtp(self):
        return "RTP/" in self.proto.upper()

    @property
    def address(self):
        for lines in (self.lines, self.session):
            for line in lines:
                if line.startswith("c="):
                    return line.split()[-1]
        return ""

    @property
    def where(self):
        return self.own.where(self.address)

    @property
    def state(self):
        """Of the port: off, ours or theirs."""
        if self.port == 0:
            return "off"
        return "ours" if self.port in self.own.ports else "theirs"

    @property
    def direction(self):
        if self.where == "zero":
            return "held"
        for lines in (self.lines, self.session):
            for line in reversed(lines):
                if line.startswith("a=") and name_of(line) in DIRECTIONS:
                    return name_of(line)
        return "sendrecv"

    @property
    def mux(self):
        return "rtcp-mux" in map(name_of, self.lines)

    @property
    def rtcp(self):
        """Port of RTCP: mux, next, or +N from the port of RTP."""
        values = self.all("rtcp")
        port = int(values[-1].split()[0]) if values else self.port + 1
        step = port - self.port
        return {0: "mux", 1: "next"}.get(step, f"{step:+}")

    def candidates(self):
        """(component, where, port) of each."""
        found = []
        for value in self.all("candidate"):
            words = value.split()
            if len(words) > 5:
                found.append((words[1], self.own.where(words[4]),
                              int(words[5])))
        return found

    @property
    def ice(self):
        return bool(self.all("ice-ufrag"))

    def kept(self):
        """Its lines that no relay has a reason to touch."""
        return [line.rstrip() for line in self.lines
                if line[:2] != "c=" and name_of(line) not in MANAGED]


class Body:
    def __init__(self, text, own):
        self.text, self.own = text, own
        self.session, self.media = [], []
        for line in lines_of(text):
            if line.startswith("m="):
                self.media.append(Media(line, self.session, own))
            elif self.media:
                self.media[-1].lines.append(line)
            else:
                self.session.append(line)

    @property
    def origin(self):
        for line in self.session:
            if line.startswith("o="):
                return self.own.where(line.split()[-1])
        return "none"

    def group(self):
        """Identifications of the media of a=group:BUNDLE."""
        for line in self.session:
            if line.startswith("a=group:BUNDLE"):
                return line.split()[1:]
        return []
