"""Merkle trees over SHA-256 as RFC 6962 has them: for what no contract reads.

A leaf is SHA-256(0x00 ‖ data), a node SHA-256(0x01 ‖ left ‖ right). Level by level neighbours are paired; an odd
last node moves up as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf(data: bytes) -> bytes:
    """Return the leaf over ``data``."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return what stands above two nodes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaves, at least one."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the siblings from leaf ``index`` up to the root."""
    level, found = list(leaves), list[bytes]()
    while len(level) > 1:
        if index ^ 1 < len(level):
            found.append(level[index ^ 1])
        level, index = _above(level), index // 2
    return found


def is_under(root: bytes, leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bool:
    """Whether ``path`` shows that ``leaf`` is number ``index`` of ``count`` under ``root``."""
    if not 0 <= index < count:
        return False
    found, siblings = leaf, list(reversed(path))
    while count > 1:
        if index ^ 1 < count:
            if not siblings:
                return False
            sibling = siblings.pop()
            found = node(sibling, found) if index & 1 else node(found, sibling)
        index, count = index // 2, (count + 1) // 2
    return not siblings and found == root


def _above(level: list[bytes]) -> list[bytes]:
    pairs = [node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return pairs + level[2 * len(pairs) :]
