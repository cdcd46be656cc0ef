"""sigstore-conformance through `pratique verify-bundle`, and through sigstore-python beside it.

    python -m evals.conformance [--write]

Each of the recorded cases is asked by the path of its artifact and by its digest. sigstore-python
is called as a library, with the same roots from files; it has no way to name a key, which counts
as a refusal. `--write` keeps the table in evals/conformance.md.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from sigstore.hashes import Hashed
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy
from sigstore_models.common.v1 import HashAlgorithm
from tests.conformance import WAYS, Case, cases

from pratique.cli import main as pratique

SHIPPED = files("pratique.provenance").joinpath("shipped", "trusted-root.json")


def ours(case: Case, *, by_digest: bool) -> bool:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return pratique([*case.words(by_digest=by_digest)]) == 0


def theirs(case: Case, *, by_digest: bool) -> bool:
    try:
        return _verified(case, by_digest=by_digest)
    except Exception:  # noqa: BLE001 - whatever it raises, it does not accept
        return False


def _verified(case: Case, *, by_digest: bool) -> bool:
    if case.file("key.pub"):
        return False
    trusted = TrustedRoot.from_file(str(case.file("trusted_root.json") or SHIPPED))
    bundle = Bundle.from_json((case.folder / "bundle.sigstore.json").read_bytes())
    identity, issuer = case.identity
    expected = policy.Identity(identity=identity, issuer=issuer)
    verifier = Verifier(trusted_root=trusted)
    if bundle._dsse_envelope is not None:  # noqa: SLF001 - it says nowhere else which it is
        _, payload = verifier.verify_dsse(bundle, expected)
        return case.digest.hex().encode() in payload
    hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=case.digest)
    verifier.verify_artifact(hashed if by_digest else case.artifact.read_bytes(), bundle, expected)
    return True


def table(every: list[Case]) -> str:
    """Totals, and the cases that either gets wrong."""
    found = {
        name: {
            (case.name, way): ask(case, by_digest=way) == case.should_hold
            for case in every
            for way in WAYS
        }
        for name, ask in (("pratique verify-bundle", ours), ("sigstore-python", theirs))
    }
    lines = ["| | right, of 140 | wrongly accepted | wrongly refused |", "|---|---|---|---|"]
    holds = {case.name: case.should_hold for case in every}
    for name, right in found.items():
        misses = [case for (case, _), is_right in right.items() if not is_right]
        accepted = sum(not holds[case] for case in misses)
        refused = ", ".join(sorted({f"`{case}`" for case in misses if holds[case]})) or "none"
        lines.append(f"| {name} | {sum(right.values())} | {accepted} | {refused} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evals.conformance", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the table")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    every = cases()
    day = datetime.now(UTC).date()  # noqa: TID251 - the day of the measurement
    text = (
        f"{day}. {len(every)} cases of sigstore-conformance (commit a73de497), each by path and by "
        f"digest. pratique {version('pratique')}, sigstore-python {version('sigstore')} as a "
        f"library. `python -m evals.conformance --write`.\n\n{table(every)}"
    )
    print(text, end="")
    if options.write:
        page = Path(__file__).with_name("conformance.md")
        page.write_text(f"# sigstore-conformance\n\n{text}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
