"""What an ABI declares, bound to the protocol's dataclasses by the names of their fields.

Nothing of an ABI is written down a second time here: a field ``compute_us`` is the parameter ``computeUs``, a
`Cid` is a struct of that name or the pair ``…Digest``, ``…Codec``. What does not fit is `AbiMismatch`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Generic, TypeVar, get_type_hints

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.abi import collapse_if_tuple, event_abi_to_log_topic, function_abi_to_4byte_selector
from eth_utils.address import to_checksum_address

from minerva.errors import ChainError
from minerva.protocol.cid import Cid
from minerva.protocol.events import Event
from minerva.protocol.state import Drop, Phase, Status

Abi = Sequence[Mapping[str, Any]]
"""The entries of a contract's ABI, or the parameters of one of them."""
T = TypeVar("T")

_KINDS: dict[object, re.Pattern[str]] = {
    int: re.compile(r"u?int\d+"),
    bytes: re.compile(r"bytes\d*"),
    str: re.compile(r"address|string"),
    bool: re.compile(r"bool"),
    tuple[int, ...]: re.compile(r"u?int\d+\[\]"),
}
_ENUMS: dict[str, type[IntEnum]] = {f"enum {kind.__name__}": kind for kind in (Phase, Status, Drop)}


class AbiMismatch(Exception):
    """An ABI lacks something that this client uses, or declares it otherwise."""


checksummed: Callable[[str], str] = lru_cache(maxsize=1 << 14)(to_checksum_address)
"""An address in EIP-55 form."""


class Values:
    """A list of parameters as bytes and back.

    Decoded values are Python's: addresses checksummed, structs as tuples; in text, what is no UTF-8 is
    replaced, since a stranger chose its bytes.
    """

    def __init__(self, parameters: Abi) -> None:
        self._types = [collapse_if_tuple(dict(p)) for p in parameters]
        # `string` and `bytes` are encoded alike, and only bytes can always be decoded.
        self._raw = [re.sub(r"\bstring\b", "bytes", t) for t in self._types]
        self._cleaners = [_cleaner(p) for p in parameters]

    def encode(self, values: Sequence[Any]) -> bytes:
        """Encode; raises `ChainError` for a value that its type cannot hold."""
        try:
            return encode(self._types, values)
        except (EncodingError, ValueError) as error:
            raise ChainError("a value does not fit the contract's type", value=error) from None

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """Decode; raises `AbiMismatch` when the bytes are not of these types."""
        try:
            values = decode(self._raw, data)
        except (DecodingError, ValueError, OverflowError) as error:
            raise AbiMismatch(f"({','.join(self._types)}) does not decode: {error}") from None
        return tuple(clean(value) for clean, value in zip(self._cleaners, values, strict=True))


