"""What a verified bundle rests on: change any of it, and it is refused, and for that reason."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from tests.unit.provenance import vectors
from tests.unit.provenance.vectors import Row

from pratique.errors import RefusedError
from pratique.model.evidence import Key, Keys
from pratique.provenance import keys, rekor, root
from pratique.provenance.bundle import Bundle, read_bundle
from pratique.provenance.root import Root, Window, read_root
from pratique.provenance.verifying import verify

ANSWER = "sigstore-dotnet/samples__data__playwright-cli-0.1.1-attestations.json"
PUBLISH, BUILD = Row(ANSWER, 0, True, ""), Row(ANSWER, 1, True, "")
ANSWER_V01 = "npm-cli/test__fixtures__sigstore__valid-sigstore-attestations.json"
OLD_BUILD, OLD_PUBLISH = Row(ANSWER_V01, 0, True, ""), Row(ANSWER_V01, 1, True, "")
ALL = (PUBLISH, BUILD, OLD_BUILD, OLD_PUBLISH)

Json = Any
Edit = Callable[[Json], None]


def entry(bundle: Json) -> Json:
    return bundle["verificationMaterial"]["tlogEntries"][0]


def signature(bundle: Json) -> Json:
    return bundle["dsseEnvelope"]["signatures"][0]


def flipped(text: str, at: int = -5) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[at] ^= 1
    return base64.b64encode(bytes(raw)).decode()


def changed(shared: Path, row: Row, edit: Edit) -> Json:
    value = copy.deepcopy(vectors.stated(shared, row))
    edit(value)
    return value


def why(value: Json, roots: Root | None = None, pinned: Keys | None = None) -> str:
    with pytest.raises(RefusedError) as caught:
        verify(
            read_bundle(value),
            root.shipped() if roots is None else roots,
            keys.shipped() if pinned is None else pinned,
        )
    return f"{caught.value.rule}: {caught.value.message}"


def payload(bundle: Json) -> None:
    bundle["dsseEnvelope"]["payload"] = flipped(bundle["dsseEnvelope"]["payload"])


def sig(bundle: Json) -> None:
    signature(bundle)["sig"] = flipped(signature(bundle)["sig"])


def promise(bundle: Json) -> None:
    stated = entry(bundle)["inclusionPromise"]
    stated["signedEntryTimestamp"] = flipped(stated["signedEntryTimestamp"])


def no_promise(bundle: Json) -> None:
    entry(bundle)["inclusionPromise"] = None


def earlier(bundle: Json) -> None:
    entry(bundle)["integratedTime"] = str(int(entry(bundle)["integratedTime"]) - 1)


def moved(bundle: Json) -> None:
    entry(bundle)["logIndex"] = str(int(entry(bundle)["logIndex"]) + 1)


def body(bundle: Json) -> None:
    entry(bundle)["canonicalizedBody"] = flipped(entry(bundle)["canonicalizedBody"])


def another_log(bundle: Json) -> None:
    entry(bundle)["logId"]["keyId"] = base64.b64encode(bytes(32)).decode()


def another_kind(bundle: Json) -> None:
    kind = entry(bundle)["kindVersion"]
    other = {"dsse": ("intoto", "0.0.2"), "intoto": ("dsse", "0.0.1")}
    kind["kind"], kind["version"] = other[kind["kind"]]


def unknown_kind(bundle: Json) -> None:
    entry(bundle)["kindVersion"] = {"kind": "rekord", "version": "0.0.1"}


def two_entries(bundle: Json) -> None:
    bundle["verificationMaterial"]["tlogEntries"] *= 2


def no_entry(bundle: Json) -> None:
    del bundle["verificationMaterial"]["tlogEntries"]


def two_signatures(bundle: Json) -> None:
    bundle["dsseEnvelope"]["signatures"] *= 2


def media_type(bundle: Json) -> None:
    bundle["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.4+json"


def stamped(bundle: Json) -> None:
    stamps = {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]}
    bundle["verificationMaterial"]["timestampVerificationData"] = stamps


def both_signers(bundle: Json) -> None:
    bundle["verificationMaterial"]["publicKey"] = {"hint": "x"}
    bundle["verificationMaterial"]["certificate"] = {"rawBytes": "AAAA"}


@pytest.mark.parametrize("row", ALL, ids=["publish", "build", "old build", "old publish"])
@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (payload, "crypto: the entry is of another payload"),
        (sig, "crypto: the entry is of another signature"),
        (promise, "crypto: the log's promise does not verify"),
        (no_promise, "crypto: the entry has no promise of the log, so no time"),
        (earlier, "crypto: the log's promise does not verify"),
        (moved, "crypto: the log's promise does not verify"),
        (body, "crypto: the log's promise does not verify"),
        (another_log, "crypto: the entry is of no transparency log of the trusted root"),
        (another_kind, "crypto: the entry is of another kind than its bundle says"),
        (unknown_kind, "crypto: an entry of kind rekord/0.0.1, which npm's bundles do not have"),
        (two_entries, "B2: tlogEntries must have one member, not 2"),
        (no_entry, "B2: tlogEntries must have one member, not 0"),
        (two_signatures, "B2: signatures must have one member, not 2"),
        (media_type, "crypto: a bundle of an unknown media type"),
        (stamped, "crypto: the bundle has signed timestamps, which npm's bundles do not have"),
        (both_signers, "crypto: the bundle must have one of"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_an_edited_bundle_is_refused(shared: Path, row: Row, edit: Edit, expected: str) -> None:
    assert why(changed(shared, row, edit)).startswith(expected)


def root_hash(bundle: Json) -> None:
    proof = entry(bundle)["inclusionProof"]
    proof["rootHash"] = flipped(proof["rootHash"])


def a_hash(bundle: Json) -> None:
    proof = entry(bundle)["inclusionProof"]
    proof["hashes"][0] = flipped(proof["hashes"][0])


def fewer_hashes(bundle: Json) -> None:
    entry(bundle)["inclusionProof"]["hashes"].pop()


def more_hashes(bundle: Json) -> None:
    proof = entry(bundle)["inclusionProof"]
    proof["hashes"].append(proof["hashes"][-1])


def larger_tree(bundle: Json) -> None:
    proof = entry(bundle)["inclusionProof"]
    proof["treeSize"] = str(int(proof["treeSize"]) * 4)


def outside_the_tree(bundle: Json) -> None:
    proof = entry(bundle)["inclusionProof"]
    proof["logIndex"] = proof["treeSize"]


def no_proof(bundle: Json) -> None:
    entry(bundle)["inclusionProof"] = None


def note(bundle: Json, old: str, new: str) -> None:
    proof = entry(bundle)["inclusionProof"]["checkpoint"]
    assert old in proof["envelope"]
    proof["envelope"] = proof["envelope"].replace(old, new, 1)


def edited_origin(bundle: Json) -> None:
    note(bundle, "rekor.sigstore.dev -", "rekor.sigstore.example -")


def another_logs_note(bundle: Json) -> None:
    note(bundle, " wNI9a", " xNI9a")


def unsigned_note(bundle: Json) -> None:
    stated = entry(bundle)["inclusionProof"]["checkpoint"]
    stated["envelope"] = stated["envelope"].partition("\n\n")[0] + "\n\n"


@pytest.mark.parametrize("row", [PUBLISH, BUILD], ids=["publish", "build"])
@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (root_hash, "the inclusion proof does not lead to its root hash"),
        (a_hash, "the inclusion proof does not lead to its root hash"),
        (fewer_hashes, "the inclusion proof does not lead to its root hash"),
        (more_hashes, "the inclusion proof does not lead to its root hash"),
        (outside_the_tree, "the inclusion proof does not lead to its root hash"),
        (larger_tree, "the inclusion proof does not lead to its root hash"),
        (no_proof, "must have an inclusion proof"),
        (edited_origin, "the checkpoint's signature does not verify"),
        (another_logs_note, "the log did not sign the checkpoint"),
        (unsigned_note, "the checkpoint is no signed note"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_an_edited_proof_is_refused(shared: Path, row: Row, edit: Edit, expected: str) -> None:
    assert expected in why(changed(shared, row, edit))


def test_a_checkpoint_of_another_tree_is_refused_though_the_log_signed_it(shared: Path) -> None:
    other = entry(vectors.stated(shared, PUBLISH))["inclusionProof"]["checkpoint"]

    def edit(bundle: Json) -> None:
        entry(bundle)["inclusionProof"]["checkpoint"] = other

    assert "the checkpoint is of another tree" in why(changed(shared, BUILD, edit))


@pytest.mark.parametrize("row", [BUILD, PUBLISH], ids=["build", "publish"])
def test_another_bundles_signer_is_refused(shared: Path, row: Row) -> None:
    theirs = vectors.stated(shared, OLD_PUBLISH if row is PUBLISH else Row(PRIVATE, 0, True, ""))

    def edit(bundle: Json) -> None:
        names = ("publicKey", "certificate")
        for name in names:
            if name in bundle["verificationMaterial"]:
                bundle["verificationMaterial"][name] = theirs["verificationMaterial"][name]

    refused = why(changed(shared, row, edit))
    assert "the entry is of another signer" in refused or "not in use" in refused


PRIVATE = "sigstore-js/tests__bundles__bundleV03-dsse.sigstore"


def test_another_bundles_entry_does_not_vouch_for_this_one(shared: Path) -> None:
    """The log's word is real, and of something else (CVE-2022-36056)."""
    theirs = vectors.stated(shared, PUBLISH)

    def edit(bundle: Json) -> None:
        bundle["verificationMaterial"]["tlogEntries"] = theirs["verificationMaterial"][
            "tlogEntries"
        ]

    assert "the entry is of another payload" in why(changed(shared, BUILD, edit))


