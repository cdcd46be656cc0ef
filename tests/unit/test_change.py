"""What a change loosens is named, with its line; what it tightens is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.change import loosened
from pratique.config import POLICY_FILE, read_policy
from pratique.config.values import ACTIONS
from pratique.layers import rules
from pratique.model.duration import format_duration
from pratique.model.pin import Location, Manager
from pratique.model.policy import Action, LayerPolicy, OnUnknown, Policy
from pratique.model.project import Approval

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EXEMPT = (
    '[[exemptions]]\nrule = "release-age/too-new"\npurl = "pkg:npm/left@1.0.0"\n'
    'reason = "r"\nowner = "o"\nuntil = 2026-12-01\n'
)
APPROVE = '[layers.build-scripts]\napprove = [{ package = "a", version = "1", reason = "r" }]\n'
CORP = '[registries.corp]\nurl = "https://corp.example/"\nscopes = ["@corp"]\n'


def read(text: str) -> Policy:
    return read_policy(text.encode(), POLICY_FILE, now=NOW)


# name -> (base, head, key of the finding, its line, old -> new)
LOOSER = {
    "a preset": ('preset = "strict"', "", "preset", None, "strict -> recommended"),
    "an action": (
        "",
        '\n[rules]\n"lockfile/not-bound" = "observe"',
        "rules.lockfile/not-bound",
        3,
        "block -> observe",
    ),
    "an action by leaving it out": (
        '[rules]\n"lockfile/patched" = "block"',
        "",
        "rules.lockfile/patched",
        None,
        "block -> observe",
    ),
    "a duration": (
        "",
        '[layers.release-age]\ncooldown = "71 hours"',
        "layers.release-age.cooldown",
        2,
        "3 days -> 71 hours",
    ),
    "required": (
        "",
        "[layers.lockfile]\nrequired = false",
        "layers.lockfile.required",
        2,
        "true -> false",
    ),
    "unknowns": (
        "",
        '[layers.lockfile]\non-unknown = { failed = "warn" }',
        "layers.lockfile.on-unknown",
        2,
        "failed quarantine -> failed warn",
    ),
    "an exemption": (
        "",
        EXEMPT,
        "exemptions.release-age/too-new.pkg:npm/left@1.0.0",
        1,
        "nothing -> until 2026-12-01",
    ),
    "a prolonged exemption": (
        EXEMPT,
        "\n" + EXEMPT.replace("12-01", "12-02"),
        "exemptions.release-age/too-new.pkg:npm/left@1.0.0",
        2,
        "until 2026-12-01 -> until 2026-12-02",
    ),
    "a host alias": (
        "",
        '[hosts]\n"registry.example" = "default"',
        "hosts.registry.example",
        2,
        "nothing -> default",
    ),
    "another host alias": (
        f'{CORP}[hosts]\n"registry.example" = "default"',
        f'{CORP}[hosts]\n"registry.example" = "corp"',
        "hosts.registry.example",
        5,
        "default -> corp",
    ),
    "a registry's address": (
        CORP,
        CORP.replace("corp.example", "evil.example"),
        "registries.corp.url",
        2,
        "https://corp.example/ -> https://evil.example/",
    ),
    "a registry's scopes": (
        CORP,
        CORP.replace('"@corp"', '"@corp", "@x"'),
        "registries.corp.scopes",
        3,
        "@corp -> @corp, @x",
    ),
    "a publish time that is believed": (
        '[registries.default]\npublish-time = "untrusted"',
        "",
        "registries.default.publish-time",
        None,
        "untrusted -> stated",
    ),
    "a publish time that is not believed": (
        "",
        '[registries.default]\npublish-time = "untrusted"',
        "registries.default.publish-time",
        2,
        "stated -> untrusted",
    ),
    "an exclusion": (
        "",
        '[repository]\nexclude = [\n { glob = "app/**", reason = "slow" }]',
        "repository.exclude.app/**",
        3,
        "nothing -> slow",
    ),
    "an approval": ("", APPROVE, "layers.build-scripts.approve", 2, "nothing -> a@1"),
    "an approval of every version": (
        APPROVE,
        APPROVE.replace(' version = "1",', ""),
        "layers.build-scripts.approve",
        2,
        "nothing -> a",
    ),
    "a denial that is gone": (
        '[layers.build-scripts]\ndeny = ["evil"]',
        "",
        "layers.build-scripts.deny",
        None,
        "evil -> nothing",
    ),
    "the managers' lists count again": (
        "[layers.build-scripts]\nfrom-managers = false",
        "",
        "layers.build-scripts.from-managers",
        None,
        "false -> true",
    ),
}


@pytest.mark.parametrize("name", LOOSER)
def test_what_is_loosened_is_named_with_key_values_and_line(name: str) -> None:
    base, head, key, line, change = LOOSER[name]
    (found,) = loosened(read(base), read(head))
    assert (found.rule, found.key) == ("policy/loosened", key)
    assert found.message == f"loosens {key}: {change}"
    assert found.where == Location(POLICY_FILE, line)


ONE_WAY = LOOSER.keys() - {
    "another host alias",
    "a registry's address",
    "a registry's scopes",
    "a publish time that is believed",
    "a publish time that is not believed",
    "an approval of every version",
}


@pytest.mark.parametrize("name", sorted(ONE_WAY))
def test_the_opposite_change_tightens_and_gives_nothing(name: str) -> None:
    base, head, *_ = LOOSER[name]
    assert loosened(read(head), read(base)) == ()


def test_a_looser_preset_is_one_finding_and_what_the_head_says_besides_others() -> None:
    head = read('preset = "lenient"\n[rules]\n"release-age/too-new" = "off"\n')
    found = loosened(read('preset = "strict"'), head)
    assert [each.key for each in found] == ["preset", "rules.release-age/too-new"]


def test_an_exemption_that_becomes_a_pattern_is_a_new_one() -> None:
    head = read(EXEMPT.replace("left@", "*@"))
    assert [each.key for each in loosened(read(EXEMPT), head)] == [
        "exemptions.release-age/too-new.pkg:npm/*@1.0.0"
    ]


def test_another_reason_owner_or_order_loosens_nothing() -> None:
    other = EXEMPT.replace("left", "right")
    head = read(other + EXEMPT.replace('"r"', '"better"').replace('"o"', '"p"'))
    assert loosened(read(EXEMPT + other), head) == ()


def approval(name: str, *, allowed: bool | None, file: str = "package.json") -> Approval:
    return Approval(name, None, allowed, Location(file, 7), Manager.NPM)


def test_an_approval_in_a_managers_own_list_is_named() -> None:
    policy = read("")
    before = (approval("a", allowed=True), approval("b", allowed=False))
    now = (*before, approval("c", allowed=True), approval("d", allowed=None))
    (found,) = loosened(policy, policy, before, now)
    assert (found.key, found.where) == ("approvals.c", Location("package.json", 7))


def test_the_same_approval_in_another_file_is_another() -> None:
    policy = read("")
    (found,) = loosened(
        policy,
        policy,
        (approval("a", allowed=True),),
        (approval("a", allowed=True), approval("a", allowed=True, file="x/package.json")),
    )
    assert found.where == Location("x/package.json", 7)


def test_a_denial_that_turns_into_an_approval_is_named_twice() -> None:
    policy = read("")
    before, now = (approval("a", allowed=False),), (approval("a", allowed=True),)
    assert len(loosened(policy, policy, before, now)) == 2
    assert [each.message for each in loosened(policy, policy, before, ())] == [
        "loosens approvals.a: denied -> nothing"
    ]


def test_approvals_that_moved_to_another_line_loosen_nothing() -> None:
    policy = read("")
    moved = replace(approval("a", allowed=True), where=Location("package.json", 9))
    assert loosened(policy, policy, (approval("a", allowed=True),), (moved,)) == ()


@dataclass(frozen=True)
class Untold:
    """Settings that do not say which way is looser."""

    mode: str = "a"
    names: tuple[str, ...] = field(default=())


@pytest.mark.parametrize("now", [Untold(mode="b"), Untold(names=("x",))])
def test_a_setting_that_does_not_tell_which_way_is_looser_may_not_change(now: Untold) -> None:
    def of(settings: Any) -> Policy:
        unknown = OnUnknown(Action.WARN, Action.WARN)
        return Policy(
            "strict", {}, {"x": LayerPolicy(required=True, on_unknown=unknown, settings=settings)}
        )

    assert loosened(of(Untold()), of(now))
    assert loosened(of(now), of(Untold()))


durations = st.integers(0, 20).map(lambda days: format_duration(timedelta(days=days)))
policies = st.builds(
    lambda preset, actions, cooldown, unknown: read(
        f'preset = "{preset}"\n[rules]\n'
        + "".join(f'"{rule}" = "{action}"\n' for rule, action in actions.items())
        + f'[layers.release-age]\ncooldown = "{cooldown}"\n'
        + f'[layers.lockfile]\nrequired = false\non-unknown = "{unknown}"\n'
    ),
    st.sampled_from(["lenient", "recommended", "strict"]),
    st.dictionaries(st.sampled_from(sorted(rules())), st.sampled_from(sorted(ACTIONS)), max_size=6),
    durations,
    st.sampled_from(sorted(ACTIONS)),
)


@given(policies)
def test_a_policy_does_not_loosen_itself(policy: Policy) -> None:
    assert loosened(policy, policy) == ()


def weights(policy: Policy) -> Mapping[str, object]:
    """Everything of these policies that has an order: more is stricter."""
    found: dict[str, Any] = dict(policy.actions)
    for name, layer in policy.layers.items():
        found[f"{name} required"] = layer.required
        found[f"{name} absent"] = layer.on_unknown.absent
        found[f"{name} failed"] = layer.on_unknown.failed
    found["cooldown"] = policy.layers["release-age"].settings.cooldown
    found["first"] = policy.layers["release-age"].settings.first_version
    return found


@given(policies, policies)
def test_nothing_gets_looser_unsaid_and_nothing_is_said_otherwise(
    base: Policy, head: Policy
) -> None:
    before: Mapping[str, Any] = weights(base)
    now: Mapping[str, Any] = weights(head)
    is_lower = any(now[key] < before[key] for key in before)
    is_looser_preset = base.longest_exemption < head.longest_exemption
    found = loosened(base, head)
    assert bool(found) or not (is_lower or is_looser_preset)
    if base.preset == head.preset:
        assert bool(found) == is_lower
