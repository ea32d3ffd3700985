#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP on the service address of a real Kamailio.

  http_test.py [CLASS...]     Curl Requests Connections Slow State Data ...
"""
import http.server
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../pylib'))
sys.path.insert(0, HERE)

# pylint: disable=wrong-import-position
import sandbox  # noqa: E402
from httpcheck import Connection  # noqa: E402
from requests_table import DATA, REQUESTS  # noqa: E402

BASE = f'http://{sandbox.NODE4}:8000'
OTHER_BASE = 'https://ams1.www.example.net/mirror'
SITE = f'''
[service]
domain = sip.example.net
address = {sandbox.SERVICE4}, {sandbox.SERVICE6}
secret = file:secret
[node fra1]
address = {sandbox.NODE4}, {sandbox.NODE6}
http = {BASE}
[node ams1]
address = {sandbox.OTHER4}, {sandbox.OTHER6}
http = {OTHER_BASE}
'''
HOST = 'Host: www.example.net\r\n'
GET = f'GET /a?b HTTP/1.1\r\n{HOST}\r\n'


def request(line, *headers, body=''):
    return (line + '\r\n' + HOST + ''.join(f'{h}\r\n' for h in headers)
            + '\r\n' + body)


def certificate(work):
    """A CA of our own is not needed: the client trusts this very one."""
    path = os.path.join(work, 'cert.pem')
    key = os.path.join(work, 'key.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                    '-subj', '/CN=sip.example.net', '-addext',
                    'subjectAltName=DNS:sip.example.net', '-keyout', key,
                    '-out', path], check=True, capture_output=True)
    with open(os.path.join(work, 'tls.cfg'), 'w', encoding='ascii') as f:
        f.write('[server:default]\nmethod = TLSv1.2+\n'
                f'private_key = {key}\ncertificate = {path}\n'
                '[client:default]\nmethod = TLSv1.2+\n')
    return path


class Case(unittest.TestCase):
    """A Kamailio for the tests of a class; it must outlive them."""
    site = SITE
    other = '307'

    @classmethod
    def setUpClass(cls):
        cls.kamailio = sandbox.Kamailio(os.path.join(HERE, 'kamailio.cfg'),
                                        cls.site, OTHER=cls.other)
        cls.cert = certificate(cls.kamailio.work)
        cls.tls = ssl.create_default_context(cafile=cls.cert)
        try:
            cls.kamailio.start(cls.is_up)
        except (RuntimeError, TimeoutError):
            print(cls.kamailio.log()[-4000:])
            cls.kamailio.stop()
            raise

    @classmethod
    def tearDownClass(cls):
        faults = cls.kamailio.faults()
        cls.kamailio.stop()
        cls.kamailio.clean(keep=faults)
        if faults:
            raise AssertionError(faults)

    @classmethod
    def is_up(cls):
        try:
            with Connection(sandbox.SERVICE4, timeout=1) as c:
                return c.ask(GET)
        except OSError:
            return None

    def connect(self, address=sandbox.SERVICE4, port=80, tls=None):
        return Connection(address, port, tls)

    def still_answers(self):
        with self.connect() as c:
            self.assertIn(c.ask(GET).status, (302, 503))


class Curl(Case):
    """What a user's own client sees."""

    def curl(self, *args):
        done = subprocess.run(['curl', '-sS', '--max-time', '15', *args],
                              capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def look(self, *args):
        """(status, Location) of one request."""
        out = self.curl('-o', '/dev/null', '-w',
                        '%{http_code} %{redirect_url}', *args)
        status, _, location = out.partition(' ')
        return int(status), location

    def raw_location(self, *args):
        """Location as it stands on the wire."""
        head = self.curl('-D', '-', '-o', '/dev/null', *args)
        lines = [line for line in head.split('\n')
                 if line.lower().startswith('location: ')]
        self.assertEqual(len(lines), 1, head)
        return lines[0][len('Location: '):].rstrip('\r')

    def test_get_keeps_path_and_query(self):
        self.assertEqual(
            self.look(f'http://{sandbox.SERVICE4}/a/b%20c?d=e&f=%2F&g'),
            (302, f'{BASE}/a/b%20c?d=e&f=%2F&g'))

    def test_head(self):
        self.assertEqual(self.look('-I', f'http://{sandbox.SERVICE4}/x'),
                         (302, f'{BASE}/x'))

    def test_other_methods_keep_their_method(self):
        for args in (['-d', 'q=42'], ['-X', 'PUT', '-d', 'q'],
                     ['-X', 'DELETE'], ['-X', 'PATCH', '-d', 'q']):
            self.assertEqual(
                self.look(*args, f'http://{sandbox.SERVICE4}/x'),
                (307, f'{BASE}/x'))

    def test_options_of_the_server(self):
        self.assertEqual(
            self.look('-X', 'OPTIONS', '--request-target', '*',
                      f'http://{sandbox.SERVICE4}/'), (200, ''))

    def test_http_1_0(self):
        self.assertEqual(
            self.look('--http1.0', f'http://{sandbox.SERVICE4}/x'),
            (302, f'{BASE}/x'))

    def test_absolute_form(self):
        self.assertEqual(
            self.look('-x', f'http://{sandbox.SERVICE4}:80',
                      'http://evil.example/x?y'), (302, f'{BASE}/x?y'))

    def test_keep_alive(self):
        url = f'http://{sandbox.SERVICE4}/'
        out = self.curl('-o', '/dev/null', url, '-o', '/dev/null', url,
                        '-o', '/dev/null', url, '-w', '%{num_connects} ')
        self.assertEqual(out, '1 0 0 ')

    def test_paths_that_look_like_another_host(self):
        for path in ('//evil.example/x', '/\\evil.example', '/@evil.example',
                     '///evil.example', '/.evil.example', '/..//evil'):
            url = f'http://{sandbox.SERVICE4}'
            self.assertEqual(
                self.raw_location('--path-as-is', '--request-target', path,
                                  url), BASE + path)

    def test_the_host_header_is_never_used(self):
        self.assertEqual(
            self.look('-H', 'Host: evil.example',
                      f'http://{sandbox.SERVICE4}/x'), (302, f'{BASE}/x'))

    def test_ip6(self):
        self.assertEqual(self.look(f'http://[{sandbox.SERVICE6}]/x'),
                         (302, f'{BASE}/x'))

    def test_expect_100_continue(self):
        self.assertEqual(
            self.look('-H', 'Expect: 100-continue', '-d', 'q' * 3000,
                      f'http://{sandbox.SERVICE4}/x'), (307, f'{BASE}/x'))

    def test_tls(self):
        there = ('--cacert', self.cert, '--resolve',
                 f'sip.example.net:443:{sandbox.SERVICE4}')
        url = 'https://sip.example.net/x?y'
        self.assertEqual(self.look(*there, url), (302, f'{BASE}/x?y'))
        self.assertEqual(self.look(*there, '-d', 'q', url),
                         (307, f'{BASE}/x?y'))
        out = self.curl(*there, '-o', '/dev/null', url, '-o', '/dev/null',
                        url, '-w', '%{num_connects} ')
        self.assertEqual(out, '1 0 ')

    def test_not_a_service_address_is_left_to_the_script(self):
        self.assertEqual(self.look(f'http://{sandbox.NODE4}/x'), (404, ''))

    def test_a_client_that_follows_arrives_at_the_node(self):
        class Node(http.server.BaseHTTPRequestHandler):
            def _answer(self):
                length = int(self.headers.get('Content-Length', 0))
                text = (f'{self.command} {self.path} '.encode()
                        + self.rfile.read(length))
                self.send_response(200)
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            do_GET = do_POST = _answer

            def log_message(self, *_):
                pass
        server = http.server.HTTPServer((sandbox.NODE4, 8000), Node)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            url = f'http://{sandbox.SERVICE4}/a%2Fb?c=d'
            self.assertEqual(self.curl('-L', url), 'GET /a%2Fb?c=d ')
            self.assertEqual(self.curl('-L', '-d', 'q=42', url),
                             'POST /a%2Fb?c=d q=42')
        finally:
            server.shutdown()
            server.server_close()


class Requests(Case):
    """A table of requests, each on a connection of its own."""

    def test_each_has_its_answer(self):
        for what, text, status, path, close in REQUESTS:
            with self.subTest(what), self.connect() as c:
                answer = c.ask(text)
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.location,
                                 BASE + path if path else None)
                self.assertEqual(answer.close, close)
                if close:
                    self.assertIsNone(c.answer())
                else:
                    self.assertEqual(c.ask(GET).status, 302)

    def test_over_tls_it_is_the_same(self):
        for what, text, status, path, _ in REQUESTS:
            with self.subTest(what), self.connect(port=443,
                                                  tls=self.tls) as c:
                answer = c.ask(text)
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.location,
                                 BASE + path if path else None)


