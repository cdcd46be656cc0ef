"""Wrong as a whole: what is missing from an endpoint's answer, or belongs to something else."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.forge.claims import SLSA_V1, Build
from tests.forge.forge import PUBLISH, WHEN, Artifact, another
from tests.forge.negatives.table import World, negative
from tests.forge.offer import Offer, offer


@negative("B5")
def publish_attestation_stripped(world: World) -> Offer:
    """The provenance alone."""
    return world.offer(world.pair()[1])


@negative("B7")
def provenance_stripped(world: World) -> Offer:
    """The publish attestation alone, while the document names a provenance."""
    return world.offer(world.pair()[0])


@negative("B7")
def empty_list(world: World) -> Offer:
    """An answer with no attestation, while the document names a provenance."""
    return world.offer().with_bundles([])


@negative("B7")
def not_found(world: World) -> Offer:
    """The endpoint answers 404, while the document names a provenance."""
    return world.offer(answer=None)


@negative("B3")
def bundles_of_another_package(world: World) -> Offer:
    """Another package's answer, good for that."""
    other = offer(world.forge, Artifact("gadget"))
    return world.offer(answer=other.answer)


@negative("B3")
def bundles_of_another_version(world: World) -> Offer:
    """The answer of the version before, good for that."""
    other = offer(world.forge, another(Artifact(), version="0.9.9"))
    return world.offer(answer=other.answer)


@negative("B3", "B6")
def publish_attestation_of_another_version(world: World) -> Offer:
    """The right provenance with the publish attestation of the version before."""
    publish = world.forge.publish(another(Artifact(), version="0.9.9"))
    return world.offer(publish, world.pair()[1])


@negative("B4")
def attestations_of_other_bytes(world: World) -> Offer:
    """The same name and version, attested with other bytes."""
    other = offer(world.forge, another(Artifact(), content=b"the real tarball"))
    return world.offer(answer=other.answer)


@negative("B4")
def publish_attestation_of_other_bytes(world: World) -> Offer:
    """The right provenance, and the registry took other bytes under that name and version."""
    publish = world.forge.publish(another(Artifact(), content=b"the real tarball"))
    return world.offer(publish, world.pair()[1])


@negative("B1")
def outer_types_swapped(world: World) -> Offer:
    """The unsigned predicateType of each is the other's."""
    publish, provenance = world.pair()
    publish["predicateType"], provenance["predicateType"] = SLSA_V1, PUBLISH
    return world.offer(publish, provenance)


@negative("B1")
def publish_attestation_called_provenance(world: World) -> Offer:
    """Two publish attestations, one of which the answer calls a provenance."""
    publish, _provenance = world.pair()
    again = world.forge.publish() | {"predicateType": SLSA_V1}
    return world.offer(publish, again)


@negative("B1")
def outer_type_unknown(world: World) -> Offer:
    """The unsigned predicateType of the provenance is one that nobody knows."""
    publish, provenance = world.pair()
    provenance["predicateType"] = "https://slsa.dev/provenance/v9"
    return world.offer(publish, provenance)


@negative("crypto", says="stands there twice")
def two_members_of_one_name(world: World) -> Offer:
    """A second member `bundle` behind the first, with another package's bundle in it."""
    good = world.offer()
    raw = good.answer or b""
    other = world.forge.provenance(Artifact("gadget"))["bundle"]
    twice = b'"bundle": ' + json.dumps(other).encode()
    return good.but(answer=raw.replace(b'"bundle": ', twice + b', "bundle": ', 1))


@negative("crypto", says="no JSON")
def an_answer_that_is_not_json(world: World) -> Offer:
    """The answer is cut in half."""
    good = world.offer()
    raw = good.answer or b""
    return good.but(answer=raw[: len(raw) // 2])


@negative("crypto", says="must be a list")
def a_list_that_is_an_object(world: World) -> Offer:
    """`attestations` is an object whose members are attestations."""
    return world.offer(answer=b'{"attestations": {"0": {}, "length": 1}}')


@negative("crypto", says="nested")
def an_answer_nested_without_end(world: World) -> Offer:
    """A hundred thousand brackets."""
    return world.offer(answer=b'{"attestations": ' + b"[" * 100_000)


@negative("crypto", says="larger than")
def an_answer_without_end(world: World) -> Offer:
    """The right answer, and sixty megabytes of spaces behind it."""
    good = world.offer()
    return good.but(answer=(good.answer or b"") + b" " * 60_000_000)


@negative("crypto", says="surrogate")
def an_answer_with_half_a_letter(world: World) -> Offer:
    """A lone surrogate, which two readers make different text of."""
    good = world.offer()
    raw = good.answer or b""
    return good.but(answer=raw.replace(b'"predicateType": "', b'"predicateType": "\\ud800', 1))


@negative("crypto", says="more than")
def a_hundred_attestations(world: World) -> Offer:
    """The right two, and ninety-eight more of the first."""
    publish, provenance = world.pair()
    return world.offer(publish, provenance, *[publish] * 98)


@negative("B10")
def published_long_after_it_was_built(world: World) -> Offer:
    """The registry took it two days after the build: an old bundle with a newer publication."""
    answer = world.forge.answer(gap=timedelta(days=2))
    return world.offer(*answer["attestations"])


@negative("B10")
def built_after_it_was_published(world: World) -> Offer:
    """The registry took it an hour before the build said that it made it."""
    publish = world.forge.publish(at=WHEN - timedelta(hours=1))
    return world.offer(publish, world.pair()[1])


@negative("B2", "B5", "B7")
def a_second_provenance_of_another_source(world: World) -> Offer:
    """Beside the right provenance another one, of the attacker's own repository."""
    own = world.forge.provenance(build=Build(repository="https://github.com/mallory/widget"))
    publish, provenance = world.pair()
    return world.offer(publish, provenance, own)
