"""Makes Bluesky repositories for tests: DAG-CBOR, a search tree and a CAR file, written from the specifications."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import groupby

DID = "did:plc:testtesttesttesttesttest"


@dataclass(frozen=True)
class Link:
    cid: bytes


def head(major: int, value: int) -> bytes:
    if value < 24:
        return bytes([major << 5 | value])
    for size, mark in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if value < 256**size:
            return bytes([major << 5 | mark]) + value.to_bytes(size, "big")
    raise ValueError(value)


def dag_cbor(value: object) -> bytes:  # noqa: PLR0911 - one kind of value, one line
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return head(0, value)
        case str():
            return head(3, len(value.encode())) + value.encode()
        case bytes():
            return head(2, len(value)) + value
        case Link():
            return b"\xd8\x2a" + head(2, len(value.cid) + 1) + b"\x00" + value.cid
        case list():
            return head(4, len(value)) + b"".join(dag_cbor(entry) for entry in value)
        case dict():
            pairs = sorted(value.items(), key=lambda pair: (len(pair[0].encode()), pair[0].encode()))
            return head(5, len(pairs)) + b"".join(dag_cbor(key) + dag_cbor(entry) for key, entry in pairs)
    raise TypeError(value)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def level(key: bytes) -> int:
    """Pairs of leading zero bits of the key's hash: how high in the tree it stands."""
    bits = bin(int.from_bytes(hashlib.sha256(key).digest(), "big") | 1 << 256)[3:]
    return (len(bits) - len(bits.lstrip("0"))) // 2


@dataclass
class Repository:
    """Records by key, and the blocks that they make."""

    did: str = DID
    records: dict[str, object] = field(default_factory=dict)
    blocks: dict[bytes, bytes] = field(default_factory=dict)

    def block(self, value: object) -> Link:
        data = dag_cbor(value)
        cid = b"\x01\x71\x12\x20" + hashlib.sha256(data).digest()
        self.blocks[cid] = data
        return Link(cid)

    def tree(self, pairs: list[tuple[bytes, Link]], height: int) -> Link | None:
        """Build the subtree of these sorted pairs whose node stands at ``height``."""
        if not pairs:
            return None
        entries: list[dict[str, object]] = []
        left: Link | None = None
        before = b""
        for here, group in groupby(pairs, key=lambda pair: level(pair[0]) == height):
            if not here:
                below = self.tree(list(group), height - 1)
                if entries:
                    entries[-1]["t"] = below
                else:
                    left = below
                continue
            for key, cid in group:
                shared = next((n for n, (a, b) in enumerate(zip(before, key, strict=False)) if a != b), len(before))
                entries.append({"p": shared, "k": key[shared:], "v": cid, "t": None})
                before = key
        return self.block({"l": left, "e": entries})

    def car(self) -> bytes:
        pairs = [(key.encode(), self.block(record)) for key, record in sorted(self.records.items())]
        height = max((level(key) for key, _ in pairs), default=0)
        tree = self.tree(pairs, height) or self.block({"l": None, "e": []})
        commit = {
            "did": self.did,
            "version": 3,
            "data": tree,
            "rev": "3aaaaaaaaaa2a",
            "prev": None,
            "sig": b"\x00" * 64,
        }
        root = self.block(commit)
        header = dag_cbor({"roots": [root], "version": 1})
        parts = [cid + data for cid, data in self.blocks.items()]
        return varint(len(header)) + header + b"".join(varint(len(part)) + part for part in parts)


def post(text: str, created_at: str = "2026-03-01T09:30:00.000Z", **more: object) -> dict[str, object]:
    return {"$type": "app.bsky.feed.post", "text": text, "createdAt": created_at, **more}
