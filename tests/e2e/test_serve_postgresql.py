"""Two servers on one PostgreSQL: one log, and what one of them decided holds for the other."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from tests.conftest import unavailable
from tests.contract import postgresql
from tests.e2e.lifecycle import Child, until
from tests.forge import Forge
from tests.forge.serving import publish as attested
from tests.forge.serving import registry_of
from tests.registry import Registry
from tests.trusting import trust

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgresql.Cluster]:
    try:
        context = postgresql.running()
        found = context.__enter__()
    except postgresql.UnavailableError as error:
        unavailable("postgresql", str(error))
        raise
    yield found
    context.__exit__(None, None, None)


@pytest.fixture
def database(cluster: postgresql.Cluster) -> str:
    return cluster.new_database().replace("postgresql+psycopg://", "postgresql://")


def node(folder: Path, registry: Registry, database: str, **more: str) -> Child:
    """A server with a folder of its own; the address stands in its environment."""
    return Child(folder, registry.url, environment={"PRATIQUE_DATABASE": database, **more})


def publish(registry: Registry, name: str) -> None:
    """An old release, one that has to be read before it may be seen, and a young one."""
    for version, days in (("1.0.0", 900), ("1.0.1", 20), ("1.0.2", 0.1)):
        registry.publish(name, version, published=NOW - timedelta(days=days))


def token(child: Child, *words: str) -> str:
    command = [sys.executable, "-m", "pratique", "token", *words, "--data", str(child.data)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=dict(child.environment)
    )
    return done.stdout.strip()


def test_what_one_decides_reads_and_admits_the_other_knows(
    tmp_path: Path, registry: Registry, database: str
) -> None:
    publish(registry, "left-pad")
    young = "left-pad/-/left-pad-1.0.2.tgz"
    with (
        node(tmp_path / "a", registry, database) as a,
        node(tmp_path / "b", registry, database) as b,
    ):
        assert not (a.data / "firewall.sqlite").exists()
        assert a.ask("left-pad").versions == ["1.0.0", "1.0.1"]
        refused = a.ask(young).json()["decision"]
        told = b.ask(f"-/pratique/decisions/{refused}")
        assert (told.status, told.json()["version"]) == (200, "1.0.2")
        assert b.ask("left-pad").json() == a_as_b(a.ask("left-pad").json(), a.port, b.port)
        assert b.ask(young).json()["decision"] == refused
        given = b.ask("left-pad/-/left-pad-1.0.1.tgz")
        assert given.body == registry.release("left-pad", "1.0.1").tarball
    engine = create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        tries = connection.execute(text("SELECT version, attempts FROM jobs")).all()
    engine.dispose()
    # Either may have read it, as whoever is idle takes what waits; none has read it again.
    assert sorted(map(tuple, tries)) == [("1.0.0", 1), ("1.0.1", 1)]


def a_as_b(document: object, a: int, b: int) -> object:
    """The same document under the other one's address."""
    return json.loads(json.dumps(document).replace(f":{a}/", f":{b}/"))


def test_evidence_that_one_verified_the_other_does_not_ask_for(
    tmp_path: Path, database: str
) -> None:
    forge = Forge()
    endpoint = "-/npm/v1/attestations/*"
    with registry_of(forge) as registry:
        for version, days in (("1.0.0", 40), ("1.0.1", 20)):
            at = (NOW - timedelta(days=days)).replace(microsecond=0)
            attested(registry, forge, "widget", version, at=at)
        nodes = [node(tmp_path / name, registry, database) for name in ("a", "b")]
        for each in nodes:
            each.folder.mkdir()
            trust(each.folder / "trust.json", forge.keys(), forge.root())
            with each:
                assert each.ask("widget").versions == ["1.0.0", "1.0.1"]
                assert each.ask("widget/-/widget-1.0.1.tgz").status == 200
            assert len(registry.asked(endpoint)) == (2 if each is nodes[0] else 0)
            registry.forget()


def test_what_waits_at_both_is_read_once(tmp_path: Path, registry: Registry, database: str) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    registry.publish("left-pad", "1.0.0", published=NOW - timedelta(days=900))
    files = {"index.js": "// WAITS\n"}
    registry.publish("left-pad", "1.0.1", published=NOW - timedelta(days=20), files=files)
    a, b = (node(tmp_path / name, registry, database, TEST_GATE=str(gate)) for name in ("a", "b"))
    a.bounded = b.bounded = True
    a.options = b.options = ("--wait", "60 seconds")
    shown: list[list[str]] = []
    with a, b:
        asking = [
            threading.Thread(target=lambda each=each: shown.append(each.ask("left-pad").versions))
            for each in (a, b)
        ]
        asking[0].start()
        until(lambda: a.metric('pratique_quarantine{state="analysing"}') == 1, "nobody reads it")
        asking[1].start()
        time.sleep(1)
        gate.unlink()
        for thread in asking:
            thread.join(90)
        assert shown == [["1.0.0", "1.0.1"]] * 2
        assert b.metric('pratique_quarantine{state="cleared"}') == 2


