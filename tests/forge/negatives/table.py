"""The table of negatives: a name, how each is made, and the rule that has to refuse it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.forge.authority import Leaf
from tests.forge.claims import SLSA_V1, STATEMENT_V1, Build, Document, slsa_v1
from tests.forge.forge import WHEN, Artifact, Forge, statement
from tests.forge.offer import Offer, offer
from tests.forge.shapes import THIRD, Shape


class World:
    """A forge, and short ways to offer something that is wrong in one place."""

    def __init__(self, forge: Forge, other: Forge) -> None:
        """A world, and `other`, of whose root and keys it knows nothing."""
        self.forge, self.other = forge, other

    def offer(self, *attestations: Document, **changes: Any) -> Offer:
        """The good offer with these attestations instead, and other changes."""
        changed = offer(self.forge).but(**changes)
        return changed.with_bundles(attestations) if attestations else changed

    def pair(self) -> tuple[Document, Document]:
        """A publish attestation and a provenance, both good; yours to edit."""
        publish, provenance = self.forge.answer()["attestations"]
        return publish, provenance

    def publish(self) -> Document:
        return self.forge.publish()

    def leaf(self, **changes: Any) -> Offer:
        """An offer whose provenance has another certificate than it should."""
        leaf = self.forge.leaf(Build()).but(**changes)
        return self.offer(self.publish(), self.forge.provenance(leaf=leaf))

    def signed(self, **how: Any) -> Offer:
        """An offer whose provenance is sealed in another way; `how` is told to `Forge.keyless`."""
        return self.offer(self.publish(), self.provenance(**how))

    def provenance(
        self,
        made: Mapping[str, Any] | bytes | None = None,
        *,
        leaf: Leaf | bytes | None = None,
        shape: Shape = THIRD,
        **how: Any,
    ) -> Document:
        """A provenance of any payload; by default of the good one."""
        default = statement(STATEMENT_V1, Artifact(), SLSA_V1, slsa_v1(Build()))
        sealed = self.forge.keyless(
            default if made is None else made,
            leaf or self.forge.leaf(Build()),
            WHEN,
            shape,
            **how,
        )
        return {"predicateType": SLSA_V1, "bundle": sealed}

    def edited(self, edit: Callable[[Document], None]) -> Offer:
        """An offer whose provenance bundle is edited in place, after all signatures."""
        publish, provenance = self.pair()
        edit(provenance["bundle"])
        return self.offer(publish, provenance)

    def entry(self, edit: Callable[[Document], None]) -> Offer:
        """The same for its entry of the log."""
        return self.edited(lambda bundle: edit(entry_of(bundle)))


Make = Callable[[World], Offer]


@dataclass(frozen=True)
class Negative:
    """One way to be wrong.

    Attributes:
        name: A sentence.
        rules: What may refuse it: `crypto`, `B1` to `B12`, `R1` to `R6`, or what the layer says
            of the signer.
        make: World -> the offer; its docstring says how it is made.
        says: What stands in the reason: where one rule has many, the right one is asked for.
    """

    name: str
    rules: tuple[str, ...]
    make: Make
    says: str = ""

    @property
    def how(self) -> str:
        return " ".join((self.make.__doc__ or "").split())


TABLE: list[Negative] = []


def negative(
    *rules: str, says: str = ""
) -> Callable[[Callable[[World], Offer]], Callable[[World], Offer]]:
    """Put a function into the table; its name is the case's, its docstring says how it is made."""

    def register(make: Make) -> Make:
        TABLE.append(Negative(make.__name__.replace("_", " "), rules, make, says))
        return make

    return register


def entry_of(bundle: Document) -> Document:
    """The log's entry of a bundle."""
    entry: Document = bundle["verificationMaterial"]["tlogEntries"][0]
    return entry
