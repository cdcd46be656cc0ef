"""Schemathesis over the firewall's own openapi.json, against a server that is running.

`python -m tests.e2e.fuzzing_api SECONDS` runs it for so long: `make fuzz-api`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from tests.e2e.lifecycle import Child
from tests.registry import Registry
from tests.unit.proxy.bodies import publish_body

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock
POLICY = 'preset = "recommended"\n[layers.registry]\nown = ["@corp", "left-widget"]\n'
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
# An upstream's failure is passed on; a failure of our own is one.
CONFIGURATION = """[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "501", "502"]
"""
OPTIONS = ("--login-limit", "0", "--publish-limit", "0", "--wait", "1 second")


def token(child: Child) -> str:
    """One that may do everything."""
    command = [
        sys.executable, "-m", "pratique", "token", "create", "--name", "alice", "--publish",
        "--data", str(child.data),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def fuzzed(folder: Path, *words: str) -> str:
    """Run it with a token and without; what it said, empty where it found nothing.

    Args:
        folder: Where the firewall lies.
        words: Further options of schemathesis: how long, how much.
    """
    said = []
    with Registry() as registry:
        registry.publish("right-pad", "1.0.0", published=NOW - timedelta(days=900))
        registry.publish("right-pad", "1.0.1", published=NOW - timedelta(hours=1))
        with Child(folder, registry.url, POLICY, OPTIONS) as firewall:
            headers = {"authorization": f"Bearer {token(firewall)}"}
            for name in ("left-widget", "@corp%2ftool"):
                body = publish_body(name.replace("%2f", "/"))
                assert firewall.ask(name, "PUT", body=body, **headers).status in {200, 201}
            for header in (["--header", f"Authorization: {headers['authorization']}"], []):
                done = _run(folder, firewall, *words, *header)
                said += [] if done.returncode == 0 else [done.stdout[-20_000:] + done.stderr]
            assert firewall.ask("-/ready").status == 200
        assert firewall.log("verify").returncode == 0
        assert "Traceback" not in firewall.lines.read_text()
    return "\n".join(said)


def _run(folder: Path, firewall: Child, *words: str) -> subprocess.CompletedProcess[str]:
    document = files("pratique") / "schemas/openapi.json"
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run",
        str(document), "--url",
        f"http://127.0.0.1:{firewall.port}", "--checks", CHECKS, "--seed", "4",
        "--suppress-health-check", "all",
        "--warnings", "off", "--no-color", "--generation-database", "none",
        "--continue-on-failure", *words,
    ]  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "COLUMNS": "100"}
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=folder, check=False
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        seconds = str(int(sys.argv[1]) // 2)
        phases = ("--phases", "examples,coverage,fuzzing")
        found = fuzzed(Path(made) / "firewall", *phases, "--max-time", seconds)
    print(found or "nothing was found")
    raise SystemExit(bool(found))
