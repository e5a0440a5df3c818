"""An update sealed to several miners, all or nothing (docs/SPECIFICATION.md, Q3 to Q5).

A random secret encrypts the content, and everything else follows from it: each miner's ephemeral key too, as in
Fujisaki and Okamoto, "Secure integration of asymmetric and symmetric encryption schemes" (CRYPTO 1999; J.
Cryptology 26, 2013). So whoever opens an envelope makes all of its seals again and knows that every other miner
opens it, to the same content. AES-GCM alone would not say so, as it does not commit to its key: one ciphertext can
be made to open to two contents under two keys (Grubbs, Lu, Ristenpart, "Message Franking via Committing
Authenticated Encryption", CRYPTO 2017; Dodis, Grubbs, Ristenpart, Woodage, "Fast Message Franking: From Invisible
Salamanders to Encryptment", CRYPTO 2018).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_utils.address import is_checksum_address

from minerva.errors import MinervaError, VerificationFailed
from minerva.protocol import canonical
from minerva.protocol.reasons import Reason
from minerva.protocol.records import Address
from minerva.sealing.address import KEY_BYTES
from minerva.sealing.keyring import Keyring

MAGIC = b"MNVSEAL\x01"
"""First bytes of an envelope; no safetensors file begins like this."""
OVERHEAD = 1 << 15
"""The most that an envelope is longer than its content, with 64 miners."""
_LENGTH_BYTES = 4
_START = len(MAGIC) + _LENGTH_BYTES
_TAG_BYTES = 16
_MAX_HEADER = OVERHEAD - _START - _TAG_BYTES
_NONCE = bytes(12)
"""Every key encrypts once."""


class SealRefused(MinervaError):
    """An envelope is refused; ``reason`` is what a ballot says."""

    def __init__(self, reason: Reason, *, value: object | None = None) -> None:
        super().__init__(reason.words, value=value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Context:
    """What an envelope is for: associated data of all that is encrypted in it."""

    chain_id: int
    federation: Address
    round: int
    device: Address


@dataclass(frozen=True, slots=True)
class Seal:
    """The secret, wrapped for one miner: its contract, its public key, the ephemeral one, 48 bytes of AES-GCM."""

    miner: Address
    key: bytes
    ephemeral: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """What everybody can read of a sealed update; ``header`` and ``ciphertext`` are its parts as they came."""

    context: Context
    content_hash: bytes
    seals: tuple[Seal, ...]
    header: bytes
    ciphertext: memoryview

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read an envelope; raises `SealRefused`: not sealed, or malformed."""
        if data[: len(MAGIC)] != MAGIC:
            raise SealRefused(Reason.NOT_SEALED)
        length = int.from_bytes(data[len(MAGIC) : _START], "little")
        header, ciphertext = data[_START : _START + length], memoryview(data)[_START + length :]
        if not 0 < length <= _MAX_HEADER or len(ciphertext) < _TAG_BYTES:
            raise SealRefused(Reason.MALFORMED_SEAL, value=f"a header of {length} bytes")
        try:
            context, content_hash, seals = _parse(canonical.loads(header))
        except (VerificationFailed, ValueError, KeyError, TypeError) as error:
            raise SealRefused(Reason.MALFORMED_SEAL, value=ascii(str(error))[:120]) from None
        return cls(context, content_hash, seals, header, ciphertext)

    def open(self, keys: Keyring) -> bytes:
        """Return the content; raises `SealRefused` when no key opens it, or it would not open to all alike."""
        secret = self._secret(keys)
        binding = _binding(self.context, self.content_hash)
        try:
            again = tuple(_seal(secret, binding, seal.miner, seal.key) for seal in self.seals)
        except ValueError:  # sealed to a point of low order
            again = ()
        if self.seals != again:
            raise SealRefused(Reason.SEALED_UNEQUALLY)
        try:
            content = _cipher(secret, binding).decrypt(_NONCE, self.ciphertext, self.header)
        except (InvalidTag, OverflowError):  # OverflowError: of 2^31 bytes or more
            raise SealRefused(Reason.WRONG_CONTENT) from None
        if sha256(content).digest() != self.content_hash:
            raise SealRefused(Reason.WRONG_CONTENT)
        return content

    def _secret(self, keys: Keyring) -> bytes:
        binding = _binding(self.context, self.content_hash)
        for seal in self.seals:
            private = keys.private(seal.key)
            if private is None:
                continue
            try:
                shared = private.exchange(X25519PublicKey.from_public_bytes(seal.ephemeral))
                wrap = AESGCM(_wrapping_key(shared, seal.ephemeral, seal.key, seal.miner))
                return wrap.decrypt(_NONCE, seal.wrapped, binding)
            except (InvalidTag, ValueError):  # ValueError: an ephemeral key of low order
                continue
        raise SealRefused(Reason.NOT_OPENED)


