"""The shell that composes `inspect` and `diff`: artifacts are had, looked at, compared, judged.

A file needs no registry, no store and no settings, and loads none of them: to look at a small one
takes a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from pratique import difference
from pratique.difference.limiting import Judge
from pratique.ecosystems.npm.inside import Mismatch, mismatches
from pratique.ecosystems.npm.names import why_illegal
from pratique.ecosystems.npm.operands import Operand, is_path, read_operand
from pratique.errors import ArtifactError, Exit, UsageError
from pratique.gather.files import analysed, files_in, read_artifact
from pratique.gather.progress import Progress
from pratique.model.action import Action, Verdict
from pratique.model.behavior import (
    Analysis,
    Baseline,
    Difference,
    Inner,
    Origin,
    Outcome,
    Reason,
)
from pratique.model.duration import format_duration
from pratique.model.fact import Missing, Why
from pratique.reports import difference_notes as said
from pratique.reports.difference_subject import (
    Age,
    Compared,
    Inspected,
    Side,
    files_to_show,
    side_of,
)

if TYPE_CHECKING:
    from pratique.gather.releases import Found, Releases
    from pratique.model.package import Release
    from pratique.model.policy import Policy

Value = TypeVar("Value")

__all__ = ["Terms", "diff", "inspect"]

_POLICY = "pratique.toml"
_HINT = "write NAME@VERSION or NAME@TAG, or the path of an archive, which ends in .tgz"
_UNANALYSABLE, _UNREAD = "behavior/unanalysable", "behavior/partly-read"
_OF_A_FILE = "not looked up: for a file no registry is asked"
_CONFUSED = "lockfile/manifest-confusion"


@dataclass(frozen=True, slots=True)
class Terms:
    """What both commands are told.

    Attributes:
        now: The time of the run, aware.
        environment: The process's variables: where settings, store and proxies are found.
        policy_file: A policy file that judges instead of the one that is found.
        offline: Ask no registry.
        age: How old the release is to be judged; None: by the registry's word.
        fail_on: The verdict from which on the exit is 1; it tightens, never loosens.
        progress: Is told of each question to a registry.
    """

    now: datetime
    environment: Mapping[str, str]
    policy_file: Path | None = None
    offline: bool = False
    age: timedelta | None = None
    fail_on: Verdict | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class _Looked:
    """One operand, looked at.

    Attributes:
        asked: As it can be typed again.
        name, version: As named; of a file, what the manifest inside says.
        analysis: Of its artifact.
        content: Gives the artifact's bytes.
        found: Where a registry has it.
        notes: What is to be said of it.
    """

    asked: str
    name: str
    version: str
    analysis: Analysis
    content: Callable[[], bytes | Missing]
    found: Found | None = None
    notes: tuple[str, ...] = ()

    @property
    def confused(self) -> tuple[Mismatch, ...]:
        """What the manifest inside and the registry say differently."""
        if self.found is None or self.analysis.inner is None or self.analysis.oddities:
            return ()
        return mismatches(self.analysis.inner, self.found.document)


def inspect(target: str, terms: Terms) -> Inspected:
    """What the artifact of a release or a file can do, judged as a first install.

    Raises:
        PratiqueError: See `errors`; each carries its exit code.
    """
    with _Run(terms) as run:
        (seen,) = run.looked(target)
        alone = difference.compare(seen.name, seen.version, seen.analysis, Baseline(Origin.NONE))
        age = run.age(seen)
        outcome = run.judged(alone, seen, age)
        notes = (*seen.notes, *said.confused(seen.confused), *run.warnings())
    end = _exit(outcome, terms.fail_on)
    return Inspected(seen.name, seen.version, seen.analysis, outcome, end, age, notes)


def diff(before: str, after: str, terms: Terms, *, with_code: bool = False) -> Compared:
    """What `after` can do that `before` cannot; each is a release or a file.

    Args:
        before: What it is compared with.
        after: What is judged.
        terms: What the commands are told.
        with_code: Also the files that show what was gained, for the page.

    Raises:
        PratiqueError: See `errors`; each carries its exit code.
    """
    with _Run(terms) as run:
        old, new = run.looked(before, after)
        baseline = difference.baseline_of([(old.version, old.analysis)], Origin.NAMED)
        added = difference.new_dependencies(new.analysis, baseline)
        known, unknown = run.dependencies(new, added)
        found = difference.compare(new.name, new.version, new.analysis, baseline, known)
        age = run.age(new)
        outcome = run.judged(found, new, age, old)
        sides, why = _sides(found, old, new) if with_code else ((), ())
        notes = (*_notes(old, new), *unknown, *why, *run.warnings())
    return Compared(
        difference=found,
        outcome=outcome,
        after=new.analysis,
        exit=_exit(outcome, terms.fail_on),
        before=(old.analysis,),
        age=age,
        asked=(old.asked, new.asked, *_typed(terms)),
        sides=sides,
        notes=notes,
    )


def _notes(old: _Looked, new: _Looked) -> Iterator[str]:
    yield from said.two_names(old.name, new.name)
    yield from said.bytes_of(
        *((each.name, each.version, each.analysis.sha512) for each in (old, new))
    )
    yield from (*old.notes, *new.notes)
    yield from said.confused(new.confused)


def _typed(terms: Terms) -> Iterator[str]:
    """The options that a line to copy needs to come to the same verdict."""
    if terms.age is not None:
        yield from ("--age", format_duration(terms.age))
    if terms.policy_file is not None:
        yield from ("--policy", str(terms.policy_file))


def _exit(outcome: Outcome, fail_on: Verdict | None) -> Exit:
    fails = min(Verdict.QUARANTINE, fail_on or Verdict.QUARANTINE)
    return Exit.BLOCKED if Verdict.of(outcome.action) >= fails else Exit.ALLOWED


# -- what is looked at -----------------------------------------------------------------------------


class _Run:
    """One call: its operands, what judges them, and the registry where one of them needs it."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._opened = ExitStack()
        self._releases: Releases | None = None
        self._policy = _policy(terms)
        self._judge = Judge.of(self._policy) if self._policy else Judge()
        self.warnings: Callable[[], tuple[str, ...]] = tuple

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._opened.close()

    def looked(self, *targets: str) -> list[_Looked]:
        """Each of them; files before releases, so that a mistyped path asks nobody."""
        read = [_operand(each) for each in targets]
        files = {path: self._file(path) for path in read if isinstance(path, Path)}
        named = [each for each in read if isinstance(each, Operand)]
        releases = self._named(named) if named else {}
        return [files[each] if isinstance(each, Path) else releases[each] for each in read]

    def _file(self, path: Path) -> _Looked:
        source = read_artifact(path)
        analysis = analysed(source, path, self._terms.progress)
        inner = analysis.inner or Inner()
        asked = str(path) if is_path(str(path)) else f"./{path}"
        return _Looked(asked, inner.name or path.name, inner.version, analysis, lambda: source)

    def _named(self, operands: Sequence[Operand]) -> dict[Operand, _Looked]:
        releases = self._registries()
        picked = releases.picked({(each.name, each.wanted) for each in operands})
        chosen = {each: _had(each, picked[each.name, each.wanted]) for each in operands}
        found = releases.found(chosen.values())
        made: dict[Operand, _Looked] = {}
        for each, release in chosen.items():
            seen = _had(release, found[release])
            notes = () if each.is_exact else (f"{each.wanted} stands for {release} today",)
            content = partial(releases.content, seen)
            made[each] = _Looked(
                str(release), release.name, release.version, seen.analysis, content, seen, notes
            )
        return made

    def _registries(self) -> Releases:
        """Opened where a release is named: it loads and reads all that a registry needs."""
        from pratique.config import read_policy  # noqa: PLC0415 - see above
        from pratique.gather.behavior import Sources  # noqa: PLC0415 - see above
        from pratique.gather.configured import publish_times, stated_by  # noqa: PLC0415 - see above
        from pratique.gather.npm import How  # noqa: PLC0415 - see above
        from pratique.gather.releases import Releases  # noqa: PLC0415 - see above
        from pratique.gather.times import Cutoffs  # noqa: PLC0415 - see above
        from pratique.gather.user import user_registries  # noqa: PLC0415 - see above
        from pratique.model.fact import Clock  # noqa: PLC0415 - see above
        from pratique.store import location, open_store  # noqa: PLC0415 - see above

        terms = self._terms
        policy = self._policy or read_policy(None, _POLICY, now=terms.now)
        self._judge = Judge.of(policy)
        registries = user_registries(terms.environment, stated_by(policy))
        how = How(
            Cutoffs(terms.now, terms.now),
            offline=terms.offline,
            publish_time=publish_times(policy, registries),
        )
        clock = Clock(terms.now)
        store = self._opened.enter_context(open_store(location(terms.environment), clock))
        self.warnings = lambda: store.warnings
        sources = Sources(registries, store, clock, how, terms.progress)
        self._releases = Releases(sources, difference.table().young, self._judge.young)
        return self._releases

    def age(self, seen: _Looked) -> Age:
        """How old it is to be judged: as stated, else by the registry."""
        if self._terms.age is not None:
            return Age(self._terms.age)
        if self._releases is None or seen.found is None:
            return Age()
        told = self._releases.published(seen.found.release)
        if isinstance(told, Missing):
            return Age(why=told.detail)
        return Age(published=told.at, exact=told.exact)

    def dependencies(
        self, seen: _Looked, added: Mapping[str, str]
    ) -> tuple[Mapping[str, str], tuple[str, ...]]:
        """What is known of new dependencies, and sentences on those of which nothing is."""
        if not added:
            return {}, ()
        if self._releases is None or seen.found is None:
            return {}, tuple(said.unknown(dict.fromkeys(sorted(added), _OF_A_FILE)))
        told = self._releases.dependencies(added)
        return told.known, tuple(said.unknown(told.unknown))

    def judged(
        self, found: Difference, seen: _Looked, age: Age, before: _Looked | None = None
    ) -> Outcome:
        """What it leads to under the policy."""
        span = age.at(self._terms.now)
        outcome = difference.judge(found, span, difference.table(), stricter=self._judge.stricter)
        return self._judge.limited(outcome, list(self._more(seen, before)))

    def _more(self, seen: _Looked, before: _Looked | None) -> Iterator[Reason]:
        """Reasons beside the table: other rules that `check` has for the same bytes."""
        actions = self._judge.actions
        if before and before.analysis.oddities:
            oddity = before.analysis.oddities[0]
            text = f"what it is compared with cannot be analysed: the archive {oddity}"
            ceiling = min(Action.QUARANTINE, actions[_UNANALYSABLE])
            yield Reason(ceiling, "unanalysable", text)
        if seen.analysis.unread and actions[_UNREAD] > Action.OBSERVE:
            text = f"{len(seen.analysis.unread):,} of its files were not examined whole"
            yield Reason(actions[_UNREAD], "partly-read", text)
        if seen.confused and _CONFUSED in actions:
            kinds = ", ".join(dict.fromkeys(each.what for each in seen.confused))
            text = f"has another manifest inside than its registry states: {kinds}"
            yield Reason(actions[_CONFUSED], "manifest-confusion", text)


