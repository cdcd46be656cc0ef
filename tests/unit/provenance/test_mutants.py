"""An answer can be edited where nobody signed it: it is refused, or says the same to the byte."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from tests.forge import FIRST, SECOND, THIRD, Build, Shape
from tests.fuzz.fuzz_bundle import ANSWERS, FORGE, WHICH, record

from pratique.errors import RefusedError

Json = Any
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def bundles(answer: Json) -> list[Json]:
    return [each["bundle"] for each in answer["attestations"]]


def entries(answer: Json) -> list[Json]:
    return [each["verificationMaterial"]["tlogEntries"][0] for each in bundles(answer)]


def twin(text: str) -> str:
    """The other signature that verifies: (r, n - s)."""
    r, s = decode_dss_signature(base64.b64decode(text))
    return base64.b64encode(encode_dss_signature(r, ORDER - s)).decode()


def other_promises(answer: Json) -> None:
    for entry in entries(answer):
        promise = entry["inclusionPromise"]
        promise["signedEntryTimestamp"] = twin(promise["signedEntryTimestamp"])


def older_form(answer: Json) -> None:
    for each in bundles(answer):
        each["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1"


def no_proof(answer: Json) -> None:
    older_form(answer)
    for entry in entries(answer):
        entry["inclusionProof"] = None


def alone(answer: Json) -> None:
    for each in bundles(answer):
        chain = each["verificationMaterial"].get("x509CertificateChain")
        if chain:
            del chain["certificates"][1:]


def no_keyid(answer: Json) -> None:
    for each in bundles(answer):
        each["dsseEnvelope"]["signatures"][0]["keyid"] = ""


def more_members(answer: Json) -> None:
    answer["note"] = {"a": [1, None]}
    for each in bundles(answer):
        each["verificationMaterial"]["more"] = each["more"] = "\u2603"


def turned(answer: Json) -> None:
    answer["attestations"].reverse()


def other_name_of_the_form(answer: Json) -> None:
    for each in bundles(answer):
        if "certificate" in each["verificationMaterial"]:
            each["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.3"


def numbers(answer: Json) -> None:
    for entry in entries(answer):
        entry["logIndex"] = int(entry["logIndex"])


@pytest.mark.parametrize(
    ("shape", "edit"),
    [
        (FIRST, other_promises),
        (SECOND, other_promises),
        (THIRD, other_promises),
        (SECOND, older_form),
        (SECOND, no_proof),
        (FIRST, alone),
        (FIRST, no_keyid),
        (THIRD, no_keyid),
        (THIRD, more_members),
        (SECOND, turned),
        (THIRD, other_name_of_the_form),
        (THIRD, numbers),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_is_accepted_though_edited_has_the_same_record(
    shape: Shape, edit: Callable[[Json], None]
) -> None:
    source = json.dumps(FORGE.answer(WHICH, Build(), shape=shape)).encode()
    answer = json.loads(source)
    edit(answer)
    changed = json.dumps(answer, indent=2).encode()
    assert changed != source
    # Each call of the forge signs by a new key: what is compared is the same answer, edited.
    assert record(source) is not None
    assert record(source) == record(changed)


def test_a_flipped_bit_changes_nothing_or_all() -> None:
    draw = random.Random(5)  # noqa: S311 - a seed, not a secret
    for source in ANSWERS:
        held = record(source)
        for _ in range(150):
            changed = bytearray(source)
            changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
            try:
                assert record(bytes(changed)) in (None, held)
            except RefusedError:
                continue