class Function:
    """A function of a contract."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name, self.inputs, self.outputs = entry["name"], entry["inputs"], entry["outputs"]
        self._selector = function_abi_to_4byte_selector(entry)  # type: ignore[arg-type]
        self._arguments, self._results = Values(self.inputs), Values(self.outputs)

    def encode(self, *arguments: Any) -> bytes:
        """Return call data."""
        return self._selector + self._arguments.encode(arguments)

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """Return what a call gave back."""
        return self._results.decode(data)


class Record(Generic[T]):
    """A dataclass read from parameters and written to them.

    Parameters
    ----------
    kind
        The dataclass.
    parameters
        Those of a struct or an event.
    partial
        The dataclass may have fields that the parameters lack; it can then be written only.
    """

    def __init__(self, kind: type[T], parameters: Abi, *, partial: bool = False) -> None:
        self._kind, self._name = kind, kind.__name__
        names = [p["name"] for p in parameters]
        hints, unused = get_type_hints(kind), set(names)
        self._readers: list[Callable[[Sequence[Any]], Any]] = []
        writers: dict[str, Callable[[Any], Any]] = {}
        for field in fields(kind):  # type: ignore[arg-type]
            hint, camel = hints[field.name], _camel(field.name)
            if camel in unused:
                position = names.index(camel)
                read, write = _one(hint, parameters[position], self._name)
                self._readers.append(_at(position, read))
                writers[camel] = _attribute(field.name, write)
                unused.discard(camel)
            elif hint is Cid and (pair := _pair(camel, unused)):
                digest, codec = names.index(pair[0]), names.index(pair[1])
                self._readers.append(_cid_at(digest, codec))
                writers |= {pair[0]: _attribute(field.name, _digest), pair[1]: _attribute(field.name, _codec)}
                unused -= set(pair)
            elif not partial:
                raise AbiMismatch(f"{self._name} has no parameter {camel!r} among ({', '.join(names)})")
        if unused:
            raise AbiMismatch(f"{self._name} has no field for {', '.join(sorted(unused))}")
        self._writers = [writers[name] for name in names]

    def read(self, values: Sequence[Any]) -> T:
        """Make the dataclass from decoded values."""
        return self._kind(*[read(values) for read in self._readers])

    def write(self, value: T) -> tuple[Any, ...]:
        """Return the values in the order of the parameters."""
        return tuple(write(value) for write in self._writers)


class EventType:
    """An event of a contract and the dataclass it becomes."""

    def __init__(self, kind: type[Event], entry: Mapping[str, Any]) -> None:
        inputs = entry["inputs"]
        self.kind, self.topic = kind, bytes(event_abi_to_log_topic(entry))  # type: ignore[arg-type]
        self._indexed = [i for i, p in enumerate(inputs) if p["indexed"]]
        self._plain = [i for i, p in enumerate(inputs) if not p["indexed"]]
        self._topics = [Values([inputs[i]]) for i in self._indexed]
        self._data = Values([inputs[i] for i in self._plain])
        self._record: Record[Any] = Record(kind, inputs)

    def decode(self, topics: Sequence[bytes], data: bytes) -> Event:
        """Make the event; raises `AbiMismatch` when the log is not of this type."""
        if len(topics) != len(self._indexed) + 1:
            raise AbiMismatch(f"{self.kind.__name__} with {len(topics)} topics")
        values: dict[int, Any] = dict(zip(self._plain, self._data.decode(data), strict=True))
        for position, codec, topic in zip(self._indexed, self._topics, topics[1:], strict=True):
            values[position] = codec.decode(topic)[0]
        event: Event = self._record.read([values[i] for i in range(len(values))])
        return event


def entries(abi: Abi, kind: str) -> Iterator[Mapping[str, Any]]:
    """Return the functions, events or errors of an ABI."""
    return (entry for entry in abi if entry.get("type") == kind)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _pair(camel: str, names: set[str]) -> tuple[str, str] | None:
    pairs = [(f"{camel}Digest", f"{camel}Codec")] + [("digest", "codec")] * (camel == "cid")
    return next((pair for pair in pairs if set(pair) <= names), None)


def _one(
    hint: Any, parameter: Mapping[str, Any], where: str
) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return how one parameter becomes the value of a field, and back."""
    kind = parameter["type"]
    if is_dataclass(hint) and isinstance(hint, type) and kind == "tuple":
        record = Record(hint, parameter["components"])
        return record.read, record.write
    if isinstance(hint, type) and issubclass(hint, IntEnum) and kind == "uint8":
        return hint, int
    if (pattern := _KINDS.get(hint)) is None or not pattern.fullmatch(kind):
        raise AbiMismatch(f"{where}.{parameter['name']} is {kind}")
    return _same, _same


def _cleaner(parameter: Mapping[str, Any]) -> Callable[[Any], Any]:
    kind = parameter["type"]
    if kind == "address":
        return checksummed
    if kind == "string":
        return _text
    if kind == "tuple":
        inner = [_cleaner(c) for c in parameter["components"]]
        return lambda value: tuple(clean(v) for clean, v in zip(inner, value, strict=True))
    return _ENUMS.get(parameter.get("internalType", ""), _same)


def _same(value: Any) -> Any:
    return value


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _digest(cid: Cid) -> bytes:
    return cid.digest


def _codec(cid: Cid) -> int:
    return cid.codec


def _at(position: int, read: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Any]:
    return lambda values: read(values[position])


def _cid_at(digest: int, codec: int) -> Callable[[Sequence[Any]], Any]:
    return lambda values: Cid(values[digest], values[codec])


def _attribute(name: str, write: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: write(getattr(value, name))
