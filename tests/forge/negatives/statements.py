"""Good cryptography over the wrong words: statements, predicates, and who signed them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from cryptography import x509
from tests.forge.claims import SLSA_V1, STATEMENT_V1, Build, Document, slsa_v02, slsa_v1
from tests.forge.forge import PUBLISH, WHEN, Artifact, statement
from tests.forge.negatives.table import TABLE, Negative, World, negative
from tests.forge.offer import Offer, offer
from tests.forge.shapes import FIRST

MALLORY = Build(
    repository="https://github.com/mallory/widget",
    repository_id="6660001",
    owner_id="6660000",
    run="9000000009",
)
_GOOD = statement(STATEMENT_V1, Artifact(), SLSA_V1, slsa_v1(Build()))


def _said(world: World, edit: Callable[[Document], object]) -> Offer:
    """An offer whose provenance signs an edited statement."""
    made = copy.deepcopy(_GOOD)
    edit(made)
    return world.offer(world.publish(), world.provenance(made))


@negative("B2")
def two_subjects(world: World) -> Offer:
    """The provenance is of two packages at once."""
    other = Artifact("gadget").subject
    return _said(world, lambda made: made["subject"].append(other))


@negative("B2", "B3")
def no_subject(world: World) -> Offer:
    """The provenance is of nothing."""
    return _said(world, lambda made: made["subject"].clear())


@negative("B3")
def a_package_in_percent_signs(world: World) -> Offer:
    """The purl, percent-encoded letter by letter, is another package's."""
    name = "pkg:npm/" + "".join(f"%{ord(one):02x}" for one in "gadget") + "@1.0.0"
    return _said(world, lambda made: made["subject"][0].update(name=name))


@negative("B3")
def a_package_encoded_twice(world: World) -> Offer:
    """The purl is right only after it has been decoded twice."""
    return _said(world, lambda made: made["subject"][0].update(name="pkg:npm/%2577idget@1.0.0"))


@negative("B3")
def a_package_with_more_behind_it(world: World) -> Offer:
    """The purl goes on with a qualifier that names another source."""
    name = f"{Artifact().purl}?repository_url=mallory.example"
    return _said(world, lambda made: made["subject"][0].update(name=name))


@negative("B3")
def a_package_of_another_ecosystem(world: World) -> Offer:
    """The right name and version, at PyPI."""
    return _said(world, lambda made: made["subject"][0].update(name="pkg:pypi/widget@1.0.0"))


@negative("B4", "B2")
def no_strong_digest(world: World) -> Offer:
    """The subject has a SHA-1 only."""
    return _said(world, lambda made: made["subject"][0].update(digest={"sha1": "0" * 40}))


@negative("B3")
def a_package_in_capitals(world: World) -> Offer:
    """The purl's scheme and type are in upper case, and so no purl as npm writes one."""
    return _said(world, lambda made: made["subject"][0].update(name="PKG:NPM/widget@1.0.0"))


@negative("B4")
def a_digest_in_capitals(world: World) -> Offer:
    """The right SHA-512 in a second spelling."""
    digest = {"sha512": Artifact().sha512.upper()}
    return _said(world, lambda made: made["subject"][0].update(digest=digest))


@negative("B9", says="must have one member")
def two_sources(world: World) -> Offer:
    """A second resolved dependency beside the right one."""
    more = {"uri": "git+https://github.com/mallory/widget@refs/heads/main", "digest": {}}
    return _said(
        world,
        lambda made: made["predicate"]["buildDefinition"]["resolvedDependencies"].append(more),
    )


@negative("B9", says="no certificate vouches for")
def a_parameter_that_nobody_vouches_for(world: World) -> Offer:
    """An external parameter beside the workflow."""
    return _said(
        world,
        lambda made: made["predicate"]["buildDefinition"]["externalParameters"].update(
            inputs={"script": "curl mallory.example"}
        ),
    )


@negative("B9", says="unknown type")
def a_type_of_build_that_nobody_knows(world: World) -> Offer:
    """A build type whose claims cannot be compared with a certificate."""
    return _said(
        world,
        lambda made: made["predicate"]["buildDefinition"].update(
            buildType="https://mallory.example/build/v1"
        ),
    )