class Other302(Case):
    other = '302'

    def test_other_methods_get_302_by_option(self):
        with self.connect() as c:
            self.assertEqual(c.ask(request('DELETE /x HTTP/1.1')).status, 302)


class Connections(Case):
    def test_pipelined_requests_are_answered_in_order(self):
        with self.connect() as c:
            c.send(''.join(f'GET /{i} HTTP/1.1\r\n{HOST}\r\n'
                           for i in range(50)))
            for i in range(50):
                self.assertEqual(c.answer().location, f'{BASE}/{i}')

    def test_a_body_in_the_pipeline_is_not_a_request(self):
        body = 'GET /smuggled HTTP/1.1\r\n' + HOST + '\r\n'
        with self.connect() as c:
            c.send(request('POST /p HTTP/1.1', f'Content-Length: {len(body)}',
                           body=body) + GET)
            self.assertEqual(c.answer().location, f'{BASE}/p')
            self.assertEqual(c.answer().location, f'{BASE}/a?b')

    def test_nothing_behind_a_close_is_answered(self):
        with self.connect() as c:
            c.send(request('GET /1 HTTP/1.1', 'Connection: close') + GET)
            self.assertEqual([a.location for a in c.answers()],
                             [f'{BASE}/1'])

    def test_nothing_behind_an_error_is_answered(self):
        with self.connect() as c:
            c.send('GET nowhere HTTP/1.1\r\n' + HOST + '\r\n' + GET)
            self.assertEqual([a.status for a in c.answers()], [400])

    def test_byte_by_byte(self):
        with self.connect() as c:
            c.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in GET + GET:
                c.send(byte)
            self.assertEqual(c.answer().status, 302)
            self.assertEqual(c.answer().status, 302)

    def test_half_closed_clients_get_their_answer(self):
        with self.connect() as c:
            c.send(GET)
            c.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(c.answer().status, 302)

    def test_60_kB_are_read(self):
        with self.connect() as c:
            answer = c.ask(request('POST /p HTTP/1.1', 'Content-Length: 60000',
                                   body='x' * 60000))
            self.assertEqual(answer.status, 307)
            self.assertEqual(c.ask(GET).status, 302)

    def test_200_kB_are_refused(self):
        for _ in range(5):
            with self.connect() as c:
                c.send(request('POST /p HTTP/1.1', 'Content-Length: 200000'))
                try:
                    c.send('x' * 200000)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                self.assertEqual([a.status for a in c.answers()], [413])
        self.still_answers()

    def test_a_head_beyond_the_buffer_is_refused(self):
        with self.connect() as c:
            try:
                c.send(request('GET / HTTP/1.1', 'X: ' + 'y' * 100000))
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.assertEqual([a.status for a in c.answers()], [431])
        self.still_answers()

    def test_chunked_is_refused(self):
        chunks = '5\r\nhello\r\n0\r\n\r\n'
        with self.connect() as c:
            c.send(request('POST /p HTTP/1.1', 'Transfer-Encoding: chunked',
                           body=chunks) + GET)
            self.assertEqual([a.status for a in c.answers()], [411])

    def test_chunked_beyond_the_buffer_is_refused(self):
        with self.connect() as c:
            try:
                c.send(request('POST /p HTTP/1.1',
                               'Transfer-Encoding: chunked'))
                for _ in range(25):
                    c.send('2000\r\n' + 'x' * 8192 + '\r\n')
            except (BrokenPipeError, ConnectionResetError):
                pass
            statuses = [a.status for a in c.answers()]
            self.assertEqual(len(statuses), 1)
            self.assertIn(statuses[0], (411, 413))
        self.still_answers()

    def test_curl_is_told_that_chunked_is_refused(self):
        """curl sends body and end in one piece, which the reader stalls on."""
        done = subprocess.run(
            ['curl', '-sS', '--max-time', '10', '-o', '/dev/null', '-w',
             '%{http_code}', '-H', 'Transfer-Encoding: chunked', '-d', 'hello',
             f'http://{sandbox.SERVICE4}/x'],
            capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, '411')

    def test_chunked_over_tls_is_refused(self):
        with self.connect(port=443, tls=self.tls) as c:
            c.send(request('POST /p HTTP/1.1', 'Transfer-Encoding: chunked',
                           body='5\r\nhello\r\n0\r\n\r\n'))
            self.assertEqual([a.status for a in c.answers()], [411])

    def test_200_stalled_at_once_are_all_answered(self):
        waiting = [self.connect() for _ in range(200)]
        try:
            for c in waiting:
                c.send(request('POST /p HTTP/1.1',
                               'Transfer-Encoding: chunked',
                               body='1\r\nx\r\n0\r\n\r\n'))
            for c in waiting:
                self.assertEqual([a.status for a in c.answers()], [411])
        finally:
            for c in waiting:
                c.socket.close()

    def test_a_broken_chunk_is_refused(self):
        with self.connect() as c:
            c.send(request('POST /p HTTP/1.1', 'Transfer-Encoding: chunked',
                           body='zz\r\n'))
            statuses = [a.status for a in c.answers()]
            self.assertIn(statuses, ([400], [411]))
        self.still_answers()


