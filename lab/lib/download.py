# SPDX-License-Identifier: GPL-2.0-or-later
"""download.py - a web server with a short page, and a file that takes a while

As a program, `download.py ADDRESS PORT', it serves the page at any path.  A
Download asks the service for the long file of the nodes' nginx (nodes.py), follows
the redirect to a node and reads on.
"""
import http.client
import http.server
import socketserver
import sys
import threading
import time
import urllib.parse

CHUNK = 1000
PATH = "/long"


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):       # pylint: disable=invalid-name
        self.send_response(200)
        self.end_headers()


class Plain(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)    # asks no DNS for its name
        self.server_name, self.server_port = self.server_address[:2]


class Download(threading.Thread):
    def __init__(self, space, service):
        super().__init__(name="download", daemon=True)
        with space.inside():
            asked = http.client.HTTPConnection(service, timeout=5)
            asked.request("GET", PATH)
            moved = asked.getresponse()
            assert moved.status == 302, moved.status
            self.url = moved.headers["Location"]
            where = urllib.parse.urlsplit(self.url)
            assert where.path == PATH, self.url
            connection = http.client.HTTPConnection(
                where.hostname, where.port, timeout=5)
            connection.request("GET", where.path)
        self.reply = connection.getresponse()
        self.bytes, self.pause_ms, self.ended = 0, 0.0, False
        self.start()

    def run(self):
        last = time.monotonic()
        try:
            while data := self.reply.read(CHUNK):
                now = time.monotonic()
                self.bytes += len(data)
                self.pause_ms = max(self.pause_ms, (now - last) * 1000)
                last = now
        except OSError:
            pass
        self.ended = True

    def goes_on(self):
        """More of it comes."""
        had, end = self.bytes, time.monotonic() + 3
        while self.bytes == had and time.monotonic() < end:
            time.sleep(0.02)
        return self.bytes > had and not self.ended


if __name__ == "__main__":
    Plain((sys.argv[1], int(sys.argv[2])), Server).serve_forever()
