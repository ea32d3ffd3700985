#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line of the health agent, and what it refuses to start with.

usage: startup.py BUILD
"""
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from node import SOURCE, namespace, skip
from waiting import until

OK, WRONG_CALL, WRONG_CONFIG = 0, 64, 78
SITE = """[service]
domain = sip.example.net
address = 192.0.2.53, 2001:db8:53::53
secret = a-secret-of-the-tests-long-enough
tls = yes
dns = yes
[node fra1]
address = 198.51.100.11, 2001:db8:1::11
http = https://fra1.www.example.net
local-as = 64511
neighbor = 198.51.100.1 as 64500
neighbor = 2001:db8:1::1 as 64500
[node ams1]
address = 198.51.100.75
"""
LIMIT = 10


class Program:
    """The agent, each time with another configuration."""

    def __init__(self, build):
        self.path = Path(build, "bin/anycast-health").resolve()
        if not self.path.exists():
            skip(f"there is no {self.path}")
        # pylint: disable=consider-using-with
        self.folder = tempfile.TemporaryDirectory(prefix="anycast-health.")
        self.dir = Path(self.folder.name)
        self.site = self.dir / "site.conf"
        self.file = self.dir / "health-agent.conf"

    def command(self, *words):
        return [self.path, "--config", self.file, "--site", self.site,
                "--node", "fra1", *words]

    def run(self, text, *words, site=SITE):
        """Exit status and all it said.  One that starts although it should not
        is ended by the time limit."""
        self.site.write_text(site)
        self.file.write_text(text)
        done = subprocess.run(self.command(*words), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT,
                              check=False, cwd=self.dir)
        return done.returncode, done.stdout, done.stderr

    def refused(self, status, parts, text, *words, **more):
        """parts: of one line each, in any order"""
        got, out, err = self.run(text, *words, **more)
        assert got == status, f"{text} {words}: exit {got}, {out}{err}"
        for part in parts:
            part = [part] if isinstance(part, str) else part
            assert any(all(word in line for word in part)
                       for line in err.splitlines()), \
                f"{text} {words}: no {part} in {err}"
        assert all(line.startswith("anycast-health: ")
                   for line in err.splitlines()), err
        # stdout is ExaBGP's: nothing that is no command may go there
        assert not out, f"{text} {words}: it says {out}"
        return err.splitlines()


def help_and_version_need_no_configuration(program):
    for word, first in (("--help", r"usage: anycast-health "),
                        ("--version", r"anycast-health \d+\.\d+"),
                        ("--reference", r"\[agent\]\nsite = "),
                        ("--sample", r"# SPDX")):
        done = subprocess.run([program.path, word], capture_output=True,
                              text=True, check=False, cwd="/", timeout=LIMIT)
        assert done.returncode == OK and not done.stderr, f"{word}: {done}"
        assert re.match(first, done.stdout), f"{word}: {done.stdout}"
    shipped = SOURCE / "configs/health-agent/health-agent.conf"
    done = subprocess.run([program.path, "--sample"], capture_output=True,
                          text=True, check=True)
    assert done.stdout == shipped.read_text(), "--sample"


def a_sound_configuration_is_told_in_words(program):
    shipped = (SOURCE / "configs/health-agent/health-agent.conf").read_text()
    in_force = re.sub(r"^;", "", shipped, flags=re.M)
    for text, probes in (("", 19), (shipped, 19), (in_force, 19),
                         ("[probe x]\ntype = rtp\n", 2)):
        status, out, err = program.run(text, "--check-config")
        assert status == OK and not err, f"{text}: {err}"
        lines = out.splitlines()
        assert lines[0] == ("group service: 192.0.2.53/32, "
                            "2001:db8:53::53/128"), out
        assert lines[-1] == "configuration: fine", out
        assert sum(line.startswith("probe ") for line in lines) == probes, out
    assert "bad within 2700ms" in program.run("", "--check-config")[1]
    # and everything of [agent] can be said on the command line
    status, out, err = program.run("[agent]\nfall = 9\n", "--check-config",
                                   "--fall", "1", "--interval=2s")
    assert status == OK and "bad within 2500ms" in out, out + err


def every_error_is_named_at_once(program):
    lines = program.refused(
        WRONG_CONFIG,
        [("health-agent.conf:2:", "[agent] output", "`bgp'",
          "exabgp, kernel or dry-run"),
         ("health-agent.conf:3:", "ouput", "did you mean `output'?"),
         ("health-agent.conf:4:", "[agent] ack-timeout", "`2'", "2s?"),
         ("health-agent.conf:6:", "[probe x] type", "`icmp'", "sip, http"),
         ("health-agent.conf:7:", "[prob y]", "[probe NAME]?"),
         ("health-agent.conf:9:", "[group g] prefix", "10.0.0.0/8?"),
         ("--fall", "`0'", "1 to 100"),
         ("site.conf:2:", "[service] address", "`moon'")],
        "[agent]\noutput = bgp\nouput = kernel\nack-timeout = 2\n"
        "[probe x]\ntype = icmp\n[prob y]\n[group g]\nprefix = 10.1.2.3/8\n",
        "--check-config", "--fall", "0",
        site=SITE.replace("192.0.2.53, 2001:db8:53::53", "moon")
        .replace("domain = sip.example.net\naddress", "address")
        .replace("secret", "domain = sip.example.net\nsecret", 1))
    assert len(lines) == 8, lines


def what_does_not_belong_together_is_named(program):
    for parts, text, words in (
            ([("[group service]", "IPv6", "no probe speaks")],
             "[probe x]\ntype = sip\naddress = 203.0.113.1\n", ()),
            ([("[group b] prefix", "192.0.2.53", "group a already")],
             "[group a]\n[group b]\nprefix = 192.0.2.53\n", ()),
            ([("[group b] prefix", "node ams1", "198.51.100.64/26")],
             "[group a]\n[group b]\nprefix = 198.51.100.64/26\n", ()),
            ([("[probe x] groups", "[group servce]", "`service'?")],
             "[probe x]\ntype = rtp\ngroups = servce\n", ()),
            ([("--timeout", "2s", "longer than interval")], "",
             ("--timeout", "2s"))):
        program.refused(WRONG_CONFIG, parts, text, "--check-config", *words)
        program.refused(WRONG_CONFIG, parts, text, *words)
    # ams1 has no neighbor
    program.site.write_text(SITE)
    program.file.write_text("")
    done = subprocess.run(
        [program.path, "--config", program.file, "--site", program.site,
         "--node", "ams1", "--check-config"], capture_output=True, text=True,
        check=False, timeout=LIMIT)
    assert done.returncode == WRONG_CONFIG, done
    assert "node ams1 has no neighbor of this family" in done.stderr, done


def an_unknown_option_comes_with_the_nearest_one(program):
    program.refused(WRONG_CALL, [("--ouput", "--output?")], "", "--ouput",
                    "kernel")
    program.refused(WRONG_CALL, [("--xyzzyxyzzy", "--help")], "",
                    "--xyzzyxyzzy")
    program.refused(WRONG_CALL, [("--fall", "needs a value")], "", "--fall")


def a_file_that_is_not_there_is_named(program):
    program.site.write_text(SITE)
    for words, missing in ((("--config", "/nowhere.conf"), "/nowhere.conf"),
                           (("--site", "/nowhere.site"), "/nowhere.site")):
        done = subprocess.run([program.path, "--node", "fra1", *words],
                              capture_output=True, text=True, check=False,
                              timeout=LIMIT)
        assert done.returncode == WRONG_CONFIG, done
        assert missing in done.stderr and not done.stdout, done
    done = subprocess.run([program.path, "--site", program.site, "--node",
                           "nosuch", "--config", "/dev/null"],
                          capture_output=True, text=True, check=False,
                          timeout=LIMIT)
    assert done.returncode == WRONG_CONFIG, done
    assert "/dev/null: cannot be read" in done.stderr, done
    assert "has no node nosuch; it has: fra1 ams1" in done.stderr, done


# --- one that runs

RUNNING = """[agent]
output = dry-run
control = {dir}/control.sock
state-dir = {dir}
audit-log = {dir}/audit.log
node-state = {dir}/node.state
interval = 100ms
fast-interval = 20ms
timeout = 100ms
rise = 1
fall = 1
[group service]
hold-down = 0
[probe there]
type = command
command = /usr/bin/test -e {dir}/there
"""


class Running:
    def __init__(self, program, text=RUNNING, site=SITE):
        self.program = program
        self.text = text.format(dir=program.dir)
        program.site.write_text(site)
        program.file.write_text(self.text)
        self.log = open(program.dir / "log", "w+", encoding="utf-8")
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            program.command(), stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=self.log, cwd=program.dir)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.log.close()

    def ask(self, command):
        """The reply; None while there is nobody."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(LIMIT)
            try:
                s.connect(str(self.program.dir / "control.sock"))
                s.sendall(json.dumps({"command": command}).encode() + b"\n")
                reply = b"".join(iter(lambda: s.recv(65536), b""))
            except OSError:
                return None
        return json.loads(reply) if reply else None

    def status(self):
        return self.ask("status")

    def states(self):
        status = self.status() or {"groups": []}
        return {group["state"] for group in status["groups"]}

    def reload(self, text=None, site=SITE):
        self.program.site.write_text(site)
        self.program.file.write_text(self.text if text is None else text)
        self.process.send_signal(signal.SIGHUP)


