#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line of the pinner, and what it refuses to start with.

usage: startup.py BUILD
"""
import re
import signal
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from ng import Ng
from node import namespace
from relay import Relay

HERE = ("127.0.0.1", 2223)
OK, WRONG_CALL, WRONG_CONFIG = 0, 64, 78
SERVICE, NODE = "192.0.2.53", "127.0.53.11"


class Program:
    """The daemon, each time with another configuration."""

    def __init__(self, build):
        self.relay = Relay("rtp-pinner", build, media=[NODE], service=SERVICE)
        self.base = self.relay.dir

    def run(self, *words, site=None, **settings):
        """Exit status and all it said; keys have _ for -.  One that starts
        although it should not is ended by the time limit."""
        self.relay.settings = {key.replace("_", "-"): value
                               for key, value in settings.items()}
        command = self.relay.command()      # writes both files
        if site is not None:
            (self.base / "site.conf").write_text(site)
        done = subprocess.run(command + list(words), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=10,
                              check=False, cwd=self.base)
        return done.returncode, done.stdout, done.stderr

    def refused(self, status, texts, *words, **more):
        got, out, err = self.run(*words, **more)
        assert got == status, f"{words} {more}: exit {got}, {out}{err}"
        lines = err.splitlines()
        for text in texts:
            assert any(text in line if isinstance(text, str)
                       else all(word in line for word in text)
                       for line in lines), f"{words} {more}: no {text} in {err}"
        assert not out, f"{words} {more}: it says {out}"
        return lines


def help_and_version_need_no_configuration(program):
    for word, first in (("--help", r"usage: rtp-pinner "),
                        ("--version", r"rtp-pinner \d+\.\d+"),
                        ("--reference", r"site = "), ("--sample", r"# SPDX")):
        done = subprocess.run([program.relay.path, word], capture_output=True,
                              text=True, check=False, cwd="/", timeout=10)
        assert done.returncode == OK and not done.stderr, f"{word}: {done}"
        assert re.match(first, done.stdout), f"{word}: {done.stdout}"
    done = subprocess.run([program.relay.path, "--help"], capture_output=True,
                          text=True, check=True)
    keys = set(re.findall(r"^  --([\w-]+)", done.stdout, re.M))
    assert {"listen", "allow", "media-address", "trusted-proxies", "gate",
            "relay", "max-sessions", "metrics", "node-state"} <= keys, keys


def a_sound_configuration_is_said_to_be_sound(program):
    status, _, err = program.run("--check-config")
    assert status == OK, err
    # and everything can be said on the command line
    status, _, err = program.run("--check-config", "--delete-delay", "5s",
                                 "--gate=learn", gate="strict")
    assert status == OK, err


def every_error_is_named_at_once(program):
    lines = program.refused(
        WRONG_CONFIG,
        [("rtp-pinner.conf", "port-min", "`70000'", "1024", "65534"),
         ("rtp-pinner.conf", "relay", "`fast'", "auto, range or sockets"),
         ("rtp-pinner.conf", "delete-delay", "`30'", "30s?"),
         ("rtp-pinner.conf", "allow", "`moon'"),
         ("rtp-pinner.conf", "listn", "listen"),
         ("rtp-pinner.conf", "dscp", "`64'", "63"),
         ("rtp-pinner.conf", "trusted-proxies", "10.0.0.0/8?")],
        "--check-config", port_min="70000", relay="fast", delete_delay="30",
        allow="moon", listn="127.0.0.1:1", dscp="64",
        trusted_proxies="10.1.2.3/8")
    numbers = [int(n) for n in re.findall(r"rtp-pinner\.conf:(\d+)",
                                          "\n".join(lines))]
    assert len(numbers) >= 7, lines


def an_unknown_key_comes_with_the_nearest_one(program):
    program.refused(WRONG_CALL, [("--delete-dlay", "--delete-delay?")],
                    "--delete-dlay", "5s")
    program.refused(WRONG_CALL, [("--xyzzyxyzzy", "--help")], "--xyzzyxyzzy")
    program.refused(WRONG_CONFIG, [("media-adress", "media-address")],
                    media_adress=NODE)


def a_file_that_is_not_there_is_named(program):
    done = subprocess.run(
        [program.relay.path, "--config", "/nowhere.conf"], timeout=10,
        capture_output=True, text=True, check=False)
    assert done.returncode == WRONG_CONFIG and "/nowhere.conf" in done.stderr
    program.refused(WRONG_CONFIG, ["/nowhere.site"], "--site", "/nowhere.site")
    program.refused(WRONG_CONFIG, ["nosuchnode"], node="nosuchnode")


def a_service_address_is_no_media_address(program):
    for more in ({"media_address": SERVICE},
                 {"media_address": f"{NODE}!{SERVICE}"}):
        for words in ([], ["--check-config"]):
            program.refused(WRONG_CONFIG,
                            [("media-address", SERVICE, "service address",
                              "node's own address")], *words, **more)
    # nor for control
    program.refused(WRONG_CONFIG, [("listen", SERVICE)],
                    listen=f"{SERVICE}:2223")


def the_media_address_is_this_machines(program):
    program.refused(WRONG_CONFIG, [("media-address", "198.51.100.77")],
                    media_address="198.51.100.77")
    for address in ("0.0.0.0", "224.0.0.1", "255.255.255.255", "moon"):
        program.refused(WRONG_CONFIG, [("media-address", f"`{address}'")],
                        media_address=address)


def a_second_instance_is_refused(program):
    with Relay("rtp-pinner", sys.argv[1], media=[NODE]) as first:
        status, _, err = program.run(state_dir=first.dir / "state",
                                     listen="127.0.0.1:2225")
        assert status not in (OK, WRONG_CALL), err
        assert str(first.dir / "state") in err, err
        assert re.search(r"another|already|instance", err), err
        assert first.ng.ok("ping")
        # nor the same socket for control
        status, _, err = program.run(port_min=31000, port_max=31399)
        assert status not in (OK, WRONG_CALL), err
        assert "127.0.0.1:2223" in err, err
        assert first.ng.ok("ping")


def it_ends_when_told_and_starts_again(program):
    for _ in range(2):
        with Relay("rtp-pinner", sys.argv[1], media=[NODE]) as relay:
            assert relay.ng.ok("ping")
            assert relay.stop() == OK, relay.log()


def it_outlives_the_reader_of_its_log(_):
    relay = Relay("rtp-pinner", sys.argv[1], media=[NODE])
    with subprocess.Popen(relay.command(), stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, cwd=relay.dir) as daemon:
        try:
            client = Ng(HERE, timeout=0.1, tries=100)
            assert client.ok("ping")
            daemon.stderr.close()
            # nobody hears what these say
            daemon.send_signal(signal.SIGHUP)
            assert client.ok("drain") and client.ok("undrain")
            daemon.terminate()
            assert daemon.wait(10) == OK
            client.close()
        finally:
            daemon.kill()
            relay.remove()


def main():
    namespace()
    program = Program(sys.argv[1])
    try:
        for test in (help_and_version_need_no_configuration,
                     a_sound_configuration_is_said_to_be_sound,
                     every_error_is_named_at_once,
                     an_unknown_key_comes_with_the_nearest_one,
                     a_file_that_is_not_there_is_named,
                     a_service_address_is_no_media_address,
                     the_media_address_is_this_machines,
                     a_second_instance_is_refused,
                     it_ends_when_told_and_starts_again,
                     it_outlives_the_reader_of_its_log):
            test(program)
            print(f"ok: {test.__name__.replace('_', ' ')}", flush=True)
    finally:
        program.relay.remove()


main()