def _operand(text: str) -> Path | Operand:
    if is_path(text):
        path = Path(text)
        if path.exists() or "/" in text or "." in text:
            return path
        hint = f"a release is named with its version: {text}@VERSION, or {text}@latest"
        raise UsageError(f"there is no file {text}", hint=hint)
    read = read_operand(text)
    if isinstance(read, str):
        is_bare = why_illegal(text) is None
        hint = f"write {text}@VERSION, or {text}@latest" if is_bare else _HINT
        raise UsageError(f"{text} {read}", hint=hint)
    return read


def _had(what: Operand | Release, value: Value | Missing) -> Value:
    """The value.

    Raises:
        ArtifactError: It is missing.
    """
    if not isinstance(value, Missing):
        return value
    named = f"{what.name}@{what.wanted}" if isinstance(what, Operand) else str(what)
    hint = "run it without --offline once" if value.why is Why.OFFLINE else ""
    raise ArtifactError(f"{named} is not judged: {value.detail}", hint=hint)


def _policy(terms: Terms) -> Policy | None:
    """The policy that `check` would find here; None where there is no file of that name."""
    here = Path.cwd()
    if terms.policy_file is None and not any(
        (folder / _POLICY).is_symlink() or (folder / _POLICY).exists()
        for folder in (here, *here.parents)
    ):
        return None
    from pratique.gather.tree import find_place  # noqa: PLC0415 - seldom, and a tenth of a second
    from pratique.sides import read_policy_at  # noqa: PLC0415 - see above

    return read_policy_at(find_place(here), terms.policy_file, terms.now)


def _sides(
    found: Difference, old: _Looked, new: _Looked
) -> tuple[tuple[Side, ...], tuple[str, ...]]:
    """The files that show what was gained, before and after; or why they are not shown."""
    paths = files_to_show(found)
    if not paths:
        return (), ()
    contents: list[dict[str, bytes]] = []
    for each in (old, new):
        content = each.content()
        if isinstance(content, Missing):
            why = f"the code is not shown side by side: {content.detail} ({each.asked})"
            return (), (why,)
        contents.append(files_in(content, paths))
    before, after = contents
    sides = [side_of(path, before.get(path), after.get(path)) for path in paths]
    large = [path for path, side in zip(paths, sides, strict=True) if side is None]
    return tuple(side for side in sides if side), tuple(said.too_large(large))
