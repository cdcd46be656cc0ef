"""Two servers on one PostgreSQL and one bucket: what came through one of them is there at both."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import unavailable
from tests.contract import postgresql
from tests.contract.s3 import KEYS, Service
from tests.e2e.lifecycle import Child, until
from tests.registry import Registry
from tests.unit.proxy.bodies import publish_body, tarball

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock
POLICY = 'preset = "recommended"\n[layers.registry]\nown = ["@corp"]\n'


@pytest.fixture
def nodes(tmp_path: Path, registry: Registry, s3: Service) -> Iterator[tuple[Child, Child]]:
    options = ("--blobs", f"s3://{s3.new_bucket()}/files", "--blobs-endpoint", s3.endpoint)
    try:
        with postgresql.running() as cluster:
            address = cluster.new_database().replace("+psycopg", "")
            environment = {**KEYS, "PRATIQUE_DATABASE": address}
            a, b = (
                Child(tmp_path / name, registry.url, POLICY, options, environment)
                for name in ("a", "b")
            )
            with a, b:
                yield a, b
    except postgresql.UnavailableError as error:
        unavailable("postgresql", str(error))


def token(child: Child) -> str:
    command = [
        sys.executable, "-m", "pratique", "token", "create", "--name", "alice", "--publish",
        "--data", str(child.data),
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=dict(child.environment)
    )
    return done.stdout.strip()


def test_what_one_fetched_and_what_was_published_to_it_the_other_gives(
    nodes: tuple[Child, Child], registry: Registry
) -> None:
    a, b = nodes
    registry.publish("left-pad", "1.0.0", published=NOW - timedelta(days=900))
    path = "left-pad/-/left-pad-1.0.0.tgz"
    right = registry.release("left-pad", "1.0.0").bytes
    assert a.ask("left-pad").versions == ["1.0.0"]
    assert a.ask(path).body == right
    registry.forget()
    assert b.ask("left-pad").versions == ["1.0.0"]
    assert b.ask(path).body == right
    assert not registry.requests, "what one node has is fetched again by another one"

    headers = {"authorization": f"Bearer {token(a)}", "content-type": "application/json"}
    assert a.ask("@corp%2ftool", "PUT", body=publish_body(), **headers).status in {200, 201}
    until(lambda: b.ask("@corp%2ftool").status == 200, "it is not known at the other one")
    given = b.ask("@corp/tool/-/tool-1.0.0.tgz")
    assert given.body == tarball("@corp/tool", "1.0.0")
    assert not registry.requests


def test_a_bucket_that_is_not_there_stops_the_start(
    tmp_path: Path, registry: Registry, s3: Service
) -> None:
    options = ("--blobs", "s3://nosuchbucket/x", "--blobs-endpoint", s3.endpoint)
    firewall = Child(tmp_path / "c", registry.url, POLICY, options, KEYS)
    with pytest.raises(AssertionError, match="there is no such bucket"):
        firewall.start()
    firewall.kill()
    assert "Traceback" not in firewall.lines.read_text()
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in firewall.lines.read_text()
