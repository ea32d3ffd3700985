#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""content.py BUILD - what `anycastctl render nginx' makes, served by a real nginx

On the node's addresses and nowhere else, over HTTPS and over HTTP below a path:
whole files, parts of them, and what must not be had.
"""
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

from node import namespace, skip
from waiting import until

SERVICE, OWN = ("192.0.2.53", "2001:db8:53::53"), ("198.51.100.11", "2001:db8:1::11")
OTHER, HIDDEN = "198.51.100.75", "198.51.100.76"
SITE = f"""[service]
domain  = sip.example.net
address = {", ".join(SERVICE)}
tls     = yes
secret  = 0123456789abcdef0123
[node fra1]
address = {", ".join(OWN)}
host    = fra1.sip.example.net
http    = https://fra1.sip.example.net:8443
[node ams1]
address = {OTHER}
http    = http://{OTHER}:8080/mirror%201/
[node lon1]
address = {HIDDEN}
http    = http://{HIDDEN}:8080/a+b/.v(2)/c
"""
FILM = bytes(range(256)) * 4096      # 1 MiB


class Nginx:
    def __init__(self, build):
        self.dir = Path(tempfile.mkdtemp(prefix="anycast-nginx."))
        self.dir.chmod(0o755)
        self.root = self.dir / "root of it"
        (self.root / ".well-known").mkdir(parents=True)
        (self.root / ".git").mkdir()
        for name, data in (("film", FILM), (".well-known/x", b"well known"),
                           (".git/config", b"secret"), ("a b", b"blank")):
            (self.root / name).write_bytes(data)
        (self.dir / "site.conf").write_text(SITE)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
             "/CN=fra1.sip.example.net", "-addext",
             "subjectAltName=DNS:fra1.sip.example.net", "-keyout",
             self.dir / "node.key", "-out", self.dir / "node.crt"],
            check=True, capture_output=True)
        for node in ("fra1", "ams1", "lon1"):
            text = subprocess.run(
                [Path(build).resolve() / "bin/anycastctl", "render", "nginx",
                 "--site", self.dir / "site.conf", "--node", node, "--root",
                 self.root], check=True, capture_output=True, text=True).stdout
            (self.dir / f"{node}.conf").write_text(
                text.replace("/etc/sip-anycast/tls/", f"{self.dir}/"))
        (self.dir / "nginx.conf").write_text(
            f"daemon off;\npid {self.dir}/pid;\nuser root;\n"
            "events { }\nhttp {\n\taccess_log off;\n"
            f"\tinclude {self.dir}/*1.conf;\n}}\n")
        self.process = subprocess.Popen(
            ["nginx", "-e", self.dir / "log", "-c", self.dir / "nginx.conf"],
            stderr=subprocess.DEVNULL)
        until("an answer", lambda: self.process.poll() is not None or
              listens(OWN[0], 8443), 20)
        assert self.process.poll() is None, (self.dir / "log").read_text()

    def remove(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.dir)

    def ask(self, path, *, at=OWN[0], method="GET", **headers):
        """(status, headers, body)"""
        if at in (OTHER, HIDDEN):
            asked = http.client.HTTPConnection(at, 8080, timeout=5)
        else:
            trust = ssl.create_default_context(cafile=self.dir / "node.crt")
            asked = http.client.HTTPSConnection("fra1.sip.example.net", 8443,
                                                timeout=5)
            plain = socket.create_connection((at, 8443), 5)
            asked.sock = trust.wrap_socket(
                plain, server_hostname="fra1.sip.example.net")
        asked.request(method, path, headers={
            name.replace("_", "-"): value for name, value in headers.items()})
        reply = asked.getresponse()
        body = reply.read()
        asked.close()
        return reply.status, reply.headers, body


def listens(address, port):
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True


def a_file_is_served_on_the_nodes_addresses(nginx):
    for at in OWN:
        status, headers, body = nginx.ask("/film?x=y", at=at)
        assert status == 200 and body == FILM
        assert headers["Accept-Ranges"] == "bytes"
        assert headers["Server"] == "nginx", headers["Server"]
    assert nginx.ask("/a%20b")[2] == b"blank"
    for at in SERVICE:
        assert not listens(at, 8443) and not listens(at, 8080)


def a_download_goes_on_where_it_was(nginx):
    etag = nginx.ask("/film", method="HEAD")[1]["ETag"]
    status, headers, body = nginx.ask("/film", Range="bytes=1000000-",
                                      If_Range=etag)
    assert status == 206 and body == FILM[1000000:]
    assert headers["Content-Range"] == \
        f"bytes 1000000-{len(FILM) - 1}/{len(FILM)}"
    # another file by now: all of it
    status, _, body = nginx.ask("/film", Range="bytes=1000000-",
                                If_Range='"another"')
    assert status == 200 and body == FILM
    assert nginx.ask("/film", Range=f"bytes={len(FILM)}-")[0] == 416
    # a thousand ranges would be a thousand times the work: the file instead
    many = "bytes=" + ",".join(f"{i}-{i}" for i in range(0, 40, 2))
    assert nginx.ask("/film", Range=many)[0] == 200


def a_path_may_go_before(nginx):
    status, _, body = nginx.ask("/mirror%201/film", at=OTHER)
    assert status == 200 and body == FILM
    for path in ("/film", "/", "/mirror%202/film", "/mirror%201/../film"):
        assert nginx.ask(path, at=OTHER)[0] == 404, path


def the_path_may_have_a_name_that_begins_with_a_dot(nginx):
    for path, want in (("film", 200), (".well-known/x", 200),
                       (".git/config", 404), ("%2egit/config", 404),
                       ("x/.git/config", 404), (".git", 404),
                       ("../c/.git/config", 404)):
        status, _, body = nginx.ask(f"/a+b/.v(2)/c/{path}", at=HIDDEN)
        assert status == want and b"secret" not in body, (path, status)
    for path in ("/a+b/.v(2)/film", "/a+b/.v2/c/film", "/aab/.v(2)/c/film"):
        assert nginx.ask(path, at=HIDDEN)[0] == 404, path


def what_is_not_content_is_refused(nginx):
    (nginx.dir / "beside").write_bytes(b"not to be had")
    for path, want in (("/none", 404), ("/.git/config", 404),
                       ("/%2egit/config", 404), ("/../beside", 400),
                       ("/x/../../beside", 400), ("/.well-known/x", 200),
                       ("/", 403)):
        status, _, body = nginx.ask(path)
        assert status == want and b"secret" not in body, (path, status)
    assert nginx.ask("/film", method="POST")[0] == 405


def main():
    for program in ("nginx", "openssl"):
        if not shutil.which(program):
            skip(f"{program} is not installed (scripts/setup test)")
    os.umask(0o022)
    namespace(*SERVICE, *OWN, OTHER, HIDDEN)
    nginx = Nginx(sys.argv[1])
    try:
        for test in (a_file_is_served_on_the_nodes_addresses,
                     a_download_goes_on_where_it_was, a_path_may_go_before,
                     the_path_may_have_a_name_that_begins_with_a_dot,
                     what_is_not_content_is_refused):
            test(nginx)
            print(f"ok: {test.__name__.replace('_', ' ')}", flush=True)
    finally:
        nginx.remove()


main()
