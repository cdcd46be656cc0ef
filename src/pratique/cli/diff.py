"""`pratique diff`: what one release can do that another cannot."""

from __future__ import annotations

from typing import Unpack

import click

from pratique.cli import looking
from pratique.inspecting import diff
from pratique.reports.difference_formats import DIFF
from pratique.reports.difference_words import closing


@click.command(
    epilog="""\b
Examples:
  pratique diff left-widget@2.4.0 left-widget@2.4.1
  pratique diff left-widget@2.4.0 left-widget@2.4.1 --age '3 days'
  pratique diff left-widget@2.4.0 left-widget@latest --format html --output diff.html
  pratique diff old.tgz new.tgz --format json | jq -r '.gained[].id'
"""
)
@click.argument("before", metavar="NAME@A|A.tgz", type=click.Path())
@click.argument("after", metavar="NAME@B|B.tgz", type=click.Path())
@looking.options(DIFF)
def command(before: str, after: str, **given: Unpack[looking.Options]) -> int:
    """Say what the second release, or archive, can do that the first cannot.

    What was gained, where the code has it, what changed in the manifest, and what that leads to:
    exit 0 for allow and warn, 1 for quarantine and block, 3 where an artifact cannot be had. The
    page that `--format html` makes shows the code of both side by side; it holds no script.
    """
    compared = diff(before, after, looking.terms(given), with_code=given["form"] == "html")
    looking.deliver(compared, DIFF, given, closing(compared))
    return int(compared.exit)