@negative("B9", says="printable")
def a_predicate_with_an_escape_sequence(world: World) -> Offer:
    """The event's name would clear the terminal of whoever reads it."""
    return _said(
        world,
        lambda made: made["predicate"]["buildDefinition"]["internalParameters"]["github"].update(
            event_name="push\x1b[2J"
        ),
    )


@negative("B1", "B7", "B2")
def a_type_of_predicate_that_nobody_knows(world: World) -> Offer:
    """Signed and offered as another predicate than a provenance."""
    made = _GOOD | {"predicateType": "https://slsa.dev/verification_summary/v1"}
    provenance = world.provenance(made) | {"predicateType": made["predicateType"]}
    return world.offer(world.publish(), provenance)


@negative("B1", "B2")
def another_type_of_statement(world: World) -> Offer:
    """The payload is no in-toto statement."""
    return _said(world, lambda made: made.update(_type="https://mallory.example/Statement/v1"))


@negative("crypto", says="stands there twice")
def a_payload_with_two_members_of_one_name(world: World) -> Offer:
    """The signed payload has `subject` twice, of which the second is right."""
    text = json.dumps(_GOOD)
    other = json.dumps([Artifact("gadget").subject])
    twice = text.replace('"subject":', f'"subject": {other}, "subject":', 1)
    return world.signed(made=twice.encode())


@negative("crypto", says="no JSON")
def a_payload_that_is_not_json(world: World) -> Offer:
    """The signed payload is text."""
    return world.signed(made=b"I made this")


@negative("B6")
def a_publish_attestation_that_names_another_version(world: World) -> Offer:
    """Subject as it should be; the predicate says version 2.0.0."""
    said = {"name": "widget", "version": "2.0.0", "registry": "https://registry.example"}
    return world.offer(world.forge.publish(predicate=said), world.pair()[1])


@negative("B6")
def a_publish_attestation_that_names_another_package(world: World) -> Offer:
    """Subject as it should be; the predicate says another package."""
    said = {"name": "gadget", "version": "1.0.0", "registry": "https://registry.example"}
    return world.offer(world.forge.publish(predicate=said), world.pair()[1])


@negative("B5", says="not the registry")
def a_publish_attestation_by_a_workflow(world: World) -> Offer:
    """The publish predicate, signed by a certificate instead of the registry's key."""
    said = {"name": "widget", "version": "1.0.0", "registry": "https://registry.example"}
    made = statement("https://in-toto.io/Statement/v0.1", Artifact(), PUBLISH, said)
    publish = world.provenance(made) | {"predicateType": PUBLISH}
    return world.offer(publish, world.pair()[1])


@negative("B8")
def a_provenance_by_the_registrys_key(world: World) -> Offer:
    """The provenance is signed by the registry's key instead of a certificate."""
    bundle = world.forge.keyed(_GOOD, world.forge.npm, WHEN)
    return world.offer(world.publish(), {"predicateType": SLSA_V1, "bundle": bundle})


@negative("B8", says="signed it, and no build")
def a_provenance_by_an_e_mail_address(world: World) -> Offer:
    """A valid certificate of a person; the predicate is the right one."""
    issuer = b"https://github.com/login/oauth"
    leaf = world.forge.leaf(Build()).but(
        name=x509.RFC822Name("mallory@mail.example"),
        claims=((1, issuer), (8, b"\x0c" + bytes([len(issuer)]) + issuer)),
    )
    return world.offer(world.publish(), world.forge.provenance(leaf=leaf))


@negative("B8", says="signed it, and no build")
def an_e_mail_address_that_a_builder_vouches_for(world: World) -> Offer:
    """A certificate with all claims of the right build, for an address of e-mail."""
    leaf = world.forge.leaf(Build()).but(name=x509.RFC822Name("mallory@mail.example"))
    return world.offer(world.publish(), world.forge.provenance(leaf=leaf))


@negative("B8", says="vouches for its signer")
def an_issuer_that_is_no_builder(world: World) -> Offer:
    """A certificate of the right shape, vouched for by somebody else's tokens."""
    run = Build(issuer="https://token.actions.githubusercontent.com.mallory.example")
    leaf = world.forge.leaf(replace(Build(), issuer=run.issuer))
    return world.offer(world.publish(), world.forge.provenance(leaf=leaf))


