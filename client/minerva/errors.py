"""The one error tree. Every message says what was wrong, with which value, and what to do about it."""

from __future__ import annotations


class MinervaError(Exception):
    """A fault that a person should read as one line.

    Parameters
    ----------
    what
        What was wrong, a phrase without a full stop.
    value
        The offending value, shown in the message when given. Never a secret.
    remedy
        What to do about it, a sentence.
    """

    exit_code = 1

    def __init__(self, what: str, *, value: object | None = None, remedy: str = "") -> None:
        self.what, self.value, self.remedy = what, value, remedy
        shown = what if value is None else f"{what}: {value}"
        sentence = shown if shown.endswith("?") else f"{shown.rstrip('.')}."
        super().__init__(f"{sentence} {remedy}" if remedy else shown)


class UserError(MinervaError):
    """A mistake of the person at the keyboard: exit status 2."""

    exit_code = 2


class ConfigError(UserError):
    """A configuration key or value is not usable."""


class KeystoreError(UserError):
    """A key file is missing, unreadable, locked with another password, or not allowed on this chain."""


class TaskError(UserError):
    """A task file lacks a function, raises, or returns what the contract of tasks does not allow."""


class DataError(UserError):
    """A data set is empty, has one class only, or cannot be read."""


class ChainError(MinervaError):
    """The chain did not do what was asked."""


class ChainUnreachable(ChainError):
    """No answer from the RPC address within its time-out and retries."""


class WrongChain(ChainError):
    """The RPC address answers, but it is another chain, another contract or another ABI version."""

    exit_code = 2


class InsufficientFunds(ChainError):
    """The account cannot pay for the transaction."""

    exit_code = 2


class TransactionLost(ChainError):
    """A transaction was not mined before its deadline; the outbox keeps the intent."""


class ContractReverted(ChainError):
    """A contract refused a call with a typed error.

    Attributes
    ----------
    name
        The Solidity error's name, e.g. ``"FederationUnexpectedPhase"``.
    arguments
        Its arguments, in order, as Python values (addresses as checksummed ``str``, ``bytes32`` as
        ``bytes``).
    """

    exit_code = 2

    def __init__(self, name: str, arguments: tuple[object, ...] = (), *, remedy: str = "") -> None:
        self.name, self.arguments = name, arguments
        super().__init__(
            "the contract refused",
            value=f"{name}({', '.join(map(_show, arguments))})",
            remedy=remedy or "docs/errors.md has its cause and cure.",
        )


class StoreError(MinervaError):
    """The content store did not do what was asked."""


class StoreUnreachable(StoreError):
    """The IPFS node does not answer."""


class ContentUnavailable(StoreError):
    """Nobody served this CID before the deadline."""


class ContentTooLarge(StoreError):
    """The content is longer than the caller allows; nothing past the cap was read."""


class ContentSealed(StoreError):
    """The bytes are there, and sealed to others."""


class ContentMismatch(StoreError):
    """The bytes received do not hash to the CID asked for."""


class NodeConflict(UserError):
    """Two processes want one thing: a key, a port, a state folder."""


class VerificationFailed(MinervaError):
    """A block, a body or a model does not re-derive from chain and IPFS."""


def _show(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
