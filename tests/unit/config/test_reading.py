"""pratique.toml becomes a policy, or an error that names file, line and key."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.unit.config.policies import CONTRADICTORY, HEX, MISFORMED, NO_TOML, VALID

from pratique.config import policy_digest, read_policy
from pratique.errors import PolicyError
from pratique.model.pin import Location
from pratique.model.policy import Action, OnUnknown, Policy

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def read(text: str) -> Policy:
    return read_policy(text.encode(), "pratique.toml", now=NOW)


@pytest.mark.parametrize("name", VALID)
def test_what_is_well_formed_is_read(name: str) -> None:
    assert read(VALID[name]).path == "pratique.toml"


@pytest.mark.parametrize("name", [*MISFORMED, *CONTRADICTORY, *NO_TOML])
def test_what_is_wrong_is_refused_with_its_place(name: str) -> None:
    text, *said = {**MISFORMED, **CONTRADICTORY, **NO_TOML}[name]
    with pytest.raises(PolicyError) as caught:
        read(text)
    error = f"{caught.value.message} | {caught.value.hint}"
    at = 0
    for part in said:
        assert part in error[at:], error
        at = error.index(part, at) + len(part)
    assert caught.value.exit_code == 2


def test_bytes_that_are_not_utf8_are_refused_with_their_line() -> None:
    with pytest.raises(PolicyError, match=r"pratique\.toml:2: not UTF-8"):
        read_policy(b'preset = "strict"\n# \xff\n', "pratique.toml", now=NOW)


def test_without_a_file_the_preset_recommended_holds() -> None:
    policy = read_policy(None, "pratique.toml", now=NOW)
    assert (policy.preset, policy.path) == ("recommended", None)
    assert policy.layers["release-age"].settings.cooldown == timedelta(days=3)
    assert policy.actions["release-age/too-new"] is Action.BLOCK
    assert policy.longest_exemption == timedelta(days=90)


@pytest.mark.parametrize("action", Action)
def test_a_rule_has_the_action_that_the_file_gives_it(action: Action) -> None:
    """Also off, which is 0."""
    policy = read(f'[rules]\n"release-age/too-new" = "{action.name.lower()}"\n')
    assert policy.actions["release-age/too-new"] is action


def test_the_file_changes_what_it_names_and_nothing_else() -> None:
    before, after = read(""), read(VALID["durations"])
    assert after.layers["release-age"].settings.cooldown == timedelta(hours=36)
    assert after.layers["release-age"].settings.first_version == timedelta(days=14)
    assert after.actions == before.actions
    assert after.layers["lockfile"] == before.layers["lockfile"]


def test_unknowns_are_set_together_or_apart() -> None:
    both = read(VALID["one action for both unknowns"]).layers["lockfile"].on_unknown
    assert both == OnUnknown(Action.BLOCK, Action.BLOCK)
    apart = read(VALID["two actions for unknowns"]).layers["lockfile"].on_unknown
    assert apart == OnUnknown(absent=Action.WARN, failed=Action.BLOCK)
    half = read('[layers.lockfile]\non-unknown = { absent = "block" }').layers["lockfile"]
    assert half.on_unknown == OnUnknown(absent=Action.BLOCK, failed=Action.QUARANTINE)


def test_an_exemption_has_the_purl_of_its_release_and_its_line() -> None:
    (exemption,) = read("\n" + VALID["an exemption for known bytes"]).exemptions
    assert exemption.purl == "pkg:npm/%40corp/left@1.0.0"
    assert (exemption.sha512, exemption.advisory) == (HEX, "CVE-1")
    assert exemption.until == date(2026, 12, 1)
    assert exemption.where == Location("pratique.toml", 2)


def test_an_expired_exemption_is_kept() -> None:
    (exemption,) = read(VALID["an expired exemption"]).exemptions
    assert exemption.is_expired(NOW)


def test_an_approval_is_bound_and_has_its_line() -> None:
    settings = read(VALID["approvals"]).layers["build-scripts"].settings
    (approval,) = settings.approve
    assert (approval.name, approval.version, approval.sha512) == ("esbuild", "0.25.0", HEX)
    assert (approval.allowed, approval.where) == (True, Location("pratique.toml", 5))
    assert (settings.deny, settings.from_managers) == (("evil-*",), False)


def test_registries_and_hosts_are_read() -> None:
    policy = read(VALID["hosts and registries"])
    assert policy.registries["corp"].url == "https://npm.corp.example/x/"
    assert policy.registries["corp"].scopes == ("@corp",)
    assert policy.registries["default"].publish_time == "untrusted"
    assert policy.hosts == {"registry.example": "default", "mirror.example:8443": "corp"}


def test_a_digest_in_base64_is_answered_with_its_hexadecimal_form() -> None:
    sri = "sha512-" + "q6ur" * 21 + "qw=="
    text = VALID["an exemption for known bytes"].replace(HEX, sri)
    with pytest.raises(PolicyError) as caught:
        read(text)
    assert f"in hexadecimal it is {HEX}" in caught.value.hint


def test_the_digest_of_a_policy_is_of_what_it_says() -> None:
    one = read('preset = "strict"\n[rules]\n"lockfile/patched" = "warn"\n')
    same = read('# why\npreset = "strict"\n\n[rules]\n"lockfile/patched"="warn"\n')
    assert one.digest == same.digest == policy_digest(one)
    digests = {read(text).digest for text in VALID.values()}
    without_effect = {"nothing", "a layer of a later version, not required"}
    assert len(digests) == len(VALID.keys() - without_effect) + 1


def test_damaged_files_give_policy_errors_only() -> None:
    seeds = random.Random(7)  # noqa: S311 - reproducible, not secret
    texts = [text.encode() for text in VALID.values()]
    for _ in range(1500):
        source = bytearray(seeds.choice(texts) + seeds.choice(texts))
        for _ in range(seeds.randrange(1, 4)):
            at = seeds.randrange(len(source) + 1)
            source[at : at + seeds.randrange(3)] = seeds.choice(
                [b"", b"[", b"]", b'"', b"'", b"=", b"{", b".", b"\n", b"1", b"\xff", b"#", b"\r\n"]
            )
        try:
            read_policy(bytes(source), "pratique.toml", now=NOW)
        except PolicyError:
            continue
