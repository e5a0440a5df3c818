"""Keys that sign: keystore files (Web3 Secret Storage, version 3), and anvil's published ones."""

from __future__ import annotations

import getpass
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import is_address, to_checksum_address

from minerva.errors import KeystoreError
from minerva.protocol.records import Address

ANVIL_CHAIN_ID = 31337
PASSWORD_VARIABLE = "MINERVA_PASSWORD"
SCRYPT_N = 1 << 18
"""Rounds of scrypt: a second and 256 MiB for each guess of a password."""
_MNEMONIC = "test test test test test test test test test test test junk"
_KNOWN = 64  # well-known accounts that are recognised in a keystore
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class PasswordSource:
    """Where a keystore's password comes from: the first line of a file, else a variable, else a prompt.

    Attributes
    ----------
    file
        Path, or None.
    variable
        Name of an environment variable.
    prompt
        Asks a person; None when there is nobody to ask.
    """

    file: Path | None = None
    variable: str = PASSWORD_VARIABLE
    prompt: Callable[[str], str] | None = field(default=getpass.getpass, repr=False)

    def read(self, what: str) -> str:
        """Return the password for ``what``; raises `KeystoreError` when there is no source."""
        if self.file is not None:
            try:
                lines = self.file.read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise KeystoreError(
                    "the password file cannot be read",
                    value=f"{self.file}: {getattr(error, 'strerror', None) or 'no text'}",
                    remedy="Name another.",
                ) from None
            return lines[0] if lines else ""
        if (given := os.environ.get(self.variable)) is not None:
            return given
        if self.prompt is not None and sys.stdin is not None and sys.stdin.isatty():
            return self.prompt(f"Password for {what}: ")
        raise KeystoreError(
            "no password for the keystore",
            value=what,
            remedy=f"Name a file with --password-file, set {self.variable}, or run it on a terminal.",
        )


def load_account(spec: str, chain_id: int, password: PasswordSource | None = None) -> LocalAccount:
    """Return the account that signs.

    Parameters
    ----------
    spec
        Path of a keystore file, or ``anvil:N`` for the N-th of anvil's published accounts.
    chain_id
        The chain it will sign for.
    password
        How to unlock a keystore.

    Raises
    ------
    KeystoreError
        There is no such file, it is no keystore, the password is wrong, or the key is published and the chain
        is no development chain: anyone could sign with it.
    """
    if not spec:
        raise _unnamed()
    if (number := _anvil_number(spec)) is not None:
        if chain_id != ANVIL_CHAIN_ID:
            raise _published(spec, chain_id)
        return _anvil_account(number)
    document = _read(Path(spec))
    address = f"0x{document.get('address', '')}".lower().replace("0x0x", "0x")
    if chain_id != ANVIL_CHAIN_ID and address in _known_addresses():
        raise _published(address, chain_id)
    account = _unlock(Path(spec), document, (password or PasswordSource()).read(spec))
    if chain_id != ANVIL_CHAIN_ID and account.address.lower() in _known_addresses():
        raise _published(account.address, chain_id)
    return account


def account_address(spec: str) -> Address:
    """Return the address that an account signs with, without unlocking it; raises as `load_account`."""
    if not spec:
        raise _unnamed()
    if (number := _anvil_number(spec)) is not None:
        return anvil_address(number)
    address = str(_read(Path(spec)).get("address", "")).removeprefix("0x")
    if not is_address(f"0x{address}"):
        raise KeystoreError("the keystore does not tell its address", value=spec, remedy="Name another.")
    return str(to_checksum_address(f"0x{address}"))