def test_both_write_one_log_and_a_kill_of_one_is_a_gap_of_that_one(
    tmp_path: Path, registry: Registry, database: str
) -> None:
    names = [f"pad-{number}" for number in range(6)]
    for name in names:
        publish(registry, name)
    a, b = node(tmp_path / "a", registry, database), node(tmp_path / "b", registry, database)
    a.start()
    with b:
        told: set[str] = set()

        def ask(child: Child, who: str) -> None:
            for number, name in enumerate(names * 3):
                child.ask(name, user_agent=f"client-{who}-{number}-")
                answer = child.ask(f"{name}/-/{name}-1.0.2.tgz")
                assert answer.status == 403
                told.add(answer.json()["decision"])

        threads = [
            threading.Thread(target=ask, args=(child, f"{child.folder.name}{number}"))
            for child in (a, b)
            for number in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        time.sleep(1.5)
        heads = [(each.data / "head.txt").read_text().strip() for each in (a, b)]
        a.kill()
        b.ask(names[0], user_agent="client-after-")
        a.start()
        b.ask(names[0], user_agent="client-later-")
        a.stop()
    entries = b.entries()
    assert told <= {each.get("id") for each in entries}
    agents = {each["client"] for each in entries if each["type"] == "request"}
    wanted = {f"client-{x}{n}-{m}-" for x in "ab" for n in range(3) for m in range(18)}
    assert wanted | {"client-after-", "client-later-"} <= agents
    gaps = [each for each in entries if each["type"] == "gap"]
    assert len(gaps) == 1
    assert "did not end in order" in gaps[0]["why"]
    for each in (a, b):
        found = each.log("verify", *(word for head in heads for word in ("--head", head)))
        assert found.returncode == 0, found.stdout


def test_a_token_made_on_the_host_is_good_at_each_and_revoked_at_each(
    tmp_path: Path, registry: Registry, database: str
) -> None:
    publish(registry, "left-pad")
    a, b = node(tmp_path / "a", registry, database), node(tmp_path / "b", registry, database)
    a.options = b.options = ("--no-anonymous",)
    with a, b:
        secret = token(a, "create", "--name", "ci", "--read")
        assert [each.ask("left-pad").status for each in (a, b)] == [401, 401]
        assert [_status(each, secret) for each in (a, b)] == [200, 200]
        assert "ci" in token(b, "list")
        token(b, "revoke", secret)
        for each in (a, b):
            until(partial(_is_refused, each, secret), "it is good after it was revoked")
    assert secret not in "".join(each.lines.read_text() for each in (a, b))


def _status(child: Child, secret: str) -> int:
    return child.ask("left-pad", authorization=f"Bearer {secret}").status


def _is_refused(child: Child, secret: str) -> bool:
    return _status(child, secret) == 401


def test_a_database_that_may_not_be_written_refuses_what_has_to_be_on_record(
    tmp_path: Path, registry: Registry, database: str, cluster: postgresql.Cluster
) -> None:
    publish(registry, "known")
    publish(registry, "fresh")
    name = database.rpartition("/")[2]
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - ours
    with node(tmp_path / "a", registry, database) as firewall:
        assert firewall.ask("known").versions == ["1.0.0", "1.0.1"]
        given = firewall.ask("known/-/known-1.0.0.tgz")
        assert given.status == 200
        cluster.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on", end)
        until(lambda: firewall.ask("-/ready").status == 503, "it says that it is ready")
        assert "read-only" in firewall.ask("-/ready").json()["error"]
        assert firewall.ask("known/-/known-1.0.0.tgz").body == given.body
        for path in ("fresh", "fresh/-/fresh-1.0.0.tgz", "known/-/known-1.0.2.tgz"):
            assert firewall.ask(path).status == 503, path
        cluster.run(f"ALTER DATABASE {name} RESET default_transaction_read_only", end)
        until(lambda: firewall.ask("-/ready").status == 200, "it is never well again")
        assert firewall.ask("fresh").versions == ["1.0.0", "1.0.1"]
        assert firewall.ask("known/-/known-1.0.2.tgz").status == 403


@pytest.mark.parametrize("address", ["mysql://db.example/x", "postgresql://", "/var/lib/x", "x"])
def test_an_address_of_no_postgresql_is_refused(tmp_path: Path, address: str) -> None:
    command = [
        sys.executable, "-m", "pratique", "serve", "--port", "0", "--upstream",
        "http://registry.example/", "--data", str(tmp_path), "--database", address,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--database is no address of a PostgreSQL database" in done.stderr


def test_a_database_that_is_away_stops_the_start_and_no_password_is_told(tmp_path: Path) -> None:
    address = "postgresql://alice:open-sesame@127.0.0.1:9/pratique"
    command = [
        sys.executable, "-m", "pratique", "serve", "--port", "0", "--upstream",
        "http://registry.example/", "--data", str(tmp_path), "--database", address,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (4, "")
    assert "unreachable" in done.stderr
    assert "open-sesame" not in done.stderr
    assert "Traceback" not in done.stderr
