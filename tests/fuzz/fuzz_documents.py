"""Any bytes are a registry's document, or a reason why they are not believed."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import NOW

from pratique.gather.documents import Packument, read_listing, read_packument, read_version
from pratique.gather.times import first_published, published, times_of

CUTOFF = NOW - timedelta(days=3)


def one(data: bytes) -> None:
    body = bytearray(data)
    read_version(body, "left-pad", "1.3.0")
    read_listing(body, "left-pad", ["1.3.0", "1.2.0"])
    found = read_packument(body, "left-pad")
    if isinstance(found, Packument):
        for whole in (False, True):
            times = times_of(found, ["1.3.0", "9.9.9"], CUTOFF, whole=whole)
            if not isinstance(times, str):
                published(times, "1.3.0", CUTOFF, NOW)
                first_published(times, CUTOFF, NOW)
