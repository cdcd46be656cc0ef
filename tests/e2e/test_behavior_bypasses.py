"""Updates that once passed `check --base` unseen: each is held, and stays so.

What one file shows is in the tables of the capabilities; here is one of each way in, end to end.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.checking import User, Work, days_ago, entry, loud, npm, user, work
from tests.registry import Registry

from pratique.errors import Exit
from pratique.model.policy import Verdict

__all__ = ["user", "work"]

CALM = "module.exports = name => `hello ${name}`;\n"
RUNS = "require('child_process').exec('id')"
LOADS = "module.exports = require('./data.bin');\n"

# What the update brings: files, and members of its manifest.
UPDATES: dict[str, dict[str, Any]] = {
    "a name with letters escaped for nothing": {
        "files": {"index.js": r"require('\child_pr\ocess').exec('id')"}
    },
    "a name in octal": {"files": {"index.js": r"require('child\137process').exec('id')"}},
    "a name that a template completes": {
        "files": {"index.js": "module.exports = name => require(`node:${name}`)"}
    },
    "what wraps a module": {"files": {"index.js": "arguments[1]('child_process').exec('id')"}},
    "the module process": {
        "files": {"index.js": "require('process').binding('spawn_sync').spawn({})"}
    },
    "a pattern over the global object": {
        "files": {"index.js": "const {process: p} = globalThis; p.binding('spawn_sync')"}
    },
    "a require of TypeScript": {"files": {"main.cts": f"import cp = {RUNS.partition('.')[0]};"}},
    "a picture that is code": {"files": {"index.js": LOADS, "data.bin": f"GIF89a=1;{RUNS}"}},
    "a NUL in a comment": {"files": {"index.js": LOADS, "data.bin": f"/*\0*/{RUNS}"}},
    "a long comment before code": {
        "files": {"index.js": LOADS, "data.bin": f"/*{' licence' * 99}*/{RUNS}"}
    },
    "a loop around code": {
        "files": {"index.js": LOADS, "data.bin": f"while (true) {{ {RUNS}; break }}"}
    },
    "another name in the manifest": {
        "files": {"index.js": "require('#a').exec('id')"},
        "packed": {"imports": {"#a": "child_process"}},
    },
    "a pattern of names in the manifest": {
        "files": {"index.js": "require('#a/child').exec('id')"},
        "packed": {"imports": {"#a/*": "node:*_process"}},
    },
    "a first line that loads code": {
        "files": {"cli.js": f"#!/usr/bin/env -S node --import data:text/javascript,0\n{CALM}"},
        "bin": "cli.js",
    },
    "a first line that only mentions a run-time": {
        "files": {"cli": '#!/bin/sh -c "exec node"\nid\n'}, "bin": "cli",
    },
    "another program in its place": {
        "files": {"index.js": "process.execve('/bin/sh', ['sh', '-c', 'id'])"}
    },
    "the constructor of functions, handed on": {
        "files": {"index.js": "Reflect.construct(function(){}.constructor, [a])()"}
    },
}  # fmt: skip


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_is_held_although_it_hides_what_it_does(
    name: str, registry: Registry, work: Work, user: User
) -> None:
    brought = dict(UPDATES[name])
    files = {"index.js": CALM, **brought.pop("files")}
    old = registry.publish("widget", "1.0.0", files={"index.js": CALM}, published=days_ago(400))
    new = registry.publish("widget", "1.0.1", files=files, published=days_ago(5), **brought)
    work.begin(npm({"widget": entry(registry, old)}))
    work.commit(npm({"widget": entry(registry, new)}))
    report = user.check(work.folder, base="main")
    (found,) = [one for one in loud(report) if one.finding.rule == "behavior/new-capability"]
    assert found.verdict >= Verdict.WARN
    assert (report.exit is Exit.ALLOWED) == (found.verdict is Verdict.WARN)
