"""What a device must not forget when it is killed: the update it prepared for a round, byte for byte.

A round is trained once. The content is written before the record that names it, both by rename, so a reader
finds a whole entry or none; what was signed is kept by the actor's outbox.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from minerva.durable import replace_file
from minerva.errors import StoreError, UserError
from minerva.protocol.actions import SubmitUpdate
from minerva.protocol.cid import Cid
from minerva.store.cid import cid_of

_KEEP = 2
_KEPT_MOMENTA = 4  # the chain may take a round or two back


@dataclass(frozen=True, slots=True)
class Prepared:
    """A trained update, ready to submit: its record, the bytes behind its CID, the model it started from.

    ``private`` says that it was noised: one that was not never leaves a device that has differential privacy on.
    """

    action: SubmitUpdate
    content: bytes
    base: Cid
    private: bool = False


class Journal:
    """A folder with the prepared updates of the last rounds and the device's status.

    Parameters
    ----------
    root
        The device's own folder; made with mode 0700 when absent.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._status: dict[str, object] = {}
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def save(self, prepared: Prepared) -> None:
        """Keep an update; raises `StoreError` when the disk does not take it."""
        round_ = prepared.action.round
        record = asdict(prepared.action) | {"cid": str(prepared.action.cid), "base": str(prepared.base)}
        record["private"] = prepared.private
        self.write(f"round-{round_}.safetensors", prepared.content)
        self.write(f"round-{round_}.json", json.dumps(record).encode())
        for old in range(round_ - _KEEP, max(0, round_ - _KEEP - 8), -1):
            for suffix in ("json", "safetensors"):
                (self.root / f"round-{old}.{suffix}").unlink(missing_ok=True)

    def load(self, round_: int, base: Cid | None = None) -> Prepared | None:
        """Return the update prepared for a round, from this model if one is named, or None."""
        try:
            record: dict[str, Any] = json.loads((self.root / f"round-{round_}.json").read_bytes())
            content = (self.root / f"round-{round_}.safetensors").read_bytes()
            start, private = Cid.parse(record.pop("base")), record.pop("private", False) is True
            action = SubmitUpdate(**(record | {"cid": Cid.parse(record["cid"])}))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, UserError):
            return None
        whole = cid_of(content) == action.cid
        return Prepared(action, content, start, private) if whole and base in (None, start) else None

    def save_momentum(self, round_: int, data: bytes) -> None:
        """Keep what a round's momentum is; raises `StoreError` when the disk does not take it."""
        self.write(self._momentum(round_).name, data)
        for old in self._momenta()[:-_KEPT_MOMENTA]:
            self._momentum(old).unlink(missing_ok=True)

    def load_momentum(self, round_: int) -> bytes | None:
        """Return what was kept for a round, or None."""
        try:
            return self._momentum(round_).read_bytes()
        except OSError:
            return None

    def _momenta(self) -> list[int]:
        names = [file.stem.partition("-")[2] for file in self.root.glob("momentum-*.safetensors")]
        return sorted(int(name) for name in names if name.isdecimal())

    def _momentum(self, round_: int) -> Path:
        return self.root / f"momentum-{round_}.safetensors"

    def write_status(self, status: Mapping[str, object]) -> None:
        """Replace the status that `minerva device status` shows; ``at`` is when it changed, in seconds."""
        if status == self._status:
            return
        document = json.dumps({**status, "at": int(time.time())}).encode()
        self.write("status.json", document, durable=False)
        self._status = dict(status)

    def read_status(self) -> dict[str, Any]:
        """Return the last status; empty when the device never ran here."""
        try:
            status: Any = json.loads((self.root / "status.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return status if isinstance(status, dict) else {}

    def write(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Replace a file of the folder; raises `StoreError` when the disk does not take it."""
        try:
            replace_file(self.root / name, data, durable=durable)
        except OSError as error:
            raise StoreError(
                "the device's journal cannot be written",
                value=f"{self.root / name}: {error.strerror}",
                remedy="Free some space or name another folder with --state.",
            ) from None
