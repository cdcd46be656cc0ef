"""Any bytes are a blocklist, or a BlocklistError; what is read can be asked about any version."""

from __future__ import annotations

from tests.builders import NOW, release

from pratique.ecosystems.npm.blocking import entries_for
from pratique.ecosystems.npm.blocklist import read_blocklist
from pratique.errors import BlocklistError
from pratique.model.blocklist import Blocked


def one(data: bytes) -> None:
    try:
        found = read_blocklist(data, "blocked.json")
    except BlocklistError:
        return
    for each in found.entries:
        blocked = Blocked({each.package: (each,)})
        for version in ("1.0.0", "2.4.1-rc.1", "0.0.0", "not a version"):
            entries_for(blocked, release(each.package, version), "ab" * 64, NOW)
