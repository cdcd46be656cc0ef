"""The five answers that npm's client library accepts, made of any good one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.forge.claims import SLSA_V1, Document
from tests.forge.forge import PUBLISH
from tests.forge.offer import Offer


def by_mail(good: Offer, bundle: Document) -> Offer:
    """A bundle that a private person signed stands for the provenance."""
    publish = [one for one in _bundles(good) if one["predicateType"] == PUBLISH]
    return good.with_bundles([*publish, {"predicateType": SLSA_V1, "bundle": bundle}])


def empty(good: Offer, _bundle: Document) -> Offer:
    """A list without an attestation."""
    return good.with_bundles([])


def without_publish(good: Offer, _bundle: Document) -> Offer:
    """The provenance alone."""
    return good.with_bundles([one for one in _bundles(good) if one["predicateType"] != PUBLISH])


def without_provenance(good: Offer, _bundle: Document) -> Offer:
    """The publish attestation alone."""
    return good.with_bundles([one for one in _bundles(good) if one["predicateType"] == PUBLISH])


def stripped(good: Offer, _bundle: Document) -> Offer:
    """The registry's document does not say that there are attestations."""
    return good.but(claims=None)


FIVE: dict[str, Callable[[Offer, Document], Offer]] = {
    "provenance signed by an e-mail address": by_mail,
    "empty list": empty,
    "provenance without publish attestation": without_publish,
    "publish attestation without provenance": without_provenance,
    "dist.attestations stripped": stripped,
}


def _bundles(good: Offer) -> list[Any]:
    found: list[Any] = json.loads(good.answer or b"{}")["attestations"]
    return found
