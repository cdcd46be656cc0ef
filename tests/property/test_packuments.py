"""Whatever an upstream sends, what is given of it names nothing hidden and no address but ours.

The documents are written out by hand, since the hostile ones are no values: members twice, escapes
where none are needed, spaces where nobody puts them. Both readers that matter say what they see.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.proxy.packuments import BASE, NAME, NOW, OURS, Node, addresses, by_python

from pratique.proxy.packument import Packument, Shown, documents, published_at, read, render

NUMBERS = ("1.0.0", "1.1.0", "1.1.1-rc.1", "2.0.0", "v1.0.0", "10.0.0", "latest")
GAPS = st.sampled_from(["", "", "", "", " ", "\n\t", "\r\n"])
ADDRESSES = st.sampled_from(
    [
        *(f"{BASE}{NAME}/-/{NAME}-{number}.tgz" for number in NUMBERS),
        "https://evil.invalid/x.tgz",
        f"{BASE}{NAME}/-/../x.tgz",
        "",
    ]
)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node() as process:
        yield process


@st.composite
def strings(draw: st.DrawFn, value: str) -> str:
    """One of the ways to write a text down."""
    written = json.dumps(value)
    match draw(st.integers(0, 9)):
        case 0:
            return written.replace("/", "\\/")
        case 1 if value:
            at = draw(st.integers(0, len(value) - 1))
            return json.dumps(value[:at])[:-1] + f"\\u{ord(value[at]):04x}" + written[at + 2 :]
        case _:
            return written


@st.composite
def objects(draw: st.DrawFn, members: list[tuple[str, str]]) -> str:
    """An object with these members in some order, some of them perhaps twice or not at all."""
    gap, wide = draw(GAPS), draw(st.booleans())
    colon, comma = (": ", ", ") if wide else (":", ",")
    if draw(st.integers(0, 7)) == 0 and members:
        members = [*members, draw(st.sampled_from(members))]
    if draw(st.integers(0, 5)) == 0:
        members = draw(st.permutations(members))
    if draw(st.integers(0, 15)) == 0:
        members = members[1:]
    parts = [draw(strings(name)) + gap + colon + value for name, value in members]
    return "{" + gap + comma.join(parts) + "}"


@st.composite
def scalars(draw: st.DrawFn) -> str:
    odd = [
        "null",
        "1",
        "1e999",
        "true",
        '"x"',
        "[]",
        "{}",
        "-0",
        "1" * 400,
        '"\\ud800"',
        '"\\u0000"',
    ]
    return draw(st.sampled_from(odd))


@st.composite
def versions(draw: st.DrawFn, number: str) -> str:
    def tarball() -> str:
        honest = f"{BASE}{NAME}/-/{NAME}-{number}.tgz"
        return draw(strings(draw(ADDRESSES) if draw(st.integers(0, 5)) == 0 else honest))

    def dist() -> str:
        members = [("shasum", '"x"'), ("tarball", tarball())]
        if draw(st.integers(0, 9)) == 0:
            members.append(("tarball", tarball()))
        return draw(objects(members))

    members = [("name", draw(strings(NAME))), ("version", draw(strings(number))), ("dist", dist())]
    if draw(st.integers(0, 9)) == 0:
        members.insert(draw(st.integers(0, 3)), ("dist", dist()))
    if draw(st.booleans()):
        members.insert(draw(st.integers(0, 3)), ("x", draw(objects([("dist", dist())]))))
    if draw(st.integers(0, 7)) == 0:
        members.append(("deprecated", draw(scalars())))
    if draw(st.integers(0, 15)) == 0:
        members.append(("big", draw(scalars())))
    return draw(objects(members))


@st.composite
def packuments(draw: st.DrawFn) -> bytes:
    numbers = draw(st.lists(st.sampled_from(NUMBERS), max_size=5))
    listed = [(each, draw(versions(each))) for each in numbers]
    times = [(each, '"2026-11-01T08:00:00Z"') for each in ("created", "modified", *numbers)]
    tags = [
        (tag, json.dumps(draw(st.sampled_from(NUMBERS)))) for tag in ("latest", "next", "2.0.0")
    ]
    members = [
        ("name", json.dumps(NAME)),
        ("dist-tags", draw(objects(tags))),
        ("versions", draw(objects(listed))),
        ("time", draw(objects(times))),
    ]
    if draw(st.integers(0, 9)) == 0:
        members.append(
            (draw(st.sampled_from(["versions", "time", "x", "modified"])), draw(scalars()))
        )
    return draw(objects(members)).encode()


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    body=packuments(),
    visible=st.sets(st.sampled_from(NUMBERS)),
    soft=st.sets(st.sampled_from(NUMBERS), max_size=1),
    short=st.booleans(),
)
def test_what_is_given_names_nothing_hidden_and_no_address_but_ours(
    node: Node, body: bytes, visible: set[str], soft: set[str], short: bool
) -> None:
    found = read(body, NAME, now=NOW)
    if isinstance(found, str):
        return
    ours = addresses(found)
    shown = Shown(visible, ours, dict.fromkeys(soft, "blocked"))
    told = render(found, shown, short=short)
    may = visible & found.versions.keys() & ours.keys()
    for versions, times, tags in (by_python(told), node.read(told)):
        assert {each for each, _ in versions} == may
        assert all(address == ours[each] for each, address in versions)
        assert all(address.startswith(OURS) for _, address in versions)
        assert set(times) <= may | {"created", "modified"}
        assert all(target in may - soft for _, target in tags)
        assert not {tag for tag, _ in tags} & set(NUMBERS) - {"latest"}
    for version in may - soft:
        one = found.versions[version]
        text = one.raw[: one.at[0]] + json.dumps(ours[version]).encode() + one.raw[one.at[1] :]
        assert text in told


@given(body=st.binary(max_size=64) | packuments(), now=st.just(NOW))
def test_whatever_is_sent_is_read_or_refused(body: bytes, now: object) -> None:
    found = read(body, NAME, now=NOW)
    if isinstance(found, Packument):
        assert documents(found).keys() <= found.versions.keys()
        assert not found.versions.keys() & found.refused.keys()
        for version in found.versions:
            published_at(found, version)
