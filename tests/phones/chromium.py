# SPDX-License-Identifier: GPL-2.0-or-later
"""chromium.py - a browser without a screen, spoken to by its debugging pipe

Its microphone beeps, nobody is asked for permission.  Messages are JSON, each
ends with a zero byte.
"""
import json
import os
import select
import subprocess
import time

OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
           "--disable-dev-shm-usage", "--disable-extensions",
           "--disable-background-networking", "--disable-sync",
           "--disable-component-update", "--disable-default-apps",
           "--use-fake-device-for-media-stream",
           "--use-fake-ui-for-media-stream",
           "--autoplay-policy=no-user-gesture-required",
           "--remote-debugging-pipe"]


class Browser:
    """words: puts a command line where it is to run; hosts: name -> address;
    keys: of certificates it is to believe (base64 of SHA-256)."""

    def __init__(self, folder, words, hosts, keys):
        folder.mkdir(exist_ok=True)
        rules = ", ".join(f"MAP {name} {to}" for name, to in hosts.items())
        line = ["chromium", *OPTIONS, f"--user-data-dir={folder}/profile",
                f"--host-resolver-rules={rules}",
                f"--ignore-certificate-errors-spki-list={','.join(keys)}",
                "about:blank"]
        theirs, self.writer = os.pipe()
        self.reader, theirs_out = os.pipe()
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                words("bash", "-c", f'exec 3<&{theirs} 4>&{theirs_out} "$@"',
                      "bash", *line),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=(theirs, theirs_out),
                env={**os.environ, "HOME": str(folder)})
        os.close(theirs)
        os.close(theirs_out)
        self.bytes, self.serial, self.said, self.session = b"", 0, [], None
        page = next(target for target in
                    self.ask("Target.getTargets")["targetInfos"]
                    if target["type"] == "page")
        self.session = self.ask("Target.attachToTarget", flatten=True,
                                targetId=page["targetId"])["sessionId"]
        for part in ("Page", "Runtime", "Network"):
            self.ask(f"{part}.enable")

    def ask(self, method, seconds=30, **params):
        self.serial += 1
        message = {"id": self.serial, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + seconds
        while True:
            message = self._next(deadline)
            assert message, f"{method}: no answer\n{self.last_words()}"
            if message.get("id") == self.serial:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            self.said.append(message)

    def _next(self, deadline):
        while b"\0" not in self.bytes:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.reader], [], [], left)[0]:
                return None
            data = os.read(self.reader, 1 << 16)
            assert data, f"the browser has ended\n{self.last_words()}"
            self.bytes += data
        text, _, self.bytes = self.bytes.partition(b"\0")
        return json.loads(text)

    def last_words(self):
        return self.log.read_text(errors="replace")[-2000:]

    def open(self, url):
        """The URL the page has come from at last."""
        result = self.ask("Page.navigate", url=url)
        assert not result.get("errorText"), (url, result["errorText"])
        while self.run("document.readyState") != "complete":
            time.sleep(0.02)
        return self.run("location.href")

    def run(self, script, seconds=30):
        """The value of an expression in the page; promises are waited for."""
        result = self.ask("Runtime.evaluate", seconds, expression=script,
                          awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, \
            (script, result["exceptionDetails"])
        return result["result"].get("value")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self.writer)
        os.close(self.reader)
