"""Wrong certificates: who issued them, for what, when, and what a log saw of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from tests.forge.authority import Authority, Sct
from tests.forge.claims import Build, Document, tagged
from tests.forge.forge import WHEN, Forge
from tests.forge.keys import b64
from tests.forge.negatives.table import World, negative
from tests.forge.offer import Offer

# A critical boolean, true: DER writes 0xff, BER any byte but zero.
_TRUE, _ALSO_TRUE = b"\x01\x01\xff", b"\x01\x01\x01"


@negative("crypto", says="its signature does not verify")
def another_authority(world: World) -> Offer:
    """A certificate of an authority that the root does not name; the rest as it should be."""
    key = world.forge.key()
    leaf = world.other.authority.issue(world.forge.leaf(Build()), key)
    return world.signed(leaf=leaf, key=key)


@negative("crypto", says="none of its issuer's name for that time")
def an_expired_intermediate(world: World) -> Offer:
    """The intermediate, which the root names, ended a year before the log took the entry."""
    tired = Forge("tired", sub_dies=datetime(2025, 3, 1, tzinfo=UTC))
    root = world.forge.root() | {"certificateAuthorities": tired.root()["certificateAuthorities"]}
    root |= {"ctlogs": tired.root()["ctlogs"]}
    key = world.forge.key()
    leaf = tired.authority.issue(world.forge.leaf(Build()), key)
    return world.signed(leaf=leaf, key=key).but(root=root)


@negative("crypto", says="not for signing code")
def no_extended_usage(world: World) -> Offer:
    """A certificate without any extended key usage."""
    return world.leaf(usages=())


@negative("crypto", says="not for signing code")
def the_usage_of_servers(world: World) -> Offer:
    """A certificate for TLS servers, not for code."""
    return world.leaf(usages=(ExtendedKeyUsageOID.SERVER_AUTH,))


@negative("crypto", says="may not sign")
def no_signing_usage(world: World) -> Offer:
    """A certificate whose key is not for digital signatures."""
    return world.leaf(signs=False)


@negative("crypto", says="it is an authority's own")
def a_leaf_that_is_an_authority(world: World) -> Offer:
    """A signing certificate with basic constraints that make it an authority."""
    return world.leaf(is_authority=True)


@negative("crypto", says="its signature does not verify")
def a_certificate_that_a_leaf_issued(world: World) -> Offer:
    """An intermediate more: issued by a key whose own certificate is a good leaf."""
    key, victim = world.forge.key(), world.forge.key()
    middle = world.forge.authority.issue(world.forge.leaf(Build()), key)
    own = Authority("forge")
    own.key = key
    issued = own.issue(world.forge.leaf(Build()), victim)
    provenance = world.provenance(leaf=issued, key=victim)
    chain = [{"rawBytes": b64(one)} for one in (issued, middle)]
    material = provenance["bundle"]["verificationMaterial"]
    del material["certificate"]
    material["x509CertificateChain"] = {"certificates": chain}
    provenance["bundle"]["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
    return world.offer(world.publish(), provenance)


@negative("crypto", says="it was not valid then")
def integrated_before_the_certificate(world: World) -> Offer:
    """The certificate begins a minute after the log took the entry."""
    return world.leaf(start=WHEN + timedelta(minutes=1))


@negative("crypto", says="it was not valid then")
def integrated_after_the_certificate(world: World) -> Offer:
    """The certificate ended a minute before the log took the entry."""
    return world.leaf(start=WHEN - timedelta(minutes=11))


@negative("crypto", says="no word of a certificate log")
def no_certificate_timestamp(world: World) -> Offer:
    """A certificate without an SCT."""
    return world.leaf(sct=Sct.NONE)


@negative("crypto", says="in no certificate log")
def an_empty_list_of_certificate_timestamps(world: World) -> Offer:
    """The extension is there, with no SCT in it."""
    return world.leaf(sct=Sct.EMPTY)


@negative("crypto", says="certificate log's signature")
def a_certificate_timestamp_by_another_key(world: World) -> Offer:
    """An SCT that names the log, signed by somebody else."""
    return world.leaf(sct=Sct.OTHER_LOG)


@negative("crypto", says="certificate log's signature")
def a_certificate_timestamp_of_another_certificate(world: World) -> Offer:
    """The log's own SCT, over other bytes than this certificate's."""
    return world.leaf(sct=Sct.OTHER_LEAF)


@negative("crypto", says="in no certificate log")
def a_certificate_log_that_is_unknown(world: World) -> Offer:
    """The root names another certificate log than the one that saw the certificate."""
    root = world.forge.root() | {"ctlogs": world.other.root()["ctlogs"]}
    return world.offer(root=root)


@negative("crypto", says="for that time")
def an_authority_that_had_ended(world: World) -> Offer:
    """The root has the authority until a week before the log took the entry."""
    return world.offer(root=_ended(world, "certificateAuthorities"))


@negative("crypto", says="certificate log was not in use")
def a_certificate_log_that_had_ended(world: World) -> Offer:
    """The root has the certificate log until a week before."""
    return world.offer(root=_ended(world, "ctlogs"))


@negative("crypto", says="when the log was not in use")
def a_log_that_had_ended(world: World) -> Offer:
    """The root has the transparency log until a week before."""
    return world.offer(root=_ended(world, "tlogs"))


def _ended(world: World, members: str) -> Document:
    """The world's root, where one of its services ended a week before."""
    root = world.forge.root()
    end = (WHEN - timedelta(days=7)).isoformat().replace("+00:00", "Z")
    for one in root[members]:
        holder = one.get("publicKey", one)
        holder["validFor"] = {**holder["validFor"], "end": end}
    return root


@negative("crypto", says="cannot be read")
def a_certificate_in_another_encoding(world: World) -> Offer:
    """BER that is not DER: a true that is not 0xff, seen so by log and authority alike."""
    return world.leaf(edit=lambda tbs: tbs.replace(_TRUE, _ALSO_TRUE, 1))


@negative("crypto", says="cannot be read")
def bytes_after_the_certificate(world: World) -> Offer:
    """A zero byte behind the certificate, in the bundle and in the entry."""
    key = world.forge.key()
    leaf = world.forge.authority.issue(world.forge.leaf(Build()), key)
    return world.signed(leaf=leaf + b"\0", key=key)


@negative("crypto", says="critical")
def a_critical_extension_that_nobody_knows(world: World) -> Offer:
    """A critical extension of an arc of our own: who does not know it must refuse."""
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\5\0")
    return world.leaf(more=((unknown, True),))


@negative("crypto", says="no text in DER")
def a_claim_with_bytes_behind_it(world: World) -> Offer:
    """The repository's extension holds a second string behind the first."""
    claims = tuple(
        (number, value + tagged(0x0C, b"https://github.com/mallory/widget"))
        if number == 12
        else (number, value)
        for number, value in Build().claims()
    )
    return world.leaf(claims=claims)


@negative("crypto", says="no text in DER")
def a_claim_of_another_type(world: World) -> Offer:
    """The issuer is an octet string where a UTF-8 string belongs."""
    claims = tuple(
        (number, tagged(0x04, value[2:]) if number == 8 else value)
        for number, value in Build().claims()
    )
    return world.leaf(claims=claims)
