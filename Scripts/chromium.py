"""A headless Chromium, driven over a pipe by its own protocol: no package is needed."""
import base64
import json
import os
import select
import subprocess
import tempfile
import time

KEYS = {"Enter": ("\r", 13), "Tab": ("", 9), "Escape": ("", 27), "ArrowRight": ("", 39),
        "ArrowLeft": ("", 37), " ": (" ", 32)}
SHIFT = 8


class Chromium:
    """One browser with one page; `wrong` collects what its console complains of."""

    def __init__(self, program="chromium"):
        self.folder = tempfile.TemporaryDirectory()
        read, their_write = os.pipe()
        their_read, write = os.pipe()
        arguments = [program, "--headless=new", "--no-sandbox", "--disable-gpu",
                     "--remote-debugging-pipe", f"--user-data-dir={self.folder.name}"]
        # The protocol's ends are descriptors 3 and 4 there.
        shell = f'exec "$@" 3<&{their_read} 4>&{their_write}'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *arguments], pass_fds=(their_read, their_write),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(their_read)
        os.close(their_write)
        self.read, self.write = read, write
        self.number, self.rest, self.session, self.wrong = 0, b"", None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(part + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def _message(self, deadline):
        while b"\0" not in self.rest:
            if not select.select([self.read], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("Chromium did not answer")
            got = os.read(self.read, 1 << 16)
            if not got:
                raise ConnectionError("Chromium ended")
            self.rest += got
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def _note(self, message):
        found = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            detail = found["exceptionDetails"]
            self.wrong.append(detail.get("exception", {}).get("description", detail["text"]))
        if message.get("method") == "Runtime.consoleAPICalled" and found["type"] in (
            "error", "warning"):
            self.wrong.append(str([a.get("value") for a in found["args"]]))
        if message.get("method") == "Log.entryAdded" and found["entry"]["level"] == "error":
            self.wrong.append(found["entry"]["text"] + " " + found["entry"].get("url", ""))

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 60
        while True:
            answer = self._message(deadline)
            if answer.get("id") != self.number:
                self._note(answer)
                continue
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            return answer["result"]

    def open(self, address):
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def run(self, script):
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                          awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def wait(self, script, seconds=60):
        """Waits for an expression to hold; says which where it does not."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            if time.monotonic() > end:
                raise TimeoutError(f"never came true: {script}")
            time.sleep(0.02)
        return value

    def type(self, text):
        self.call("Input.insertText", text=text)

    def press(self, key, modifiers=0):
        text, code = KEYS[key]
        event = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def size(self, width, height, scale=1, is_phone=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=is_phone)

    def media(self, **features):
        """prefers_color_scheme="dark", prefers_reduced_motion="reduce"; none: as it was."""
        listed = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.call("Emulation.setEmulatedMedia", features=listed)

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