def test_an_unknown_key_and_one_that_was_not_in_use_are_refused(shared: Path) -> None:
    value = vectors.stated(shared, PUBLISH)
    pinned = keys.shipped()
    key = next(k for k in pinned if k.id == value["verificationMaterial"]["publicKey"]["hint"])
    assert why(value, pinned=Keys()).startswith("B5: no pinned key")
    at = datetime.fromtimestamp(int(entry(value)["integratedTime"]), UTC)
    for use, holds in [
        ({"start": at}, True),
        ({"start": at + timedelta(seconds=1)}, False),
        ({"end": at + timedelta(seconds=1)}, True),
        ({"end": at}, False),
    ]:
        held = [replace(each, **use) for each in pinned if each.id == key.id]  # type: ignore[arg-type] # times, as the fields have
        if holds:
            verify(read_bundle(value), root.shipped(), Keys(tuple(held)))
        else:
            assert "B5: the registry's key was not in use" in why(value, pinned=Keys(tuple(held)))


def test_a_key_that_signs_releases_signs_no_attestation(shared: Path) -> None:
    signs = Keys(tuple(k for k in keys.shipped() if k.usage == "npm:signatures"))
    assert why(vectors.stated(shared, PUBLISH), pinned=signs).startswith("B5: no pinned key")


