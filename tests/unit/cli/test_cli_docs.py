"""The documented command line is the real one."""

from __future__ import annotations

import importlib.util

from tests.conftest import ROOT


def test_docs_cli_is_current() -> None:
    spec = importlib.util.spec_from_file_location("cli_docs", ROOT / "tools/generate_cli_docs.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs/cli.md").read_text("utf-8") == module.document()
