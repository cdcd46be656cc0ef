"""Layer 10: a lockfile whose addresses lead its manager past the configured registry."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import BASE, facts, pin, policy, project, report, url

from pratique.layers.registry import LED_PAST
from pratique.model.fact import HOSTS, Hosts
from pratique.model.finding import Finding
from pratique.model.pin import Manager, Source
from pratique.model.policy import Action
from pratique.model.project import Settings

ELSEWHERE = "https://mirror.example/"
FOLLOWING = [each for each in Manager if each is not Manager.NPM]
ALIAS = Hosts({"registry.example": BASE, "mirror.example": BASE}, BASE)
ASSUMED = Hosts({"registry.example": BASE}, BASE, frozenset({"mirror.example"}))


def found(*urls: str | None, hosts: Hosts = ALIAS, **more: Any) -> list[Finding]:
    pins = [pin(f"left-{number}", url=each) for number, each in enumerate(urls)]
    chosen = policy(action=Action.OFF, actions={LED_PAST.id: Action.BLOCK})
    made = report(project(*pins, **more), facts=facts((HOSTS, None, hosts)), policy=chosen)
    return [each.finding for each in made.judged]


@pytest.mark.parametrize("hosts", [ALIAS, ASSUMED], ids=["alias", "assumed"])
@pytest.mark.parametrize("manager", FOLLOWING)
def test_an_address_at_another_host_is_asked_whatever_the_policy_calls_it(
    manager: Manager, hosts: Hosts
) -> None:
    there = url(base=ELSEWHERE)
    (finding,) = found(there, url(), None, there, hosts=hosts, manager=manager)
    assert f"{manager} asks mirror.example for 2 entries, not {BASE}" == finding.message
    assert [there in each.text for each in finding.evidence] == [True, True]


@pytest.mark.parametrize("manager", Manager)
def test_addresses_at_the_registry_itself_and_none_lead_nowhere_else(manager: Manager) -> None:
    assert [] == found(url(), None, manager=manager)


def test_a_scopes_own_registry_is_a_configured_one() -> None:
    there = url(base=ELSEWHERE)
    hosts = Hosts({}, BASE, scopes={"@corp": ELSEWHERE})
    assert [] == found(there, hosts=hosts, manager=Manager.BUN)


@pytest.mark.parametrize(
    ("said", "past"),
    [("", 1), ("never", 1), ("npmjs", 1), ("other.example", 1), ("mirror.example", 0),
     ("always", 0)],
)  # fmt: skip
def test_npm_puts_its_registry_in_the_place_of_the_hosts_that_it_is_told(
    said: str, past: int
) -> None:
    settings = Settings(replaced_host=said)
    assert past == len(found(url(base=ELSEWHERE), settings=settings))


@pytest.mark.parametrize("said", ["", "npmjs"])
def test_npm_replaces_the_registry_that_it_has_built_in_by_itself(said: str) -> None:
    host = ".".join(("registry", "npmjs", "org"))  # noqa: FLY002 - no registry's host is written
    there, hosts = url(base=f"https://{host}/"), Hosts({host: BASE}, BASE)
    assert [] == found(there, hosts=hosts, settings=Settings(replaced_host=said))
    assert found(there, hosts=hosts, settings=Settings(replaced_host="never"))
    assert found(there, hosts=hosts, manager=Manager.YARN_CLASSIC)


def test_a_host_that_is_no_registry_at_all_is_layer_1s() -> None:
    hosts = Hosts({"registry.example": BASE}, BASE)
    assert [] == found(url(base=ELSEWHERE), hosts=hosts, manager=Manager.BUN)


def test_what_comes_from_no_registry_is_another_rules() -> None:
    odd = pin(url=url(base=ELSEWHERE), source=Source.REMOTE)
    chosen = policy(action=Action.OFF, actions={LED_PAST.id: Action.BLOCK})
    made = report(project(odd, manager=Manager.BUN), facts=facts(), policy=chosen)
    assert () == tuple(made.judged)
