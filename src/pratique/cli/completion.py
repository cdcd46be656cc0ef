"""`pratique completion`: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from pratique.cli import program, streams

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog="""\b
Examples:
  pratique completion bash > ~/.local/share/bash-completion/completions/pratique
  pratique completion zsh  > ~/.zfunc/_pratique
  pratique completion fish > ~/.config/fish/completions/pratique.fish
"""
)
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the completion script of SHELL: bash, zsh or fish."""
    form = get_completion_class(shell)
    if form is None:  # pragma: no cover - click ships all three
        return 4
    streams.print_text(form(program, {}, "pratique", "_PRATIQUE_COMPLETE").source() + "\n")
    return 0
