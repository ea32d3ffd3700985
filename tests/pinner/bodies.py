# SPDX-License-Identifier: GPL-2.0-or-later
"""bodies.py - SDP bodies of our own, for comparing relays

CASES: (name, offer, answer or None, keys of the offer, keys of the answer).
The caller is 198.51.100.1 or 2001:db8:c::1, the callee ...2.
"""

A4, B4, A6, B6 = "198.51.100.1", "198.51.100.2", "2001:db8:c::1", "2001:db8:c::2"


def text(*lines):
    return "".join(line + "\r\n" for line in lines)


def body(address, *lines, session=(), version=1):
    family = "IP6" if ":" in address else "IP4"
    return text("v=0", f"o=- 7 {version} IN {family} {address}", "s=-",
                f"c=IN {family} {address}", "t=0 0", *session, *lines)


def pair(*lines, **more):
    """The same media from both sides; the callee's ports are 1000 higher."""
    answer = [line.replace(A4, B4).replace(" 40", " 50").replace(":40", ":50")
              for line in lines]
    return body(A4, *lines, **more), body(B4, *answer, **more)


def audio(port=4000, *more, proto="RTP/AVP", formats="0 8"):
    return (f"m=audio {port} {proto} {formats}", *more)


VIDEO = ("m=video 4010 RTP/AVP 96", "a=rtpmap:96 VP8/90000")
EVENTS = ("a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15")
ICE = ("a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdef0123456789",
       f"a=candidate:1 1 UDP 2130706431 {A4} 4000 typ host",
       f"a=candidate:1 2 UDP 2130706430 {A4} 4001 typ host",
       "a=candidate:2 1 UDP 1694498815 203.0.113.7 4000 typ srflx "
       f"raddr {A4} rport 4000")
CRYPTO = ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
          "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj")
DTLS = ("a=fingerprint:sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B"
        ":19:E5:7C:AB:3E:4B:65:2E:7D:46:3F:54:42:CD:54:F1", "a=setup:actpass")
T38 = ("m=image 4020 udptl t38", "a=T38FaxVersion:0", "a=T38MaxBitRate:14400",
       "a=T38FaxUdpEC:t38UDPRedundancy")

NONE = {}
PLAIN = body(B4, *audio(5000))
V6 = body(B6, *audio(5000))
BUNDLE = pair("m=audio 4000 RTP/AVP 0", "a=mid:a", "a=rtcp-mux",
              "m=video 4000 RTP/AVP 96", "a=mid:b", "a=rtcp-mux",
              "a=rtpmap:96 VP8/90000", session=("a=group:BUNDLE a b",))


def same(name, bodies, **keys):
    return name, *bodies, keys, keys


def only(name, offer, **keys):
    return name, offer, None, keys, NONE


