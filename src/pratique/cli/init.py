"""`pratique init`: write a starter policy."""

from __future__ import annotations

from pathlib import Path

import click

from pratique.cli import streams
from pratique.config import POLICY_FILE, starter_policy
from pratique.errors import UsageError

PRESETS = ("lenient", "recommended", "strict")


@click.command(
    epilog="""\b
Examples:
  pratique init                    write pratique.toml here
  pratique init --preset strict    7 days of cooldown; what cannot be known is blocked
"""
)
@click.argument(
    "path", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path()
)
@click.option("--preset", type=click.Choice(PRESETS), default="recommended", show_default=True)
def command(path: Path, preset: str) -> int:
    """Write a commented pratique.toml into PATH; an existing one is never touched."""
    target = path / POLICY_FILE
    if target.exists() or target.is_symlink():
        raise UsageError(f"{target} is already there", hint="edit it, or remove it first")
    streams.write_file(target, starter_policy(preset))
    click.echo(f"wrote {target}; next: pratique check")
    return 0
