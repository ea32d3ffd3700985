# SPDX-License-Identifier: GPL-2.0-or-later
"""A place of its own for a test: namespaces, a work folder, a Kamailio.

enter() runs the test again inside fresh network, mount and pid namespaces, so
every test may use the same addresses and ports, and nothing it starts can
outlive it.  Exit codes: 0 passed, 1 failed, 4 skipped.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROJECT = os.path.abspath(os.path.join(os.path.dirname(__file__), '../..'))
SKIP = 4

SERVICE4 = '192.0.2.53'
SERVICE6 = '2001:db8::10'      # the one RFC 5118 sends its requests to
NODE4 = '198.51.100.11'
NODE6 = '2001:db8:1::11'
OTHER4 = '198.51.100.12'
OTHER6 = '2001:db8:1::12'
CLIENTS4 = '203.0.113.'        # each test case has a source address of its own
CLIENTS6 = '2001:db8:c::'


def skip(why):
    print(f'SKIPPED: {why}', flush=True)
    sys.exit(SKIP)


def data(folder):
    """A folder of the third-party test data, or skip."""
    top = os.environ.get('SIP_ANYCAST_DATA',
                         os.path.join(PROJECT, '../shared/data'))
    path = os.path.join(top, folder)
    if not os.path.isdir(path):
        skip(f'{path} is not there; SIP_ANYCAST_DATA names the folder of '
             'test data')
    return path


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def enter():
    """Go on inside namespaces of our own, with every address on lo."""
    if not os.environ.get('SANDBOX_INSIDE'):
        if os.geteuid() != 0:
            skip('needs root for its namespaces')
        os.environ['SANDBOX_INSIDE'] = '1'
        os.execvp('unshare', ['unshare', '--net', '--mount', '--pid', '--fork',
                              '--kill-child', '--mount-proc', sys.executable,
                              *sys.argv])
    # a local route lets IPv4 sockets bind, IPv6 ones need to be told
    for name, value in (('conf/all/disable_ipv6', '0'),
                        ('ip_nonlocal_bind', '1')):
        with open(f'/proc/sys/net/ipv6/{name}', 'w', encoding='ascii') as f:
            f.write(value)
    run('ip', 'link', 'set', 'lo', 'up')
    for net in (SERVICE4, NODE4, OTHER4, CLIENTS4 + '0/24'):
        run('ip', 'route', 'add', 'local', net, 'dev', 'lo')
    for net in (SERVICE6, NODE6, OTHER6, CLIENTS6 + '/64'):
        run('ip', '-6', 'route', 'add', 'local', net, 'dev', 'lo')


def module():
    """The anycast.so to test: SIP_TEST_BUILD's, else the newest."""
    build = os.environ.get('SIP_TEST_BUILD')
    if not build:
        top = os.path.join(PROJECT, 'build')
        builds = [os.path.join(top, b) for b in
                  (os.listdir(top) if os.path.isdir(top) else [])]
        builds = [b for b in builds
                  if os.path.exists(os.path.join(b, 'lib/anycast.so'))]
        if not builds:
            sys.exit('no build has lib/anycast.so; set SIP_TEST_BUILD')
        build = max(builds, key=lambda b: os.path.getmtime(
            os.path.join(b, 'lib/anycast.so')))
    path = os.path.join(build, 'lib/anycast.so')
    if not os.path.exists(path):
        sys.exit(f'{path} is not there')
    return os.path.abspath(path)


def until(seconds, condition, what):
    """Poll condition until it is true; its value.  Raises after seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f'gave up waiting for {what}')
        time.sleep(0.02)


def faults_in(log, process):
    """What must not stand in a log, and must not have happened."""
    found = [line for line in log.splitlines()
             if 'CRITICAL' in line or 'BUG' in line
             or 'exited by a signal' in line]
    if process and process.poll() is not None:
        found.append(f'Kamailio has ended: {process.returncode}')
    return found


class Kamailio:
    """One Kamailio with the module, configured from a template of the test.

    site: the lines of the site file.  In the template @MODULE@, @SITE@,
    @STATE@, @WORK@ and each of the keywords stand for their values.
    """

    def __init__(self, template, site, **values):
        self.work = tempfile.mkdtemp(prefix='anycast-test.')
        self.log_path = os.path.join(self.work, 'log')
        self.state_path = os.path.join(self.work, 'node.state')
        self.ctl = os.path.join(self.work, 'ctl')
        self.cfg = os.path.join(self.work, 'kamailio.cfg')
        self.process = None
        self._write('secret', 'the secret of these tests, long enough\n')
        self._write('site.conf', site)
        with open(template, encoding='utf-8') as f:
            text = f.read()
        values = {'MODULE': module(), 'WORK': self.work,
                  'SITE': os.path.join(self.work, 'site.conf'),
                  'STATE': self.state_path, 'CTL': self.ctl, **values}
        for name, value in values.items():
            text = text.replace(f'@{name}@', str(value))
        self._write('kamailio.cfg', text)

    def _write(self, name, text):
        with open(os.path.join(self.work, name), 'w', encoding='utf-8') as f:
            f.write(text)

    def start(self, answers):
        """Start; return when answers() is true."""
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(
                ['kamailio', '-DD', '-E', '-m', '64', '-M', '8',
                 '-x', 'fm', '-X', 'fm', '-f', self.cfg,
                 '-Y', self.work, '-w', self.work,
                 '-P', os.path.join(self.work, 'pid')],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)

        def up():
            if self.process.poll() is not None:
                raise RuntimeError('Kamailio does not start')
            return answers()
        until(20, up, 'Kamailio to answer')

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as f:
            return f.read()

    def rpc(self, *command):
        done = subprocess.run(['kamcmd', '-s', f'unix:{self.ctl}', *command],
                              capture_output=True, text=True, check=False,
                              timeout=10, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f'{command}: {done.stdout}{done.stderr}')
        return done.stdout

    def state(self, *lines):
        """Write the node state file as the agent would: atomically."""
        self._write('node.state.new', 'sip-anycast-state 1\n'
                    + ''.join(f'{line}\n' for line in lines))
        os.rename(self.state_path + '.new', self.state_path)

    def faults(self):
        return faults_in(self.log(), self.process)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def clean(self, keep):
        if keep:
            print(f'logs: {self.work}')
        else:
            shutil.rmtree(self.work, ignore_errors=True)
