# SPDX-License-Identifier: GPL-2.0-or-later
"""bigfile.py - a large file, the nginx that serves it, and who downloads it

The file is the same on both nodes.  It has holes, so that gigabytes of it cost
little: each MiB begins with 64 kB that nobody can guess; the hash is of all of it.
nginx listens on a port of the node address and, for contrast, of the service
address.
"""
import hashlib
import http.client
import random
import threading
import time
import urllib.parse

from .nodes import http_lacking
from .supervisor import Unit

PORT, NAME = 8081, "/file"
MIB = 1 << 20

CONF = """daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/log/nginx.errors;
events {{ }}
http {{
	access_log off;
	sendfile on;
	limit_rate {rate};
	client_body_temp_path {dir}/nginx.body;
	proxy_temp_path {dir}/nginx.proxy;
	fastcgi_temp_path {dir}/nginx.fastcgi;
	uwsgi_temp_path {dir}/nginx.uwsgi;
	scgi_temp_path {dir}/nginx.scgi;
	server {{
		{listen}
		root {root};
	}}
}}
"""


def write_file(folder, size):
    """Its hash."""
    chance, sums = random.Random(5), hashlib.sha256()
    with open(folder / NAME[1:], "wb") as out:
        for at in range(0, size, MIB):
            piece = chance.randbytes(65536)
            out.seek(at)
            out.write(piece)
            sums.update(piece)
            sums.update(bytes(MIB - len(piece)))
        out.truncate(size)
    return sums.hexdigest()


def nginx(node, addresses, root, rate):
    """A unit of the node; rate: bytes a second."""
    conf = node.dir / "nginx.conf"
    conf.write_text(CONF.format(
        dir=node.dir, root=root, rate=rate,
        listen="\n\t\t".join(f"listen {ip}:{PORT};" for ip in addresses)))
    return node.supervisor.add(Unit(
        "nginx", ["/usr/sbin/nginx", "-e", "stderr", "-c", conf],
        ready=lambda: http_lacking(node.space, addresses[0], PORT)))


class Big(threading.Thread):
    """A download by one connection; ended says how it ended, "" when whole."""

    def __init__(self, space, url,):
        super().__init__(name="big", daemon=True)
        self.url = urllib.parse.urlsplit(url)
        self.bytes, self.sums, self.ended = 0, hashlib.sha256(), None
        with space.inside():
            self.connection = http.client.HTTPConnection(
                self.url.hostname, self.url.port, timeout=5)
            self.connection.connect()
        self.seconds = 0.0
        self.start()

    def run(self):
        began = time.monotonic()
        try:
            self.connection.request("GET", self.url.path)
            reply = self.connection.getresponse()
            assert reply.status == 200, reply.status
            size = int(reply.headers["Content-Length"])
            while data := reply.read(1 << 18):
                self.bytes += len(data)
                self.sums.update(data)
            self.ended = "" if self.bytes == size else \
                f"{size - self.bytes} bytes were missing"
        except (OSError, AssertionError, http.client.HTTPException) as error:
            self.ended = f"{type(error).__name__}: {error}"
        self.seconds = time.monotonic() - began


def redirected(space, service):
    """Where the service sends who asks it for the file."""
    with space.inside():
        asked = http.client.HTTPConnection(service, timeout=5)
        asked.request("GET", NAME)
        reply = asked.getresponse()
    assert reply.status == 302, reply.status
    return reply.headers["Location"]