def create_keystore(
    path: Path, password: str, *, scrypt_n: int = SCRYPT_N, key: bytes | None = None
) -> LocalAccount:
    """Write a new keystore file, readable by its owner alone.

    Parameters
    ----------
    path
        The file; it must not exist.
    password
        What unlocks it; not empty.
    scrypt_n
        Rounds of scrypt, a power of two; small ones are for tests.
    key
        32 bytes to keep; drawn at random when not given.

    Raises
    ------
    KeystoreError
        The file exists, cannot be written, or the password is empty.
    """
    if not password:
        raise KeystoreError(
            "the password is empty", value=path, remedy="Choose one of eight characters or more."
        )
    account: LocalAccount = Account.create() if key is None else Account.from_key(key)
    document = account.encrypt(password, kdf="scrypt", iterations=scrypt_n)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise KeystoreError("the file exists already", value=path, remedy="Name another.") from None
    except OSError as error:
        raise _unwritten(path, error) from None
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(document, file)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritten(path, error) from None
    return account


def anvil_address(number: int) -> Address:
    """Return the address of the N-th of anvil's published accounts."""
    return str(_anvil_account(number).address)


def _anvil_number(spec: str) -> int | None:
    if not spec.startswith("anvil:"):
        return None
    match = re.fullmatch(r"anvil:(\d{1,6})", spec)
    if match is None or int(match[1]) >= _MOST:
        raise KeystoreError(
            "not an account of anvil's", value=spec, remedy="It is anvil: and a number, e.g. anvil:0."
        )
    return int(match[1])


@lru_cache(maxsize=256)
def _anvil_account(number: int) -> LocalAccount:
    from eth_account.hdaccount import key_from_seed

    account: LocalAccount = Account.from_key(key_from_seed(_seed(), f"m/44'/60'/0'/0/{number}"))
    return account


@lru_cache(maxsize=1)
def _seed() -> bytes:
    from eth_account.hdaccount import seed_from_mnemonic

    return bytes(seed_from_mnemonic(_MNEMONIC, ""))


@lru_cache(maxsize=1)
def _known_addresses() -> frozenset[str]:
    return frozenset(anvil_address(number).lower() for number in range(_KNOWN))


def _unwritten(path: Path, error: OSError) -> KeystoreError:
    return KeystoreError(
        "the keystore cannot be written", value=f"{path}: {error.strerror}", remedy="Name another file."
    )


def _unnamed() -> KeystoreError:
    return KeystoreError(
        "no account is configured", remedy="Name a keystore file with --account, or anvil:0 on chain 31337."
    )


def _published(what: str, chain_id: int) -> KeystoreError:
    return KeystoreError(
        f"this key is published with anvil, so anyone can sign with it, and chain {chain_id} is no dev chain",
        value=what,
        remedy="Make a key of your own: minerva key new FILE.",
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KeystoreError(
            "there is no keystore",
            value=path,
            remedy="Name one with --account, or make it: minerva key new FILE.",
        ) from None
    except OSError as error:
        raise KeystoreError(
            "the keystore cannot be read", value=f"{path}: {error.strerror}", remedy="Check its permissions."
        ) from None
    except ValueError:
        document = None
    if (
        not isinstance(document, dict)
        or document.get("version") != 3
        or not ({"crypto", "Crypto"} & set(document))
    ):
        # The content is not shown: it may be a bare key.
        raise KeystoreError(
            "not a keystore file (Web3 Secret Storage, version 3)",
            value=path,
            remedy="Name another, or make one: minerva key new FILE.",
        )
    return document


def _unlock(path: Path, document: dict[str, Any], password: str) -> LocalAccount:
    try:
        key = Account.decrypt(document, password)
    except ValueError as error:
        if "MAC mismatch" in str(error):
            raise KeystoreError(
                "wrong password for the keystore", value=path, remedy="Give the one it was made with."
            ) from None
        raise KeystoreError("the keystore is damaged", value=path, remedy="Restore it from a copy.") from None
    except (KeyError, TypeError, NotImplementedError):
        raise KeystoreError("the keystore is damaged", value=path, remedy="Restore it from a copy.") from None
    account: LocalAccount = Account.from_key(key)
    return account
