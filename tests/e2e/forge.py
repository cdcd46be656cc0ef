"""A git forge on the loopback address: one repository, served as plain files."""

from __future__ import annotations

import os
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's name)
        pass


class Forge:
    """Serves `FOLDER/NAME.git`, an installable package of one commit, while it runs."""

    def __init__(self, folder: Path, name: str) -> None:
        self._name = name
        work, bare = folder / "work", folder / f"{name}.git"
        work.mkdir(parents=True)
        (work / "package.json").write_text(f'{{"name": "{name}", "version": "1.0.0"}}\n')
        (work / "index.js").write_text("module.exports = 1;\n")
        _git(work, "init", "-q", "-b", "main")
        _git(work, "add", "-A")
        _git(work, "commit", "-q", "-m", "c")
        _git(folder, "clone", "-q", "--bare", str(work), str(bare))
        _git(bare, "update-server-info")
        handler = partial(_Quiet, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def dependency(self) -> str:
        """As a manifest asks for it."""
        return f"git+http://127.0.0.1:{self._server.server_port}/{self._name}.git"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@mail.example")
    subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    )  # fmt: skip
