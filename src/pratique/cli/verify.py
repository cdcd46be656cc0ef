"""`pratique verify`: who made these releases, and can that be shown?"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import click

from pratique.cli import bar, streams, verify_vsa, version
from pratique.cli import options as shared


class _Options(TypedDict):
    attestations: Path | None
    repository: str | None
    form: str
    explain: bool
    output: Path | None
    policy: Path | None
    offline: bool
    width: int | None
    key: Path | None
    lockfile: Path | None


@click.command(
    epilog="""\b
Examples:
  pratique verify                         every locked release
  pratique verify package-lock.json --offline
  pratique verify left-pad@1.3.0 --explain
  pratique verify app-1.0.0.tgz --attestations app.json --identity-repository owner/name
  pratique verify pratique.vsa --key signer.pub --lockfile package-lock.json

Exit codes: 0 verified, 1 refused, 3 unknown. Nothing verified is unknown, and never 0.
"""
)
@click.argument("target", default=".", metavar="[PATH|NAME@VERSION|FILE.tgz|FILE.vsa]")
@click.option(
    "--attestations",
    metavar="FILE",
    type=shared.PATH,
    help="What attests to FILE.tgz: the answer of a registry's endpoint, or one bundle.",
)
@click.option(
    "--identity-repository",
    "repository",
    metavar="OWNER/NAME",
    help="With --attestations: the repository that must have built it.",
)
@shared.formats(("text", "json"))
@click.option("--explain", is_flag=True, help="Also print each rule with its verdict.")
@shared.output("Write")
@shared.policy("Take pins and registries from")
@shared.offline(undecided=True)
@shared.width("the text")
@verify_vsa.with_options
def command(target: str, **options: Unpack[_Options]) -> int:
    """Verify registry signatures and provenance of what is locked, of one release, or of a file.

    A signature is verified over what the lockfile locks, by keys that are pinned; attestations are
    bound to the package, the bytes and the build. `pratique check` also asks whether they are
    those that earlier releases lead one to expect.

    FILE.vsa is what `pratique check --attest` signed: it is verified to be by --key, about
    --lockfile and, where it is given, by --policy.
    """
    now = datetime.now(UTC)  # noqa: TID251 - here the clock is read, once
    if verify_vsa.is_vsa(target, options):
        key, lockfile, policy = options["key"], options["lockfile"], options["policy"]
        return verify_vsa.verify_vsa(
            Path(target), key=key, lockfile=lockfile, policy=policy, now=now
        )
    from pratique.reports import verification_json_v1, verification_text  # noqa: PLC0415 - below
    from pratique.reports.page import Page  # noqa: PLC0415 - as below
    from pratique.verifying import Call, verify  # noqa: PLC0415 - loads cryptography

    found = verify(
        target,
        Call(
            now=now,
            environment=os.environ,
            policy_file=options["policy"],
            offline=options["offline"],
            attestations=options["attestations"],
            repository=options["repository"],
            explain=options["explain"] or options["form"] == "json",
            progress=bar.watched(sys.stderr, os.environ),
        ),
    )
    page = Page(
        width=streams.width_of(sys.stdout, options["width"]),
        colour=options["output"] is None and streams.may_colour(sys.stdout, os.environ),
        version=version(),
    )
    if options["form"] == "json":
        text = verification_json_v1.render(found, page)
    else:
        text = verification_text.render(found, page, explain=options["explain"])
    streams.deliver(text, options["output"], verification_text.closing(found))
    return found.exit