class Slow(Case):
    """Clients that take their time cost nobody else any."""

    def assert_prompt(self):
        start = time.monotonic()
        for _ in range(20):
            self.still_answers()
        self.assertLess(time.monotonic() - start, 10)

    def test_half_a_request_and_then_nothing(self):
        waiting = []
        try:
            for i in range(100):
                c = self.connect()
                c.send(GET[:i % len(GET)])
                waiting.append(c)
            self.assert_prompt()
            for i, c in enumerate(waiting):
                self.assertEqual(c.ask(GET[i % len(GET):]).status, 302)
        finally:
            for c in waiting:
                c.socket.close()

    def test_a_body_that_does_not_come(self):
        waiting = []
        try:
            for _ in range(50):
                c = self.connect()
                c.send(request('POST / HTTP/1.1', 'Content-Length: 1000'))
                waiting.append(c)
            self.assert_prompt()
        finally:
            for c in waiting:
                c.socket.close()

    def test_clients_that_never_read(self):
        waiting = []
        try:
            for _ in range(10):
                c = self.connect()
                c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                c.socket.setblocking(False)
                try:
                    # more answers than fit into the buffers between us
                    c.socket.send(GET.encode() * 600)
                except (BlockingIOError, ConnectionError):
                    pass
                waiting.append(c)
            self.assert_prompt()
        finally:
            for c in waiting:
                c.socket.close()

    def test_a_handshake_that_does_not_go_on(self):
        waiting = [self.connect(port=443) for _ in range(20)]
        try:
            for c in waiting[::2]:
                c.send(b'\x16\x03\x01')
            self.assert_prompt()
            with self.connect(port=443, tls=self.tls) as c:
                self.assertEqual(c.ask(GET).status, 302)
        finally:
            for c in waiting:
                c.socket.close()

    def test_resets(self):
        for i in range(100):
            c = self.connect()
            c.send(GET[:i] if i < len(GET) else GET * 3)
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack('ii', 1, 0))
            c.socket.close()
        self.assert_prompt()


