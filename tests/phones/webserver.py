#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""webserver.py - a folder over HTTPS

usage: webserver.py ADDRESS PORT FOLDER CERTIFICATE KEY
"""
import functools
import http.server
import ssl
import sys


class Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"


def main():
    address, port, folder, certificate, key = sys.argv[1:]
    server = http.server.ThreadingHTTPServer(
        (address, int(port)), functools.partial(Files, directory=folder))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


main()
