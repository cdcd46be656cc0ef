"""SignerPin: who a policy says may build and publish a package."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerPin:
    """One signer of a package, or of all packages of a scope. What is None is not asked.

    Attributes:
        package: A name, or a scope (`@corp`).
        repository: Address of the source: `https://host/owner/name`.
        repository_id, owner_id: Its numbers, which no other one gets when it is renamed or deleted.
        workflow: Path of the workflow that is started.
        ref: What is built; `*` and `?` stand for any letters, and here only.
        issuer: Who vouches for the build.
        environment: The deployment environment that the job runs in.
        builder: The runner (`github-hosted`), or the address of the reusable workflow that builds,
            without what it is taken at.
    """

    package: str
    repository: str | None = None
    repository_id: str | None = None
    owner_id: str | None = None
    workflow: str | None = None
    ref: str | None = None
    issuer: str | None = None
    environment: str | None = None
    builder: str | None = None


def pins_for(name: str, pins: tuple[SignerPin, ...]) -> tuple[SignerPin, ...]:
    """Those that are about a package: of its own name, else of its scope."""
    own = tuple(pin for pin in pins if pin.package == name)
    scope = name.partition("/")[0]
    return own or tuple(pin for pin in pins if pin.package == scope and scope.startswith("@"))