CASES = [
    same("plain", pair(*audio())),
    same("attributes", pair(*audio(
        4000, *EVENTS, "a=ptime:20", "a=x-own:value with spaces",
        "a=maxptime:60", "b=AS:64", "i=title", formats="8 0 101"))),
    same("order of codecs", pair(*audio(
        4000, "a=rtpmap:97 opus/48000/2", "a=fmtp:97 useinbandfec=1",
        *EVENTS, formats="97 8 101 0 3"))),
    same("audio and video", pair(*audio(), *VIDEO)),
    same("four media", pair(*audio(), *VIDEO, *audio(4030), *T38)),
    same("T.38", pair(*T38)),
    same("T.38 and audio off", pair(*audio(0), *T38)),
    same("BFCP", pair("m=application 4000 UDP/BFCP *", "a=floorctrl:c-s")),
    same("text", pair("m=text 4000 RTP/AVP 98", "a=rtpmap:98 t140/1000")),
    same("rejected first", pair(*audio(0), *VIDEO)),
    same("all rejected", pair(*audio(0))),
    ("answer rejects the second", pair(*audio(), *VIDEO)[0],
     body(B4, *audio(5000), "m=video 0 RTP/AVP 96"), NONE, NONE),
    ("answer has fewer media", pair(*audio(), *VIDEO)[0], PLAIN, NONE, NONE),
    ("answer has more media", pair(*audio())[0], pair(*audio(), *VIDEO)[1],
     NONE, NONE),
    ("other codecs in the answer", pair(*audio())[0],
     body(B4, *audio(5000, formats="8")), NONE, NONE),
    ("hold", body(A4, *audio(4000, "a=sendonly")),
     body(B4, *audio(5000, "a=recvonly")), NONE, NONE),
    same("inactive", pair(*audio(4000, "a=inactive"))),
    same("held in the session", pair(*audio(), session=("a=sendonly",))),
    ("0.0.0.0", body("0.0.0.0", *audio()), PLAIN, NONE, NONE),
    ("0.0.0.0 on both sides", body("0.0.0.0", *audio(4000, "a=sendonly")),
     body("0.0.0.0", *audio(5000, "a=recvonly")), NONE, NONE),
    same("address in the media", pair(*audio(4000, f"c=IN IP4 {A4}"))),
    same("address only in the media",
         [b.replace("c=IN", "c=IN", 1).replace(
             f"s=-\r\nc=IN IP4 {a}\r\n", "s=-\r\n")
          for a, b in zip((A4, B4), pair(*audio(4000, f"c=IN IP4 {A4}")))]),
    same("RTCP elsewhere", pair(*audio(4000, "a=rtcp:4009"))),
    same("RTCP at another address",
         pair(*audio(4000, f"a=rtcp:4009 IN IP4 {A4}"))),
    same("odd port", pair(*audio(4001))),
    same("port and count", pair("m=audio 4000/2 RTP/AVP 0")),
    same("mux", pair(*audio(4000, "a=rtcp-mux"))),
    same("mux and rtcp", pair(*audio(4000, "a=rtcp:4000", "a=rtcp-mux"))),
    ("mux refused", pair(*audio(4000, "a=rtcp-mux"))[0], PLAIN, NONE, NONE),
    ("mux offered by flag", pair(*audio())[0],
     pair(*audio(4000, "a=rtcp-mux"))[1], {"rtcp_mux": ["offer"]}, NONE),
    ("mux offered by flag, refused", pair(*audio())[0], PLAIN,
     {"rtcp_mux": ["offer"]}, NONE),
    ("mux taken apart", pair(*audio(4000, "a=rtcp-mux"))[0], PLAIN,
     {"rtcp_mux": ["demux"]}, NONE),
    ("mux accepted for the callee", pair(*audio(4000, "a=rtcp-mux"))[0], PLAIN,
     {"rtcp_mux": ["accept"]}, NONE),
    same("ICE", pair(*audio(4000, *ICE))),
    same("ICE and mux", pair(*audio(4000, *ICE, "a=rtcp-mux"))),
    same("ICE removed", pair(*audio(4000, *ICE)), ICE="remove"),
    ("ICE removed, plain answer", pair(*audio(4000, *ICE))[0], PLAIN,
     {"ICE": "remove"}, {"ICE": "remove"}),
    same("ICE in the session", pair(*audio(4000, *ICE[2:]),
                                    session=ICE[:2])),
    same("bundle", BUNDLE),
    same("bundle without ICE", BUNDLE, ICE="remove"),
    same("SRTP", pair(*audio(4000, CRYPTO, proto="RTP/SAVP"))),
    same("DTLS", pair(*audio(4000, *DTLS, "a=mid:a", "a=rtcp-mux",
                             proto="UDP/TLS/RTP/SAVPF"))),
    same("DTLS and ICE", pair(*audio(
        4000, *DTLS, *ICE, "a=mid:a", "a=rtcp-mux",
        proto="UDP/TLS/RTP/SAVPF"))),
    same("feedback", pair("m=video 4000 RTP/AVPF 96", "a=rtpmap:96 VP8/90000",
                          "a=rtcp-fb:96 nack pli", "a=rtcp-fb:* ccm fir")),
    ("IPv6", body(A6, *audio()), V6, NONE, NONE),
    ("IPv6 to IPv4", body(A6, *audio()), PLAIN, {"address_family": "IP4"},
     {"address_family": "IP6"}),
    ("IPv4 to IPv6", body(A4, *audio()), V6, {"address_family": "IP6"},
     {"address_family": "IP4"}),
    ("IPv6, answered from IPv4", body(A6, *audio()), PLAIN, NONE, NONE),
    same("replace origin", pair(*audio()), replace=["origin"]),
    same("replace all", pair(*audio(4000, f"c=IN IP4 {A4}")),
         replace=["origin", "session-connection"]),
    ("replace origin, IPv6 to IPv4", body(A6, *audio()), PLAIN,
     {"address_family": "IP4", "replace": ["origin", "session-connection"]},
     {"address_family": "IP6", "replace": ["origin", "session-connection"]}),
    same("no RTCP attribute", pair(*audio()), flags=["no-rtcp-attribute"]),
    same("usual flags", pair(*audio()), replace=["origin"], ICE="remove",
         flags=["strict-source", "trust-address", "symmetric"],
         received_from=["IP4", A4], direction=["ext", "int"],
         transport_protocol="RTP/AVP", label="x", via_branch="z9hG4bK1"),
    same("unknown keys", pair(*audio()), nonsense="1", flags=["no-such-flag"],
         other=["a", "b"]),
    only("no t=", pair(*audio())[0].replace("t=0 0\r\n", "")),
    only("no o=", pair(*audio())[0].replace(f"o=- 7 1 IN IP4 {A4}\r\n", "")),
    only("LF only", pair(*audio(4000, "a=x-own"))[0].replace("\r\n", "\n")),
    only("no last CRLF", pair(*audio(4000, "a=x-own"))[0][:-2]),
    only("no last CRLF after m=", pair(*audio())[0][:-2]),
    only("unknown lines", pair(*audio(4000, "y=1234", "f=v/1"))[0]),
    only("address after attributes", pair(*audio(
        4000, "a=x-own", f"c=IN IP4 {A4}", "b=AS:1", "a=x-more"))[0]),
    only("c= after t=", text("v=0", f"o=- 1 1 IN IP4 {A4}", "s=-", "t=0 0",
                             f"c=IN IP4 {A4}", *audio())),
    only("empty s=", pair(*audio())[0].replace("s=-", "s=")),
    only("empty attributes", pair(*audio(4000, "a=", "a=foo:"))[0]),
    only("two spaces", pair("m=audio  4000 RTP/AVP  0")[0]),
    only("space at the end", pair("m=audio 4000 RTP/AVP 0 ",
                                  "a=sendonly ")[0]),
    only("blank line", pair(*audio(4000, "", "a=x-own"))[0]),
    only("no rtpmap", pair(*audio(4000, "a=fmtp:96 mode=1",
                                  formats="96 0"))[0]),
    only("unknown protocol", pair("m=audio 4000 FOO/BAR 0")[0]),
    only("TCP", pair("m=message 4000 TCP/MSRP *", "a=path:msrp://x")[0]),
    only("zone of time", pair(*audio(), session=(
        "r=7d 1h 0 25h", "z=2882844526 -1h"))[0].replace("t=0 0", "t=1 2")),
    # refused by both
    only("nothing", ""),
    only("no SDP", "hello world"),
    only("only v=", "v=0\r\n"),
    only("no media", body(A4)),
    only("no address", pair(*audio())[0].replace(f"c=IN IP4 {A4}\r\n", "")),
    only("port 99999", pair(*audio(99999))[0]),
    only("junk before v=", "junk\r\n" + pair(*audio())[0]),
]
