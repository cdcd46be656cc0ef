"""`pratique inspect`: what one artifact can do."""

from __future__ import annotations

from typing import Unpack

import click

from pratique.cli import looking
from pratique.inspecting import inspect
from pratique.reports.analysis_text import closing
from pratique.reports.difference_formats import INSPECT


@click.command(
    epilog="""\b
Examples:
  pratique inspect left-widget@2.4.1            a release, by the registry
  pratique inspect @corp/tool@latest            whatever the tag stands for
  pratique inspect dist/left-widget-2.4.1.tgz   a file; no registry is asked
  pratique inspect left-widget@2.4.1 --format json | jq .fingerprint
"""
)
@click.argument("target", metavar="NAME@VERSION|FILE.tgz", type=click.Path())
@looking.options(INSPECT)
def command(target: str, **given: Unpack[looking.Options]) -> int:
    """Say what the artifact of one release, or one archive, can do.

    Nothing is unpacked and nothing is run. There is nothing to compare with, so it is judged like
    a first install: what of it is new, only `pratique diff` can tell. Exit 1 where the archive
    cannot be analysed, or where it runs code at install and hides what that does.
    """
    inspected = inspect(target, looking.terms(given))
    looking.deliver(inspected, INSPECT, given, closing(inspected))
    return int(inspected.exit)
