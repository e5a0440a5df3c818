"""Content identifiers as the protocol carries them: a SHA-256 digest and one of two codecs."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from minerva.errors import UserError

RAW = 0x55
DAG_PB = 0x70
_PREFIX = b"\x12\x20"  # multihash: sha2-256, 32 bytes


@dataclass(frozen=True, slots=True, order=True)
class Cid:
    """A CIDv1 over sha2-256 (https://github.com/multiformats/cid), the commitment to some bytes.

    Parameters
    ----------
    digest
        32 bytes.
    codec
        ``RAW`` (0x55: the bytes themselves, up to 1 MiB) or ``DAG_PB`` (0x70: a root over 1 MiB leaves).
    """

    digest: bytes
    codec: int = RAW

    def __post_init__(self) -> None:
        if len(self.digest) != 32 or self.codec not in (RAW, DAG_PB):
            raise UserError(
                "not a CID of this protocol",
                value=f"codec {self.codec:#x}, {len(self.digest)} bytes of digest",
                remedy="It is CIDv1, sha2-256, raw or dag-pb.",
            )

    def __str__(self) -> str:
        raw = bytes((1, self.codec)) + _PREFIX + self.digest
        return "b" + base64.b32encode(raw).decode("ascii").lower().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cid:
        """Read a base32 CIDv1; raises `UserError` for anything else."""
        body = text[1:].upper() if text[:1] == "b" else ""
        try:
            raw = base64.b32decode(body + "=" * (-len(body) % 8))
        except ValueError:  # binascii.Error, or a character that is not ASCII
            raw = b""
        if len(raw) == 36 and raw[0] == 1 and raw[1] in (RAW, DAG_PB) and raw[2:4] == _PREFIX:
            cid = cls(raw[4:], raw[1])
            if str(cid) == text:
                return cid
        raise UserError(
            "not a CID of this protocol",
            value=ascii(text[:80]),
            remedy="It is CIDv1 in base32, sha2-256: 'bafk…'.",
        )