@negative("B11")
def a_repository_that_the_package_does_not_name(world: World) -> Offer:
    """Built in the attacker's repository; package.json names the right one."""
    answer = world.forge.answer(build=MALLORY)
    return world.offer(*answer["attestations"])


@negative("B11")
def a_repository_of_another_case(world: World) -> Offer:
    """Built in a repository whose name differs in upper case only."""
    build = replace(Build(), repository="https://github.com/acme/Widget")
    answer = world.forge.answer(build=build)
    return world.offer(*answer["attestations"])


# The signer is known, and this is another one: good in itself, and in its package.json.


@negative("signer-unexpected")
def a_stolen_token_and_a_provenance_of_ones_own(world: World) -> Offer:
    """Published with a stolen token: built and attested in the attacker's own repository, which
    package.json names; three releases before were built in the right one."""
    return _after(world, MALLORY)


@negative("signer-unexpected")
def a_repository_that_was_made_anew(world: World) -> Offer:
    """The owner's name was free and is taken: the same addresses, other numbers."""
    return _after(world, replace(Build(), repository_id="7770001", owner_id="7770000"))


@negative("signer-unexpected")
def another_forge(world: World) -> Offer:
    """The same path and the same numbers at another forge, whose tokens are trusted as well."""
    return _after(
        world,
        replace(
            Build(),
            issuer="https://gitlab.com",
            repository="https://gitlab.com/acme/widget",
            workflow=".gitlab-ci.yml",
        ),
    )


@negative("signer-unexpected")
def the_right_workflow_called_by_another(world: World) -> Offer:
    """The attacker's repository calls the right one's workflow, which is then the certificate's
    name; the source is the attacker's."""
    right = Build()
    return _after(world, replace(MALLORY, signer=right.config, signer_commit=right.commit))


def _after(world: World, build: Build) -> Offer:
    """A release 1.3.0 built so, after three of the right repository."""
    before = tuple(
        offer(
            world.forge,
            Artifact(version=f"1.{number}.0", content=f"tarball {number}".encode()),
            Build(run=f"700000000{number}", commit=f"{number}" * 40),
            at=WHEN - timedelta(days=90 - 20 * number),
        )
        for number in range(3)
    )
    mine = Artifact(version="1.3.0", content=b"with a payload")
    return offer(world.forge, mine, build).but(earlier=before)


# A predicate is written in the job, a certificate by the authority: where they differ, somebody in
# the job lied. One case for each field that both have.

_UNLIKE = {
    "repository": {"repository": "https://github.com/acme/other"},
    "ref": {"ref": "refs/tags/v1.0.0"},
    "commit": {"commit": "a" * 40},
    "workflow": {"workflow": ".github/workflows/other.yml"},
    "event": {"event": "workflow_dispatch"},
    "repository id": {"repository_id": "31337"},
    "owner id": {"owner_id": "31337"},
    "run": {"run": "31337"},
    "attempt": {"attempt": 2},
    "runner": {"runner": "self-hosted"},
}
_UNLIKE_OLD = ("repository", "ref", "commit", "event")


def _register_unlike() -> None:
    for field, changes in _UNLIKE.items():
        told = replace(Build(), **changes)  # type: ignore[arg-type]  # each of its field's type

        def new(world: World, told: Build = told) -> Offer:
            """The certificate has the right value, the SLSA v1 predicate another one."""
            provenance = world.forge.provenance(predicate=slsa_v1(told))
            return world.offer(world.publish(), provenance)

        def old(world: World, told: Build = told) -> Offer:
            """An old certificate has the right value, the SLSA v0.2 predicate another one."""
            publish, _good = world.forge.answer(shape=FIRST)["attestations"]
            provenance = world.forge.provenance(shape=FIRST, predicate=slsa_v02(told))
            return world.offer(publish, provenance)

        TABLE.append(Negative(f"predicate v1 unlike the certificate: {field}", ("B9",), new))
        if field in _UNLIKE_OLD:
            name = f"predicate v0.2 unlike the old certificate: {field}"
            TABLE.append(Negative(name, ("B9",), old))


_register_unlike()