class State(Case):
    def location(self):
        with self.connect() as c:
            return c.ask(GET).location

    def until_location(self, want):
        sandbox.until(5, lambda: self.location() == want,
                      f'Location {want}')

    def test_drain_and_resume(self):
        self.assertEqual(self.location(), f'{BASE}/a?b')
        for state in ('draining', 'down', 'disabled'):
            with self.subTest(state):
                self.kamailio.state(f'self fra1 {state}')
                self.until_location(f'{OTHER_BASE}/a?b')
                self.kamailio.state('self fra1 up')
                self.until_location(f'{BASE}/a?b')

    def test_a_connection_sees_the_drain(self):
        with self.connect() as c:
            self.assertEqual(c.ask(GET).location, f'{BASE}/a?b')
            self.kamailio.state('self fra1 draining')
            self.until_location(f'{OTHER_BASE}/a?b')
            self.assertEqual(c.ask(GET).location, f'{OTHER_BASE}/a?b')
            self.kamailio.state('self fra1 up')
            self.until_location(f'{BASE}/a?b')
            self.assertEqual(c.ask(GET).location, f'{BASE}/a?b')

    def test_everyone_down(self):
        with open('/proc/uptime', encoding='ascii') as f:
            now_ms = int(float(f.read().split()[0]) * 1000)
        self.kamailio.state('self fra1 draining')
        self.until_location(f'{OTHER_BASE}/a?b')
        self.kamailio.state('self fra1 down', f'node ams1 down {now_ms}')
        self.until_location(f'{BASE}/a?b')
        self.kamailio.state('self fra1 up')


    def test_a_broken_file_changes_nothing(self):
        self.kamailio.state('self fra1 draining')
        self.until_location(f'{OTHER_BASE}/a?b')
        self.kamailio.state('self fra1 sideways')
        sandbox.until(5, lambda: 'unreadable' in
                      self.kamailio.rpc('anycast.status'), 'it to be seen')
        self.assertEqual(self.location(), f'{OTHER_BASE}/a?b')
        self.kamailio.state('self fra1 up')
        self.until_location(f'{BASE}/a?b')

    def probe(self, *more):
        done = subprocess.run(
            [os.path.join(os.path.dirname(sandbox.module()), '../bin/probehdr'),
             os.path.join(self.kamailio.work, 'site.conf'), 'fra1', '/a?b',
             *more], check=True, capture_output=True, text=True)
        return request('GET /a?b HTTP/1.1', done.stdout.strip())

    def test_a_probe_gets_the_true_answer(self):
        self.kamailio.state('self fra1 down')
        self.until_location(f'{OTHER_BASE}/a?b')
        old = self.probe('-60')
        text = self.probe()
        forged = text[:-5] + ('1' if text[-5] == '0' else '0') + '\r\n\r\n'
        with self.connect() as c:
            self.assertEqual(c.ask(self.probe()).location, f'{BASE}/a?b')
            for text in (old, forged, self.probe().replace('/a?b', '/other')):
                location = c.ask(text).location
                self.assertTrue(location.startswith(OTHER_BASE), location)
        self.kamailio.state('self fra1 up')
        self.until_location(f'{BASE}/a?b')


