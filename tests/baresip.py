# SPDX-License-Identifier: GPL-2.0-or-later
"""baresip.py - a real phone without a sound card, driven on its standard input

It sends a tone, hears without playing, and answers by itself.
"""
import glob
import re
import struct
import subprocess
import time

from waiting import ended


def modules():
    """Where its modules are, "" if nowhere."""
    found = glob.glob("/usr/lib/baresip/modules") \
        + glob.glob("/usr/lib/*/baresip/modules")
    return found[0] if found else ""


def write_tone(path):
    """A minute of 400 Hz: 16 bit, mono, 8000 samples a second."""
    samples = (struct.pack("<h", 8000) * 10 + struct.pack("<h", -8000) * 10)
    data = samples * 400 * 60
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
        + b"data" + struct.pack("<I", len(data)) + data)


class Baresip:
    """folder: for its files; server: where it registers, HOST[:PORT]; address:
    its own; words: puts a command line where it is to run; account: further
    parameters of its account; extra: further modules; config: further lines;
    regint: seconds between two REGISTERs; tone: writes what it plays."""

    def __init__(self, folder, user, password, server, *, address="127.0.0.1",
                 words=None, account="", extra=(), config="", regint=60,
                 tone=write_tone):
        self.dir, self.user = folder, user
        self.dir.mkdir(exist_ok=True)
        self.log = self.dir / "log"
        played = self.dir / "tone.wav"
        tone(played)
        (self.dir / "accounts").write_text(
            f"<sip:{user}@{server}>;auth_pass={password};regint={regint};"
            f"answermode=auto;sip_autoredirect=yes{account}\n")
        (self.dir / "contacts").write_text("")
        (self.dir / "config").write_text(
            f"module_path {modules()}\nnet_interface {address}\n"
            f"audio_source aufile,{played}\naudio_player none\n"
            "ringback_disabled yes\n" + config
            + "module stdio.so\nmodule g711.so\nmodule aufile.so\n"
            + "".join(f"module {name}.so\n" for name in extra)
            + "module_tmp uuid.so\nmodule_tmp account.so\n"
            "module_app menu.so\n")
        line = ["baresip", "-f", str(self.dir)]
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                words(*line) if words else line, stdin=subprocess.PIPE,
                stdout=log, stderr=subprocess.STDOUT)
        self.wait("registered successfully")

    def wait(self, text, seconds=15, after=0):
        """It has said this, behind the first `after' characters."""
        deadline = time.monotonic() + seconds
        while text not in self.said()[after:]:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, \
                f"{self.dir.name}: no `{text}':\n{self.said()}"
            time.sleep(0.05)

    def said(self):
        """But for its meter, which ticks ten times a second."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return re.sub(r"(?m)^\r?\[\d+:\d\d:\d\d\] +audio=.*\n\n?", "", text)

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        ended(self.process)
        self.process.stdin.close()
