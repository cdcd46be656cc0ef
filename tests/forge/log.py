"""A transparency log like Rekor v1: entries, promises (SET), inclusion proofs, checkpoints."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from tests.forge.keys import Key, b64

# The log is not new: so many entries are in it, of which only the hashes of subtrees are known.
_ENTRIES_BEFORE = 0b1011_0101_1001
# Rekor counts over all its shards; the proof counts in one.
_OTHER_SHARDS = 121_904_262


class Log:
    """One log; entries are added at its end, and each proof is of the tree that ends with it.

    Attributes:
        name: The host in its address, and in its checkpoints.
    """

    def __init__(self, seed: str, name: str = "log.forge.example") -> None:
        self.key = Key.of(f"{seed} log")
        self.name = name
        self._size = _ENTRIES_BEFORE
        self._peaks = [
            hashlib.sha256(f"{seed} {bit}".encode()).digest()
            for bit in reversed(range(_ENTRIES_BEFORE.bit_length()))
            if _ENTRIES_BEFORE >> bit & 1
        ]

    def enter(
        self, body: dict[str, Any] | bytes, at: datetime, *, is_proven: bool = True
    ) -> dict[str, Any]:
        """Add an entry; a member of a bundle's `tlogEntries`.

        Args:
            body: The entry, or its bytes verbatim.
            at: When it is integrated.
            is_proven: Whether it comes with an inclusion proof.
        """
        content = body if isinstance(body, bytes) else canonical(body)
        index, seconds = self._size + _OTHER_SHARDS, int(at.timestamp())
        proof = self._append(content)
        entry = {
            "logIndex": str(index),
            "logId": {"keyId": b64(self.key.digest)},
            "kindVersion": _kind(content),
            "integratedTime": str(seconds),
            "inclusionPromise": {"signedEntryTimestamp": self.promise(content, seconds, index)},
            "inclusionProof": proof,
            "canonicalizedBody": b64(content),
        }
        return entry if is_proven else {**entry, "inclusionProof": None}

    def promise(self, content: bytes, seconds: int, index: int) -> str:
        """The signed entry timestamp in base64."""
        payload = {
            "body": b64(content),
            "integratedTime": seconds,
            "logID": self.key.digest.hex(),
            "logIndex": index,
        }
        return b64(self.key.sign(canonical(payload)))

    def checkpoint(self, size: int, root: bytes) -> str:
        """The signed note over a tree."""
        note = f"{self.name} - 1193050959916656506\n{size}\n{b64(root)}\n"
        signature = b64(self.key.digest[:4] + self.key.sign(note.encode()))
        return f"{note}\n\N{EM DASH} {self.name} {signature}\n"

    def _append(self, content: bytes) -> dict[str, Any]:
        """Put a leaf into the tree; its proof in the tree of which it is the last leaf."""
        leaf = hashlib.sha256(b"\0" + content).digest()
        index, siblings = self._size, list(reversed(self._peaks))
        root = leaf
        for sibling in siblings:
            root = _node(sibling, root)
        self._peaks.append(leaf)
        self._size += 1
        full = self._size
        while full & 1 == 0:
            right, left = self._peaks.pop(), self._peaks.pop()
            self._peaks.append(_node(left, right))
            full >>= 1
        return {
            "logIndex": str(index),
            "rootHash": b64(root),
            "treeSize": str(self._size),
            "hashes": [b64(one) for one in siblings],
            "checkpoint": {"envelope": self.checkpoint(self._size, root)},
        }


def canonical(document: Any) -> bytes:
    """RFC 8785 for what is written here: ASCII names, text and whole numbers."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def _kind(content: bytes) -> dict[str, str]:
    body = json.loads(content)
    return {"kind": body["kind"], "version": body["apiVersion"]}


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
