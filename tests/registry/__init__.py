"""Our test registry: an npm registry on the loopback address that can be made to misbehave.

    with Registry() as registry:
        registry.publish("is-odd", "1.0.0", scripts={"postinstall": "node setup.js"})
        registry.fault(faults.truncated(), package="is-odd", kind="tarball", times=1)
        ...
        assert registry.asked("is-odd")

By hand: `python -m tests.registry --port 0`. In tests: the fixture `registry`.
"""

from tests.registry import faults
from tests.registry.exchange import Answer, Exchange, Fault, Request
from tests.registry.publishing import Draft
from tests.registry.registry import Registry
from tests.registry.shelf import Shelved
from tests.registry.signing import SigningKey

__all__ = [
    "Answer",
    "Draft",
    "Exchange",
    "Fault",
    "Registry",
    "Request",
    "Shelved",
    "SigningKey",
    "faults",
]
