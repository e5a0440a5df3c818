"""From bytes to CID, as Kubo 0.43 imports a file: the rule that makes a CID a commitment."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from minerva.protocol.cid import DAG_PB, RAW, Cid

CHUNK_BYTES = 1 << 20
"""Length of every leaf but the last."""
MAX_LINKS = 174
"""Children of an inner node, Kubo's default: one root holds 174 MiB, two levels 29.6 GiB."""
IMPORT_OPTIONS: dict[str, str] = {
    "cid-version": "1",
    "hash": "sha2-256",
    "raw-leaves": "true",
    "trickle": "false",
    "inline": "false",
    "chunker": f"size-{CHUNK_BYTES}",
    "max-file-links": str(MAX_LINKS),
}
"""The same rule as the options of Kubo's ``add``, none left to a node's configuration."""

_PREFIX = {codec: bytes((1, codec, 0x12, 32)) for codec in (RAW, DAG_PB)}  # CIDv1, codec, sha2-256, length


class _Node(NamedTuple):
    cid: Cid
    file_bytes: int
    dag_bytes: int


def cid_of(data: bytes) -> Cid:
    """Return the CID that `IMPORT_OPTIONS` give ``data``, without a node.

    Up to 1 MiB the CID is the SHA-256 of the bytes themselves; beyond, of the root of a balanced UnixFS tree
    (https://specs.ipfs.tech/unixfs/) over 1 MiB raw leaves.
    """
    view = memoryview(data)
    level = [_leaf(view[at : at + CHUNK_BYTES]) for at in range(0, len(view), CHUNK_BYTES)] or [_leaf(view)]
    while len(level) > 1:
        level = [_parent(level[at : at + MAX_LINKS]) for at in range(0, len(level), MAX_LINKS)]
    return level[0].cid


def _leaf(chunk: memoryview) -> _Node:
    return _Node(Cid(sha256(chunk).digest(), RAW), len(chunk), len(chunk))


def _parent(children: list[_Node]) -> _Node:
    """Encode one dag-pb node in its canonical form: links before data, fields by number within each."""
    links, sizes = bytearray(), bytearray()
    for child in children:
        target = _PREFIX[child.cid.codec] + child.cid.digest
        links += _bytes(2, _bytes(1, target) + _bytes(2, b"") + _number(3, child.dag_bytes))
        sizes += _number(4, child.file_bytes)
    file_bytes = sum(child.file_bytes for child in children)
    unixfs = _number(1, 2) + _number(3, file_bytes) + sizes  # type 2: a file
    block = bytes(links) + _bytes(1, unixfs)
    dag_bytes = len(block) + sum(child.dag_bytes for child in children)
    return _Node(Cid(sha256(block).digest(), DAG_PB), file_bytes, dag_bytes)


def file_block(data: bytes) -> bytes:
    """Return a file as one UnixFS block: what the Solidity compiler hashes to name its metadata on IPFS."""
    return _bytes(1, _number(1, 2) + _bytes(2, data) + _number(3, len(data)))


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