class OneBase(Case):
    """This node has no content: clients go where there is some."""
    site = SITE.replace(f'http = {BASE}\n', '')

    def test_the_other_node_has_it(self):
        with self.connect() as c:
            self.assertEqual(c.ask(GET).location, f'{OTHER_BASE}/a?b')


class NoBase(Case):
    site = SITE.replace(f'http = {BASE}\n', '').replace(
        f'http = {OTHER_BASE}\n', '')

    def test_without_a_base_it_is_503(self):
        with self.connect() as c:
            answer = c.ask(GET)
            self.assertEqual(answer.status, 503)
            self.assertTrue(answer.headers['retry-after'].isdigit())
            self.assertFalse(answer.close)
            self.assertEqual(c.ask(request('OPTIONS * HTTP/1.1')).status, 503)
            self.assertEqual(c.ask('GET / HTTP/1.1\r\n\r\n').status, 400)


class Data(Case):
    """The requests of llhttp's tests, raw, as one stream each."""

    def test_each_has_its_answers(self):
        folder = sandbox.data('http')
        names = sorted(f[:-5] for f in os.listdir(folder)
                       if f.endswith('.http'))
        self.assertEqual(names, sorted(DATA))
        for name in names:
            with open(f'{folder}/{name}.http', 'rb') as f:
                text = f.read()
            with self.subTest(name), self.connect() as c:
                c.send(text)
                c.socket.shutdown(socket.SHUT_WR)
                self.assertEqual([a.status for a in c.answers()], DATA[name])
            self.still_answers()


if __name__ == '__main__':
    if 'Data' in sys.argv[1:]:
        sandbox.data('http')
    sandbox.enter()
    unittest.main(verbosity=2)
