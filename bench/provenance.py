"""What verifying evidence costs, beside sigstore-python: rates in a second of processor time.

Bundles are minted by the tests' own forge, each with its own key, certificate, run and artifact.
Both sides get the same bytes and verify them anew in each run: no verdict is kept. Ours reads
strictly and asks B1 to B12 as well; sigstore-python is asked with a policy that allows everything.
"""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from statistics import median
from time import process_time

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore_models.trustroot.v1 import TrustedRoot as Stated
from tests.forge import WHEN, Artifact, Build, Forge

from bench.table import Row
from pratique.model.evidence import Attestations, Keys, SignatureState
from pratique.provenance.binding import Expected, bound
from pratique.provenance.keys import read_keys
from pratique.provenance.root import Root, read_root
from pratique.provenance.signatures import verify_signature
from pratique.provenance.strict import read_json

MANY = 60
FASTER, PUBLISH, SIGNATURE = 1.1, 3.0, 12.0
"""The bars: times sigstore-python's rate; times our own rate for provenance."""

NOTE = """
A second is one of processor time, in one process, so that other work on the machine counts less.
The bundles are minted by the tests' own forge, each by a key, certificate, run and artifact of its
own; each is verified anew in each run. Ours reads strictly and asks B1 to B12; sigstore-python is
asked for the cryptography, with a policy that allows everybody.
"""


@dataclass(frozen=True, slots=True)
class Release:
    """One minted release: the endpoint's answers as bytes, whole and in parts."""

    artifact: Artifact
    both: bytes
    build: bytes
    publish: bytes
    bundle: bytes
    signature: tuple[str, str]

    @property
    def expected(self) -> Expected:
        which = self.artifact
        return Expected(
            name=which.name,
            version=which.version,
            sha512=which.sha512,
            repository="https://github.com/acme/widget",
            claims_provenance=False,
        )


def minted(forge: Forge) -> Iterator[Release]:
    for number in range(MANY):
        artifact = Artifact(f"@corp/widget-{number}", f"1.{number}.0", f"bytes {number}".encode())
        build = Build(run=str(7_000_000_000 + number))
        at = WHEN + timedelta(minutes=number)
        publish, provenance = forge.answer(artifact, build, at=at)["attestations"]
        signed = forge.signature(artifact)
        yield Release(
            artifact=artifact,
            both=_answer(publish, provenance),
            build=_answer(provenance),
            publish=_answer(publish),
            bundle=json.dumps(provenance["bundle"]).encode(),
            signature=(signed["keyid"], signed["sig"]),
        )


def _answer(*attestations: object) -> bytes:
    return json.dumps({"attestations": attestations}).encode()


def judged(root: Root, keys: Keys, expected: Expected, source: bytes) -> Attestations:
    return bound(read_json(source), expected, root, keys)


def judge_signature(keys: Keys, release: Release) -> SignatureState:
    which = release.artifact
    claimed = [release.signature]
    state, _, _ = verify_signature(which.name, which.version, which.integrity, claimed, WHEN, keys)
    return state


class Anybody:
    """A policy that allows everything, and says nothing."""

    def verify(self, cert: object) -> None:
        """Whoever it is."""


def theirs(verifier: Verifier, source: bytes) -> bytes:
    return verifier.verify_dsse(Bundle.from_json(source), Anybody())[1]


Task = Callable[[], object]


def tasks() -> dict[str, list[Task]]:
    """What is timed, each over all releases; every one is checked once, and holds."""
    forge = Forge("bench")
    releases = list(minted(forge))
    stated = json.dumps(forge.root()).encode()
    root, keys = read_root(stated), read_keys(json.dumps(forge.keys()).encode())
    verifier = Verifier(trusted_root=TrustedRoot(Stated.from_json(stated)))
    for each in releases:
        found = judged(root, keys, each.expected, each.both)
        assert found.publish, found.refused
        assert found.provenance, found.refused
        alone = judged(root, keys, each.expected, each.build)
        assert [one.rule for one in alone.refused] == ["B5"], alone.refused
        assert judged(root, keys, each.expected, each.publish).publish
        assert SignatureState.VALID is judge_signature(keys, each)
        assert theirs(verifier, each.bundle)
    ours = partial(judged, root, keys)
    return {
        "build": [partial(ours, each.expected, each.build) for each in releases],
        "theirs": [partial(theirs, verifier, each.bundle) for each in releases],
        "publish": [partial(ours, each.expected, each.publish) for each in releases],
        "both": [partial(ours, each.expected, each.both) for each in releases],
        "signature": [partial(judge_signature, keys, each) for each in releases],
    }


def rates(runs: int) -> dict[str, float]:
    """Medians a second of processor time, of runs that take turns; who is first changes."""
    logging.disable(logging.CRITICAL)
    every = tasks()
    seconds: dict[str, list[float]] = {name: [] for name in every}
    for number in range(runs):
        names = list(every) if number % 2 else list(reversed(every))
        for name in names:
            seconds[name].append(_timed(every[name]))
    return {name: MANY / median(found) for name, found in seconds.items()}


def _timed(each: list[Task]) -> float:
    gc.collect()
    start = process_time()
    for task in each:
        task()
    return process_time() - start


def rows(runs: int) -> Iterator[Row]:
    found = rates(runs)
    other = f"sigstore-python {version('sigstore')}: {found['theirs']:.0f}/s"
    build = f"our provenance: {found['build']:.0f}/s"
    for what, name, against, base, bar in [
        (f"provenance, {MANY} distinct, B1 to B12", "build", other, "theirs", FASTER),
        ("publish attestation, with its rules", "publish", build, "build", PUBLISH),
        ("registry signature", "signature", build, "build", SIGNATURE),
    ]:
        ratio = found[name] / found[base]
        rate = f"{found[name]:.0f}/s"
        yield Row(what, rate, against, f"{ratio:.2f}x", f">= {bar:g}x", ratio >= bar)
    rate = f"{found['both']:.0f}/s"
    yield Row("a whole answer: both, bound to each other", rate, "", "")
