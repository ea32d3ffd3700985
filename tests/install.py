#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`cmake --install' over a node that has been configured: what an operator has
edited is kept.

usage: install.py BUILD
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from units import stage

FILES = ["kamailio/kamailio.cfg", "kamailio/redirect-only.cfg", "tls.cfg",
         "rtp-pinner.conf", "health-agent.conf"]


def again(folder):
    return subprocess.run(
        ["cmake", "--install", folder / "build", "--component", "configs"],
        check=True, capture_output=True, text=True,
        env={**os.environ, "DESTDIR": str(folder / "root")}).stdout


def tell(folder):
    root = stage(folder)
    etc, copies = root / "etc/sip-anycast", root / "usr/share/sip-anycast/etc"
    new = {}
    for name in FILES:
        assert (etc / name).stat().st_mode & 0o777 == 0o644, name
        new[name] = (etc / name).read_text()
        assert (copies / Path(name).name).read_text() == new[name], name
    # edited, and the project has nothing new
    (etc / "health-agent.conf").write_text("[agent]\n")
    # not edited, and the project has something new
    for path in (etc / "rtp-pinner.conf", copies / "rtp-pinner.conf"):
        path.write_text("# an older one\n")
    # both
    (etc / "tls.cfg").write_text("# edited\n")
    (copies / "tls.cfg").write_text("# an older one\n")
    said = again(folder)
    assert (etc / "health-agent.conf").read_text() == "[agent]\n"
    assert not (etc / "health-agent.conf.new").exists()
    assert (etc / "rtp-pinner.conf").read_text() == new["rtp-pinner.conf"]
    assert (etc / "tls.cfg").read_text() == "# edited\n"
    assert (etc / "tls.cfg.new").read_text() == new["tls.cfg"]
    assert f"left alone; see: {etc}/tls.cfg.new" in said, said
    # once it has been taken over there is nothing to see
    (etc / "tls.cfg.new").rename(etc / "tls.cfg")
    again(folder)
    assert sorted(path.name for path in etc.iterdir()) == [
        "health-agent.conf", "kamailio", "rtp-pinner.conf", "tls.cfg"]


def main():
    folder = Path(tempfile.mkdtemp(prefix="anycast-install."))
    try:
        tell(folder)
        print("ok: what an operator has edited is kept")
    except AssertionError as error:
        print(f"not ok: {error}", file=sys.stderr)
        sys.exit(1)
    finally:
        shutil.rmtree(folder)


main()
