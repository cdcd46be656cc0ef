"""The house rules that no linter holds: purity as loaded, registration, size."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ROOT

from pratique.layers import LAYERS, TITLES, rules
from pratique.model.fact import Missing

SRC = ROOT / "src" / "pratique"
PURE = (
    "archives",
    "capabilities",
    "difference",
    "errors",
    "ledger",
    "lineage",
    "model",
    "provenance",
    "syntax",
    "ecosystems",
    "layers",
    "evaluate",
    "comparison",
    "change",
    "reports",
)
PURE_OF_THE_FIREWALL = frozenset(
    f"pratique.proxy.{name}"
    for name in (
        "accounts", "answers", "bundles", "candidates", "deciding", "decision", "document",
        "limits", "members", "packument", "pages", "paths", "private", "publishing", "searching",
        "settings", "shelf", "tags", "tokens", "verdicts",
    )
)  # fmt: skip
IO = ("socket", "ssl", "sqlite3", "subprocess", "http.client", "urllib3", "sqlalchemy", "asyncio")
LOADED = {"provenance": ("socket",)}
"""What a library loads for itself: cryptography.x509 reads mail addresses by email.utils."""
LONGEST_FUNCTION = 60
LONGEST_FILE = 400


def modules() -> Iterator[str]:
    for path in sorted(SRC.rglob("*.py")):
        parts = path.relative_to(SRC.parent).with_suffix("").parts
        yield ".".join(parts).removesuffix(".__init__")


def pure_modules() -> list[str]:
    every = list(modules())
    assert set(every) >= PURE_OF_THE_FIREWALL
    rooms = [name for name in every if name.count(".") and name.split(".")[1] in PURE]
    return [*rooms, *sorted(PURE_OF_THE_FIREWALL)]


PROGRAM = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*[each for each in sys.argv[2:] if each in sys.modules])
"""


@pytest.mark.parametrize("name", pure_modules())
def test_a_pure_module_loads_no_io_in_a_fresh_interpreter(name: str) -> None:
    forbidden = [each for each in IO if each not in LOADED.get(name.split(".")[1], ())]
    command = [sys.executable, "-c", PROGRAM, name, *forbidden]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "", "") == (done.returncode, done.stdout.strip(), done.stderr)


@pytest.mark.parametrize(
    "path", sorted(SRC.rglob("*.py")), ids=lambda path: str(path.relative_to(SRC))
)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            documented = ast.get_docstring(node, clean=False)
            length -= documented.count("\n") + 1 if documented else 0
            assert length <= LONGEST_FUNCTION, f"{path.name}: {node.name} has {length} lines"


def test_every_layer_file_is_registered_and_every_layer_is_one_of_the_eleven() -> None:
    files = {path.stem for path in (SRC / "layers").glob("[!_]*.py")}
    asked = {layer.name for layer in LAYERS}
    assert files == {name.replace("-", "_") for name in asked}
    assert [list(TITLES).index(layer.name) + 1 for layer in LAYERS] == [x.number for x in LAYERS]


def test_rule_ids_are_kebab_case_in_their_layer_and_unique() -> None:
    every = [(layer.name, rule.id) for layer in LAYERS for rule in layer.rules]
    assert len(every) == len(rules())
    for layer, rule in every:
        assert re.fullmatch(rf"{layer}/[a-z0-9]+(-[a-z0-9]+)*", rule)


def test_every_rule_says_why_and_what_to_do() -> None:
    for rule in rules().values():
        assert rule.summary
        assert rule.why.endswith(".")
        assert rule.fix.endswith(".")


def test_every_layer_has_a_page_with_its_rules() -> None:
    command = [sys.executable, "tools/generate_layer_docs.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stdout)


def test_every_capability_has_its_page_in_the_documentation() -> None:
    command = [sys.executable, "tools/generate_capability_docs.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stdout)


def test_the_page_of_the_clients_says_what_is_expected_of_them() -> None:
    command = [sys.executable, "tools/generate_client_docs.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stdout)


def test_every_dependency_has_a_reason_and_an_owner() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (ROOT / "docs" / "dependencies.md").read_text().lower()
    extras = project["optional-dependencies"].values()
    for requirement in (*project["dependencies"], *(each for extra in extras for each in extra)):
        name = re.split(r"[<>=~! \[]", requirement)[0].lower()
        assert f"| {name} |" in text or f"| [{name}]" in text, name


def test_no_name_of_the_recorded_corpus_decides_anything(shared: Path) -> None:
    """A rule that knew a test's package would be fitted to it (DECISIONS 39)."""
    rows = (shared / "corpus" / "benign-updates.tsv").read_text().splitlines()[1:]
    names = {row.split("\t")[0] for row in rows}
    own = {"pnpm", "yarn", "npm", "bun", "semver", "node", "is", "glob", "commander", "debug"}
    strings = set(_string_constants())
    assert set() == {name for name in names - own if name in strings}


def _string_constants() -> Iterator[str]:
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


REGISTRY_HOSTS = frozenset(
    {
        "05b16d11407cc4e4",
        "0dc11026ac75c015",
        "0e10f3b8bb2a1ef3",
        "386c042daaf7f1eb",
        "3ca29e55be4befa4",
        "5cd04dc6512f5c57",
        "70bb4000cd2fab03",
        "8743857e3ea00fd1",
        "9495278a74715c7e",
        "a4aa2ac280bb8d1a",
        "c899567ee9068517",
        "f5c653675ede2254",
        "fd0c6a9279196963",
    }
)
"""The first 16 digits of the SHA-256 of public registries' hosts, which are not written here."""


def test_no_registrys_host_is_written_anywhere() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    found = set()
    for path in filter(None, listed.split("\0")):
        file = ROOT / path
        if file.is_file() and not file.is_symlink():
            found |= {(path, host) for host in hosts_in(file.read_bytes())}
    assert set() == found


def hosts_in(source: bytes) -> set[str]:
    named = set(re.findall(rb"[a-z0-9-]+(?:\.[a-z0-9-]+)+", source.lower()))
    return {
        host.decode() for host in named if hashlib.sha256(host).hexdigest()[:16] in REGISTRY_HOSTS
    }


def test_a_missing_fact_is_not_false_by_accident() -> None:
    """`if fact:` must not read Missing as an empty value."""
    from pratique.model.fact import Why

    assert bool(Missing(Why.FAILED, "x"))