def seal(context: Context, content: bytes, miners: Mapping[Address, bytes]) -> bytes:
    """Seal an update's content.

    Parameters
    ----------
    context
        What it is for.
    content
        The update's safetensors file.
    miners
        The public keys to seal to, by the miners' contracts: those of `minerva.sealing.address.published`.
    """
    secret, content_hash = os.urandom(KEY_BYTES), sha256(content).digest()
    binding = _binding(context, content_hash)
    seals = [_seal(secret, binding, miner, key) for miner, key in sorted(miners.items())]
    header = canonical.dumps(
        _document(context, content_hash)
        | {
            "seals": [
                {
                    "miner": one.miner, "key": one.key.hex(), "ephemeral": one.ephemeral.hex(),
                    "wrapped": one.wrapped.hex(),
                }
                for one in seals
            ]
        }
    )  # fmt: skip
    start = MAGIC + len(header).to_bytes(_LENGTH_BYTES, "little") + header
    whole = BytesIO(
        bytes(len(start) + len(content) + _TAG_BYTES)
    )  # encrypted in its place: content may be large
    with whole.getbuffer() as view:
        view[: len(start)] = start
        _cipher(secret, binding).encrypt_into(_NONCE, content, header, view[len(start) :])
    return whole.getvalue()


def _document(context: Context, content_hash: bytes) -> dict[str, Any]:
    return {
        "minerva": 1, "chainId": context.chain_id, "federation": context.federation, "round": context.round,
        "device": context.device, "contentHash": content_hash.hex(),
    }  # fmt: skip


def _binding(context: Context, content_hash: bytes) -> bytes:
    return canonical.dumps(_document(context, content_hash))


def _seal(secret: bytes, binding: bytes, miner: Address, key: bytes) -> Seal:
    """Wrap the secret for one miner: a function of its arguments."""
    private = X25519PrivateKey.from_private_bytes(_derive(secret, binding, b"ephemeral", miner.encode(), key))
    ephemeral = private.public_key().public_bytes_raw()
    shared = private.exchange(X25519PublicKey.from_public_bytes(key))
    wrapped = AESGCM(_wrapping_key(shared, ephemeral, key, miner)).encrypt(_NONCE, secret, binding)
    return Seal(miner, key, ephemeral, wrapped)


def _wrapping_key(shared: bytes, ephemeral: bytes, key: bytes, miner: Address) -> bytes:
    return _derive(shared, ephemeral + key, b"wrap", miner.encode())


def _cipher(secret: bytes, binding: bytes) -> AESGCM:
    return AESGCM(_derive(secret, binding, b"content"))


def _derive(secret: bytes, salt: bytes, *purpose: bytes) -> bytes:
    info = b" ".join((b"minerva seal 1", *purpose))
    return HKDF(SHA256(), KEY_BYTES, salt, info).derive(secret)


def _parse(document: dict[str, Any]) -> tuple[Context, bytes, tuple[Seal, ...]]:
    """Read the header's document; raises ValueError, KeyError or TypeError, whatever it is."""
    seals = tuple(
        Seal(_address(one["miner"]), _hex(one["key"], KEY_BYTES), _hex(one["ephemeral"], KEY_BYTES),
             _hex(one["wrapped"], KEY_BYTES + _TAG_BYTES))
        for one in document["seals"]
    )  # fmt: skip
    miners = [one.miner for one in seals]
    if miners != sorted(set(miners)):
        raise ValueError("miners are not unique and sorted")
    context = Context(
        _integer(document["chainId"]), _address(document["federation"]), _integer(document["round"]),
        _address(document["device"]),
    )  # fmt: skip
    content_hash = _hex(document["contentHash"], 32)
    again = _document(context, content_hash) | {"seals": document["seals"]}
    known = canonical.dumps(again) == canonical.dumps(document)  # in Python, true equals 1
    if not known or any(set(one) != _SEAL_FIELDS for one in document["seals"]):
        raise ValueError("fields are missing or unknown")
    return context, content_hash, seals


_SEAL_FIELDS = {"miner", "key", "ephemeral", "wrapped"}


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 256:
        raise ValueError("not a number of this protocol")
    return value


def _address(value: object) -> Address:
    if not isinstance(value, str) or not is_checksum_address(value):
        raise ValueError("not an address")
    return value


def _hex(value: object, length: int) -> bytes:
    data = bytes.fromhex(value) if isinstance(value, str) else b""
    if len(data) != length or data.hex() != value:
        raise ValueError(f"not {length} bytes in hex")
    return data
