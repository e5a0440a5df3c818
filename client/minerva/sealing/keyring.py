"""The keys that a miner opens updates with: one file, its owner's alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from minerva.durable import replace_file
from minerva.errors import KeystoreError

FILE = "sealing.json"
"""Its name in a miner's state folder."""
_OTHERS = 0o077


class Keyring:
    """X25519 keys by their public half; the last one is the one to publish, former ones open former rounds.

    Parameters
    ----------
    path
        The file.
    keys
        In the order in which they were made, at least one.
    """

    def __init__(self, path: Path, keys: list[X25519PrivateKey]) -> None:
        self.path = path
        self._keys = {key.public_key().public_bytes_raw(): key for key in keys}

    @property
    def public(self) -> bytes:
        """The newest key's public half, 32 bytes."""
        return list(self._keys)[-1]

    def private(self, public: bytes) -> X25519PrivateKey | None:
        """Return the key whose public half this is, or None."""
        return self._keys.get(public)

    @classmethod
    def at(cls, folder: Path) -> Self:
        """Read the keys of a state folder; one is made at the first call. Raises `KeystoreError`."""
        path = folder / FILE
        if path.exists():
            return cls.read(path)
        ring = cls(path, [X25519PrivateKey.generate()])
        ring._write()
        return ring

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file; raises `KeystoreError` when it is none of these, or others than its owner can read it."""
        try:
            mode, data = path.stat().st_mode, path.read_bytes()
        except OSError as error:
            raise KeystoreError(
                "the sealing keys cannot be read",
                value=f"{path}: {error.strerror}",
                remedy="Name another file.",
            ) from None
        if mode & _OTHERS:
            raise KeystoreError(
                "others than its owner can read the sealing keys", value=path, remedy=f"chmod 600 {path}"
            )
        try:
            document = json.loads(data)
            version, texts = document["minerva"], document["keys"]
            keys = [X25519PrivateKey.from_private_bytes(bytes.fromhex(text)) for text in texts]
        except (ValueError, KeyError, TypeError):
            version, keys = None, []
        if version != 1 or not keys:
            raise KeystoreError(
                "not a file of sealing keys", value=path, remedy="Restore it: lost keys cannot be made again."
            )
        return cls(path, keys)

    def rotate(self) -> None:
        """Make a new key, to be published from the miner's next start on; raises `KeystoreError`."""
        key = X25519PrivateKey.generate()
        Keyring(self.path, [*self._keys.values(), key])._write()
        self._keys[key.public_key().public_bytes_raw()] = key

    def _write(self) -> None:
        """Replace the file whole; it is never readable by others, not for a moment."""
        document = {"minerva": 1, "keys": [key.private_bytes_raw().hex() for key in self._keys.values()]}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.path, json.dumps(document).encode(), mode=0o600)
        except OSError as error:
            raise KeystoreError(
                "the sealing keys cannot be written",
                value=f"{self.path}: {error.strerror}",
                remedy="Make room, or name another folder with --state.",
            ) from None
