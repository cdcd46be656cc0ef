"""Reports made by hand: what the formats are tested with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from pratique.evaluate import exit_of
from pratique.layers import TITLES
from pratique.model.fact import Missing, Why
from pratique.model.finding import Edit, Evidence, Finding, Remedy
from pratique.model.layer import Rule, Severity, Subject
from pratique.model.package import Package, Release
from pratique.model.pin import Location, Lockfile, Manager, Pin
from pratique.model.policy import Action, Exemption, Policy, Verdict
from pratique.model.project import Project, Repository, Unread
from pratique.model.report import Change, Judged, LayerOutcome, Report, State, Unknown
from pratique.reports import Page

NOW = datetime(2026, 11, 22, 9, 12, tzinfo=UTC)
SHA = "ab" * 64
QUIET = {
    1: (State.PASS, "527 entries bound to the registry"),
    2: (State.PASS, "527 releases at least 3 days old"),
    3: (State.PASS, "4 of 4 decided"),
    4: (State.PASS, "9 workflows, 31 uses"),
    5: (State.PASS, "advisories of 2026-11-22, 0 of 527"),
    6: (State.PASS, "renovate.json: cooldown 3 days"),
    7: (State.NOT_IN_THIS_VERSION, "not in this version"),
    8: (State.NOT_IN_THIS_VERSION, "not in this version"),
    9: (State.PASS, "no release gained a capability"),
    10: (State.PASS, "one registry, 2 owned scopes"),
    11: (State.PASS, "sbom.cdx.json is current"),
}
Rows = dict[int, tuple[State, str]]


def rule(name: str, severity: Severity, why: str, *, bound: bool = False) -> Rule:
    return Rule(
        id=name,
        subject=Subject.RELEASE,
        needs=(),
        summary=f"{name} fired",
        severity=severity,
        judge=lambda _subject, _facts, _settings: iter(()),
        why=why,
        fix="Take another release.",
        references=("https://example.org/why",),
        bound=bound,
    )


RULES = {
    each.id: each
    for each in (
        rule(
            "behavior/new-capability",
            Severity.CRITICAL,
            "A patch release that starts programs or reads keys is how most worms arrived. More.",
            bound=True,
        ),
        rule("release-age/too-new", Severity.HIGH, "Most malicious releases are found in days."),
        rule("build-scripts/undecided", Severity.MEDIUM, "A script runs with your rights."),
        rule("lockfile/weak-integrity", Severity.HIGH, "A weak digest binds nothing.", bound=True),
    )
}


def page(width: int = 80, **more: Any) -> Page:
    return Page(width=width, version="0.3.0", rules=RULES, **more)


def release(name: str, version: str) -> Release:
    return Release(Package(name), version)


def layers(changed: Rows) -> tuple[LayerOutcome, ...]:
    rows = QUIET | changed
    return tuple(
        LayerOutcome(
            name=name,
            number=number,
            title=name.replace("-", " "),
            state=rows[number][0],
            summary=rows[number][1],
            subjects=527,
            required=number < 4,
            ran=rows[number][0] is not State.NOT_IN_THIS_VERSION,
        )
        for number, name in enumerate(TITLES, start=1)
    )


def lockfile(path: str = "package-lock.json") -> Lockfile:
    pin = Pin("node_modules/left-widget", "left-widget", "2.4.1", Location(path, 1841))
    return Lockfile(path, Manager.NPM, "package-lock", "3", (pin,))


def repository(**more: Any) -> Repository:
    project = Project("", "storefront", Manager.NPM, lockfile(), ())
    return Repository(**{"projects": (project,)} | more)


def report(judged: Sequence[Judged] = (), unknowns: Sequence[Unknown] = (), **more: Any) -> Report:
    changed: Rows = more.pop("rows", {})
    verdict = max([Verdict.ALLOW, *(e.verdict for e in judged), *(e.verdict for e in unknowns)])
    outcomes = layers(changed)
    made: dict[str, Any] = {
        "name": "storefront",
        "repository": repository(),
        "policy": Policy("recommended", {}, {}, path="pratique.toml", digest="0" * 64),
        "layers": outcomes,
        "judged": tuple(judged),
        "unknowns": tuple(unknowns),
        "via": {},
        "expired": (),
        "releases": 527,
        "verdict": verdict,
        "exit": exit_of(judged, unknowns, outcomes, None),
    }
    return Report(**made | more)


def healthy() -> Report:
    return report()


WIDGET = release("left-widget", "2.4.1")
WIDGET_JUDGED = (
    Judged(
        Finding(
            "behavior/new-capability",
            "gained exec.process, secret.path:ssh in a patch release",
            release=WIDGET,
            where=Location("package-lock.json", 1841),
            evidence=(
                Evidence(
                    "execSync(`cat ${home}/.ssh/id_rsa`)", Location("package/lib/setup.js", 14)
                ),
            ),
            remedy=Remedy(command="npm install left-widget@2.4.0 --save-exact"),
            sha512=SHA,
        ),
        Action.BLOCK,
    ),
    Judged(
        Finding(
            "release-age/too-new",
            "published 7 hours ago, mature 2026-11-25 02:12 UTC",
            release=WIDGET,
            where=Location("package-lock.json", 1841),
            remedy=Remedy(command="npm install left-widget@2.4.0 --save-exact"),
            sha512=SHA,
        ),
        Action.BLOCK,
    ),
)
UNDECIDED = Judged(
    Finding(
        "build-scripts/undecided",
        "runs postinstall, and nobody has decided about it",
        release=release("@corp/native", "1.0.3"),
        where=Location("package-lock.json", 77),
        evidence=(Evidence("postinstall: node-gyp rebuild"),),
        remedy=Remedy(
            edits=(
                Edit(
                    Location("pratique.toml"),
                    "",
                    '[[build-scripts.approve]]\nrelease = "@corp/native@1.0.3"',
                ),
            )
        ),
    ),
    Action.WARN,
)


def storefront() -> Report:
    """The example of the design: one release blocked, one to decide, two layers unknown."""
    return report(
        [*WIDGET_JUDGED, UNDECIDED],
        via={WIDGET: "dev \u00b7 via vite > widget-kit"},
        rows={
            2: (State.BLOCK, "1 release younger than 3 days"),
            3: (State.WARN, "1 of 4 undecided"),
            6: (State.PARTIAL, "renovate.json: cooldown 1 day, policy asks 3"),
            7: (State.UNKNOWN, "the registry offers no signing keys"),
            8: (State.UNKNOWN, "no attestations to compare"),
            9: (State.BLOCK, "1 release gained 2 capabilities"),
        },
    )


def thirty() -> Report:
    """Thirty findings of four rules: 10 block, 10 quarantine, 10 warn."""
    kinds = (
        ("behavior/new-capability", Action.BLOCK),
        ("lockfile/weak-integrity", Action.QUARANTINE),
        ("build-scripts/undecided", Action.WARN),
    )
    judged = [
        Judged(
            Finding(
                name,
                f"observation number {number} of this kind, in words long enough to be wrapped",
                release=release(f"package-{action.name.lower()}-{number}", f"1.{number}.0"),
                where=Location("package-lock.json", 100 * number + 7),
                evidence=(Evidence("what was seen", Location("package/index.js", number + 1)),),
                remedy=Remedy(
                    command=f"npm install package-{action.name.lower()}-{number}@1.0.0 --save-exact"
                ),
                sha512=SHA,
            ),
            action,
        )
        for name, action in kinds
        for number in range(10)
    ]
    rows: Rows = {
        1: (State.QUARANTINE, "10 entries with weak integrity"),
        3: (State.WARN, "10 of 40 undecided"),
        9: (State.BLOCK, "10 releases gained capabilities"),
    }
    return report(judged, rows=rows)


def similar(count: int = 2000) -> Report:
    judged = [
        Judged(
            Finding(
                "release-age/too-new", "published 2 hours ago", release=release(f"p{n}", "1.0.0")
            ),
            Action.BLOCK,
        )
        for n in range(count)
    ]
    return report(judged, rows={2: (State.BLOCK, f"{count} releases younger than 3 days")})


def offline() -> Report:
    missing = Missing(Why.OFFLINE, "the store has no answer, and --offline asks nobody")
    unknowns = [
        Unknown("release-age/too-new", missing, Action.QUARANTINE, release=release(name, "1.0.0"))
        for name in ("one", "two", "three")
    ]
    absent = Missing(Why.ABSENT, "this registry's times are untrusted")
    unknowns.append(
        Unknown("lockfile/weak-integrity", absent, Action.WARN, release=release("one", "1.0.0"))
    )
    python = Unread("services/api/uv.lock", "Python lockfiles are not read in this version")
    return report(
        (),
        unknowns,
        offline=True,
        rows={2: (State.UNKNOWN, "unknown 3 of 527: offline")},
        repository=repository(
            not_examined=(python,),
            excluded=(("fixtures/**", "recorded data", 41),),
            uncovered=("tools/package.json",),
        ),
        notes=("partial run: only lockfile, release age; build-scripts did not run",),
    )


def exemption(until: date = date(2027, 1, 1)) -> Exemption:
    return Exemption(
        rule="build-scripts/undecided",
        purl="pkg:npm/%40corp/native@1.0.3",
        sha512=SHA,
        reason="our own build",
        owner="platform",
        until=until,
        where=Location("pratique.toml", 12),
    )


def change() -> Report:
    """A change with one blocked update, an exempted, an observed and a loosened finding."""
    loosened = Judged(
        Finding(
            "policy/loosened",
            "release-age.cooldown goes from 3 days to 1 hour",
            where=Location("pratique.toml", 4),
            key="release-age.cooldown",
        ),
        Action.QUARANTINE,
    )
    observed = Judged(
        Finding("lockfile/patched", "a patch is applied", release=release("patched", "3.0.0")),
        Action.OBSERVE,
    )
    exempted = Judged(UNDECIDED.finding, Action.WARN, exemption())
    against = Change(
        base="main",
        commit="3f2a1b9c0d" * 4,
        added=(WIDGET, release("brand-new", "0.1.0")),
        removed=(release("left-widget", "2.4.0"), release("gone", "1.0.0")),
        altered=(release("same", "1.0.0"),),
        updated=((Package("left-widget"), "2.4.0", "2.4.1"),),
    )
    return report(
        [loosened, *WIDGET_JUDGED, observed, exempted],
        via={WIDGET: "dev \u00b7 via vite > widget-kit"},
        change=against,
        expired=(exemption(date(2026, 1, 1)),),
        rows={
            1: (State.QUARANTINE, "4 entries bound to the registry"),
            2: (State.BLOCK, "1 release younger than 3 days"),
            9: (State.BLOCK, "1 release gained 2 capabilities"),
        },
    )


HOSTILE = {
    "ansi": "\x1b[2J\x1b[31mred",
    "osc": "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "c1": "\x9b31m",
    "bidi": "safe\u202egpj.exe",
    "isolate": "a\u2066b\u2069",
    "zero-width": "le\u200bft\u200d\ufeff",
    "newlines": "one\ntwo\r\nthree\u2028four\x85five",
    "tags": "a\U000e0041\U000e0042",
    "zalgo": "z" + "\u0301" * 30,
    "variation": "a\ufe0fb\u3164c",
    "delete": "a\x7fb\x00c\x08",
    "surrogate": "bad\udcffbyte",
    "pipes": "a|b\\|c||d",
    "backticks": "`` ` ``` code",
    "html": "<img src=x onerror=alert(1)><!-- --></details>",
    "mention": "@everyone #1 GH-1 org/repo#2",
    "link": "[text](javascript:alert(1)) ![i](https://evil.example/x.png)",
    "bare-link": "https://evil.example www.evil.example a@b.example",
    "emphasis": "**bold** _it_ ~~gone~~",
    "heading": "# title\n- item\n> quote\n---",
    "workflow": "::error file=a::text",
    "placeholder": "{0} {{1}} [a](1)",
    "shell": "$(touch x); `id` && rm -rf ~",
    "long": "x" * 5000,
}


def hostile(text: str) -> Report:
    """A report in which every string that can come from outside is `text`."""
    bad = release(text, text)
    where = Location(f"dir/{text}/package-lock.json", 3)
    finding = Finding(
        "release-age/too-new",
        f"published by {text}",
        project=text,
        release=bad,
        where=where,
        evidence=(Evidence(text, where), Evidence(text)),
        remedy=Remedy(edits=(Edit(where, text, text), Edit(where, "", text))),
        sha512=SHA,
        key=text,
    )
    spared = Exemption("release-age/too-new", text, None, text, text, date(2027, 1, 1), where=where)
    missing = Missing(Why.FAILED, text)
    project = Project(text, text, Manager.NPM, lockfile(f"{text}/package-lock.json"), ())
    return report(
        [
            Judged(finding, Action.BLOCK),
            Judged(Finding("lockfile/absent", text, project=text), Action.WARN),
            Judged(finding, Action.WARN, spared),
        ],
        [Unknown("release-age/too-new", missing, Action.WARN, text, bad, where)],
        name=text,
        repository=Repository(
            (project, project), (Unread(text, text),), ((text, text, 1),), (text,)
        ),
        policy=Policy("recommended", {}, {}, path=text),
        rows={2: (State.BLOCK, text)},
        via={bad: text},
        expired=(spared,),
        change=Change(text, "0" * 40, (bad,), (bad,), (bad,), ((Package(text), text, text),)),
        notes=(text,),
    )


def every_hostile() -> Report:
    return hostile("".join(text for name, text in HOSTILE.items() if name != "long"))


SAMPLES = {
    "healthy": healthy,
    "storefront": storefront,
    "thirty": thirty,
    "similar": similar,
    "offline": offline,
    "change": change,
    "hostile": every_hostile,
}
