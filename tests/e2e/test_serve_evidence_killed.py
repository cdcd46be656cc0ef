"""kill -9 while evidence is fetched: what was not judged is neither seen nor given afterwards."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.lifecycle import Child, until
from tests.forge import Forge
from tests.forge.serving import publish, registry_of
from tests.registry import faults
from tests.trusting import trust

NOW = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the firewall has the machine's clock
ENDPOINT = "-/npm/v1/attestations/widget@1.0.0"


def test_a_release_whose_evidence_was_being_fetched_is_hidden_until_it_is_judged(
    tmp_path: Path,
) -> None:
    forge = Forge()
    (folder := tmp_path / "firewall").mkdir()
    trust(folder / "trust.json", forge.keys(), forge.root())
    with registry_of(forge) as registry:
        publish(registry, forge, "widget", "1.0.0", at=NOW - timedelta(days=40))
        firewall = Child(folder, registry.url, options=("--wait", "30 seconds"))
        registry.fault(faults.slow(wait=20), kind="attestations", times=1)
        firewall.start()
        asking = threading.Thread(target=_ask, args=(firewall,))
        asking.start()
        until(lambda: registry.asked(ENDPOINT), "its evidence is not asked for")
        firewall.kill()
        asking.join(60)
        registry.heal()
        registry.fault(faults.status(500), kind="attestations")
        with firewall:
            assert firewall.ask("widget").versions == []
            found = firewall.ask("widget/-/widget-1.0.0.tgz")
            assert found.status == 403
            assert "signatures/" in found.reason
        registry.heal()
        with firewall:
            assert firewall.ask("widget").versions == ["1.0.0"]
            assert firewall.ask("widget/-/widget-1.0.0.tgz").status == 200


def _ask(firewall: Child) -> None:
    try:
        firewall.ask("widget")
    except OSError:
        return  # it was killed
    raise AssertionError("it was answered")