def a_broken_file_is_refused_while_it_runs(program):
    (program.dir / "there").touch()
    with Running(program) as agent:
        until("up", lambda: agent.states() == {"up"})
        for broken, words in (
                ({"text": "[agent]\nfall = 0\n[probe x]\ntype = y\n"},
                 ("fall", "`0'")),
                ({"site": SITE.replace("198.51.100.11", "moon")},
                 ("[node fra1] address", "`moon'")),
                ({"text": agent.text.replace("[probe there]", "[probe other]")
                  + "failure = none\n"}, ("[probe other] failure", "`none'"))):
            agent.reload(**broken)
            until(f"{words} in its status", lambda: all(
                word in (agent.status() or {"config_error": ""})["config_error"]
                for word in words))    # pylint: disable=cell-var-from-loop
            # all is as it was
            status = agent.status()
            assert [p["name"] for p in status["probes"]] == ["there"], status
            until("it is up", lambda: agent.states() == {"up"})
        # and the probe is still made
        (program.dir / "there").unlink()
        until("down", lambda: agent.states() == {"down"})
        (program.dir / "there").touch()
        until("up again", lambda: agent.states() == {"up"})

        agent.reload(agent.text.replace("[probe there]", "[probe other]"))
        until("the new probe", lambda: [
            p["name"] for p in (agent.status() or {"probes": []})["probes"]]
              == ["other"])
        assert not agent.status()["config_error"], agent.status()
        until("up after all", lambda: agent.states() == {"up"})
        assert agent.process.poll() is None
        agent.process.terminate()
        assert agent.process.wait(LIMIT) == OK, agent.process.returncode


def main():
    namespace()
    program = Program(sys.argv[1])
    for test in (help_and_version_need_no_configuration,
                 a_sound_configuration_is_told_in_words,
                 every_error_is_named_at_once,
                 what_does_not_belong_together_is_named,
                 an_unknown_option_comes_with_the_nearest_one,
                 a_file_that_is_not_there_is_named,
                 a_broken_file_is_refused_while_it_runs):
        test(program)
        print(f"ok: {test.__name__.replace('_', ' ')}", flush=True)


if __name__ == "__main__":
    main()
