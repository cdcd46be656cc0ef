"""A headless Chromium that is watched: its requests, its console, its dialogs.

It is spoken to over a pipe (Chrome DevTools Protocol, tip-of-tree, `--remote-debugging-pipe`: the
browser reads descriptor 3 and writes 4, messages are JSON and end in NUL). All that it would fetch
goes to a proxy on the loopback address that counts and refuses.
"""

from __future__ import annotations

import base64
import json
import os
import re
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.e2e.counting import Counting

PATIENCE = 60.0
"""Seconds that one answer may take: a limit for a browser that hangs, never measured."""
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_RESERVED = re.compile(
    r"^(?:\w+://)?(?:[\w.-]*\.?(?:invalid|example|test|localhost)\b|[0-9.:]{7,})"
)
_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--proxy-bypass-list=<-loopback>",
)


def chromium() -> str | None:
    """Where Chromium is installed."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


class Browser:
    """One browser process."""

    def __init__(self, program: str, home: Path, proxy: Counting) -> None:
        self.proxy = proxy
        self.events: list[dict[str, Any]] = []
        self._rest = b""
        self._number = 0
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        flags = [*_FLAGS, f"--proxy-server=127.0.0.1:{proxy.port}", f"--user-data-dir={home}"]
        flags += ["--no-sandbox"] if os.geteuid() == 0 else []
        ways = f'exec "$@" 3<&{to_read} 4>&{to_write}'
        self._process = subprocess.Popen(
            ["bash", "-c", ways, "bash", program, *flags, "about:blank"],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"HOME": str(home), "PATH": os.environ["PATH"]},
        )
        os.close(to_read)
        os.close(to_write)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        try:
            self.ask("Browser.close")
            self._process.wait(PATIENCE)
        except (OSError, TimeoutError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def ask(self, method: str, session: str = "", **parameters: Any) -> Any:
        """The answer to one message; events that come before it are kept."""
        number = self._send(method, session, parameters)
        while True:
            answer = self.next()
            if answer.get("id") != number:
                self._keep(answer)
            elif "error" in answer:
                raise OSError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def until(self, method: str) -> None:
        """Wait for an event, unless it has come."""
        while not any(event.get("method") == method for event in self.events):
            self._keep(self.next())

    def _send(self, method: str, session: str, parameters: dict[str, Any]) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        return self._number

    def _keep(self, event: dict[str, Any]) -> None:
        """Keep an event; a dialog, which would hold up its page, is closed."""
        self.events.append(event)
        if event.get("method") == "Page.javascriptDialogOpening":
            self._send("Page.handleJavaScriptDialog", event["sessionId"], {"accept": True})

    def next(self) -> dict[str, Any]:
        """The next message of the browser."""
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise OSError("the browser has ended")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        read: dict[str, Any] = json.loads(message)
        return read


@contextmanager
def browser(program: str) -> Iterator[Browser]:
    """A browser with a home of its own."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        Counting() as proxy,
        Browser(program, Path(home), proxy) as made,
    ):
        yield made


class Visit:
    """One page that was opened, and what it did."""

    def __init__(self, of: Browser, address: str, width: int = 1280, height: int = 900) -> None:
        self._browser = of
        of.proxy.asked.clear()
        self._target = of.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = of.ask("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Security"):
            self.ask(f"{domain}.enable")
        self.resize(width, height)
        of.events.clear()
        self.ask("Page.navigate", url=address)
        of.until("Page.loadEventFired")
        # What a page begins while it loads has been asked for when two frames have been drawn.
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def close(self) -> None:
        self._browser.ask("Target.closeTarget", targetId=self._target)

    def ask(self, method: str, **parameters: Any) -> Any:
        return self._browser.ask(method, self._session, **parameters)

    def resize(self, width: int, height: int) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def run(self, expression: str) -> Any:
        """The value of an expression on the page; promises are awaited."""
        answer = self.ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """One key, down and up."""
        for kind in ("rawKeyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
            )

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    @property
    def requested(self) -> list[str]:
        """Addresses that the page asked for."""
        sent = self._events("Network.requestWillBeSent")
        return [each["request"]["url"] for each in sent]

    @property
    def said(self) -> list[str]:
        """What stands in the console, and what scripts threw."""
        logged = [str(each["entry"]["text"]) for each in self._events("Log.entryAdded")]
        logged += [str(each["args"]) for each in self._events("Runtime.consoleAPICalled")]
        thrown = self._events("Runtime.exceptionThrown")
        return logged + [str(each["exceptionDetails"]["text"]) for each in thrown]

    @property
    def scripts(self) -> list[str]:
        """What began to run or asked for a person: dialogs that were opened."""
        return [str(each["message"]) for each in self._events("Page.javascriptDialogOpening")]

    @property
    def proxy_lines(self) -> list[str]:
        """What reached the proxy for a reserved name (RFC 2606): the page's doing.

        A browser has business of its own, with real names, that no flag silences for good.
        """
        asked = self._browser.proxy.asked
        return [line for line in asked if _RESERVED.search(line.partition(" ")[2])]

    def _events(self, method: str) -> list[dict[str, Any]]:
        return [each["params"] for each in self._browser.events if each.get("method") == method]
