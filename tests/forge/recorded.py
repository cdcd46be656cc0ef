"""The table of negatives as it is checked in, with npm's verdict beside ours."""

from __future__ import annotations

from collections.abc import Sequence

from tests.clients import Client
from tests.conftest import ROOT
from tests.forge.claims import Document
from tests.forge.forge import Forge
from tests.forge.negatives import TABLE, World
from tests.forge.node import Audited, audited, version_of
from tests.forge.offer import Offer
from tests.forge.serving import serving

TABLE_FILE = ROOT / "tests" / "vectors" / "forgeries.tsv"


def asked_of_npm(client: Client, offers: Sequence[Offer]) -> list[Document]:
    """What the pacote of an npm says of each offer."""
    with serving(offers) as urls:
        asked = [
            Audited(url, f"{one.artifact.name}@{one.artifact.version}", one.root, one.keys)
            for url, one in zip(urls, offers, strict=True)
        ]
        return audited(client, asked)


def as_text(client: Client) -> str:
    """The whole file."""
    world = World(Forge(), Forge("another world"))
    said = asked_of_npm(client, [one.make(world) for one in TABLE])
    npm = f"pacote {version_of(client, 'pacote')}"
    lines = [("name", "refused by", npm, "how it is made")]
    lines += [
        (one.name, " or ".join(one.rules), _verdict(verdict), one.how)
        for one, verdict in zip(TABLE, said, strict=True)
    ]
    return "".join("\t".join(line) + "\n" for line in lines)


def _verdict(said: Document) -> str:
    """`accepted`, or the error's code; some of its errors are crashes that have none."""
    return "accepted" if said["accepted"] else said["code"] or "crashes"