def narrowed(part: str, **use: datetime) -> Root:
    """The shipped root, with other windows in one part of it."""
    full = root.shipped()

    def each(window: Window) -> Window:
        return Window(use.get("start", window.start), use.get("end", window.end))

    authorities = tuple(replace(x, window=each(x.window)) for x in full.authorities)
    logs = {i: replace(x, window=each(x.window)) for i, x in full.logs.items()}
    others = {i: replace(x, window=each(x.window)) for i, x in full.certificate_logs.items()}
    changed = {
        "authorities": replace(full, authorities=authorities),
        "logs": replace(full, logs=logs),
        "certificate_logs": replace(full, certificate_logs=others),
    }
    return changed[part]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("authorities", "no authority issued the certificate"),
        ("logs", "the entry was made when the log was not in use"),
        ("certificate_logs", "the certificate log was not in use then"),
    ],
)
def test_what_was_not_in_use_then_vouches_for_nothing(
    shared: Path, part: str, expected: str
) -> None:
    value = vectors.stated(shared, BUILD)
    at = read_bundle(value).entry.at
    soon, second = at + timedelta(days=1), timedelta(seconds=1)
    assert expected in why(value, narrowed(part, start=soon))
    assert expected in why(value, narrowed(part, end=at - timedelta(days=1)))
    if part != "certificate_logs":
        for use in ({"start": at}, {"end": at}):
            verify(read_bundle(value), narrowed(part, **use), keys.shipped())
        assert expected in why(value, narrowed(part, end=at - second))


