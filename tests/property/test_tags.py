"""Tags: whatever is hidden, none leads to it, and `latest` goes no further than it has to."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.ecosystems.npm.versions import is_prerelease, order_of
from pratique.proxy.tags import repaired

NUMBER = st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 1)).map(
    lambda numbers: ".".join(map(str, numbers))
)
VERSIONS = st.builds(str.__add__, NUMBER, st.sampled_from(["", "", "", "-beta.1", "-rc.1", "-1"]))
EVERY = st.lists(VERSIONS | st.text(max_size=4), min_size=1, max_size=12, unique=True)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, str], list[str], list[str]]:
    every = draw(EVERY)
    visible = [each for each in every if draw(st.booleans())]
    targets = st.sampled_from(every) | VERSIONS
    names = st.just("latest") | st.text(max_size=6) | VERSIONS
    return draw(st.dictionaries(names, targets, max_size=4)), visible, every


@given(case=cases())
def test_no_tag_leads_to_what_is_hidden(case: tuple[dict[str, str], list[str], list[str]]) -> None:
    tags, visible, every = case
    found = repaired(tags, visible, every)
    assert list(found) == [tag for tag in tags if tag in found]
    assert set(found.values()) <= set(visible)
    for tag, target in tags.items():
        if target in visible and tag in found:
            assert found[tag] == target


@settings(max_examples=400)
@given(case=cases())
def test_latest_leads_to_no_prerelease_and_no_lower_major_without_need(
    case: tuple[dict[str, str], list[str], list[str]],
) -> None:
    tags, visible, every = case
    moved = repaired(tags, visible, every).get("latest")
    target = tags.get("latest")
    if target is None or target in visible or target not in every:
        return
    stable = [each for each in visible if order_of(each) and not is_prerelease(each)]
    if any(order_of(each) for each in visible):
        assert moved is not None
    if not stable or moved is None:
        return
    assert not is_prerelease(moved)
    before, after = order_of(target), order_of(moved)
    if before and after and any((order_of(each) or [None])[0] == before[0] for each in stable):
        assert after[0] == before[0]