def test_a_window_counts_to_its_last_instant() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert at in Window(at, at)
    assert at + timedelta(seconds=1) not in Window(at, at)
    assert at in Window(at, None)


def test_no_log_of_certificates_means_no_certificate(shared: Path) -> None:
    bare = replace(root.shipped(), certificate_logs={})
    assert "in no certificate log" in why(vectors.stated(shared, BUILD), bare)


def test_a_certificate_does_not_outlive_its_ten_minutes(shared: Path) -> None:
    """The log's time is what counts: here it is another's, with its own promise."""
    bundle = read_bundle(vectors.stated(shared, BUILD))
    leaf = root.certificate(bundle.certificates[0], "it")
    from pratique.provenance.certificates import verify_certificate

    for at in (leaf.not_valid_before_utc, leaf.not_valid_after_utc):
        verify_certificate(bundle.certificates[0], at, root.shipped())
    for at in (
        leaf.not_valid_before_utc - timedelta(seconds=1),
        leaf.not_valid_after_utc + timedelta(seconds=1),
    ):
        with pytest.raises(RefusedError, match="no authority issued"):
            verify_certificate(bundle.certificates[0], at, root.shipped())


def test_the_promise_is_over_canonical_json(shared: Path) -> None:
    found: Bundle = read_bundle(vectors.stated(shared, BUILD))
    stated: dict[str, int | str] = {
        "body": found.entry.body_text,
        "integratedTime": found.entry.integrated,
        "logID": found.entry.log_id.hex(),
        "logIndex": found.entry.log_index,
    }
    assert rfc8785.dumps({**stated}) == rekor._promised(found.entry)


def test_the_envelopes_key_is_reported_and_trusted_for_nothing(shared: Path) -> None:
    def edit(bundle: Json) -> None:
        signature(bundle)["keyid"] = "somebody's"

    sealed = vectors.verified(changed(shared, BUILD, edit))
    assert "somebody's" == sealed.keyid
    assert not isinstance(sealed.signer, Key)


def test_a_root_must_hold_in_itself(shared: Path) -> None:
    source = root.shipped().source
    full = json.loads(source)
    (lower, upper) = full["certificateAuthorities"][1]["certChain"]["certificates"]
    wrong = copy.deepcopy(full)
    wrong["certificateAuthorities"][1]["certChain"]["certificates"] = [upper, lower]
    other = copy.deepcopy(full)
    other["tlogs"][0]["logId"]["keyId"] = other["ctlogs"][0]["logId"]["keyId"]
    none = {**full, "certificateAuthorities": []}
    unknown = {**full, "mediaType": "application/json"}
    endless = copy.deepcopy(full)
    del endless["tlogs"][0]["publicKey"]["validFor"]["start"]
    every: list[Json] = [wrong, other, none, unknown, endless, {}, []]
    for bad in every:
        with pytest.raises(RefusedError):
            read_root(json.dumps(bad).encode())
    assert read_root(source).logs.keys() == root.shipped().logs.keys()
