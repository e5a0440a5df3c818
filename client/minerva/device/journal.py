"""What a device must not forget when it is killed: the update it prepared for a round, byte for byte.

A round is trained once. The content is written before the record that names it, both by rename, so a reader finds a whole entry or
none; what was signed is kept by the actor's outbox.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from minerva.errors import StoreError
from minerva.protocol.actions import SubmitUpdate
from minerva.protocol.cid import Cid

_KEEP = 2


@dataclass(frozen=True, slots=True)
class Prepared:
    """A trained update, ready to submit: what goes on the chain, the bytes behind its CID, and the model it started from."""

    action: SubmitUpdate
    content: bytes
    base: Cid


class Journal:
    """A folder with the prepared updates of the last rounds and the device's status.

    Parameters
    ----------
    root
        The device's own folder; made with mode 0700 when absent.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def save(self, prepared: Prepared) -> None:
        """Keep an update; raises `StoreError` when the disk does not take it."""
        round_ = prepared.action.round
        record = asdict(prepared.action) | {"cid": str(prepared.action.cid), "base": str(prepared.base)}
        self._write(f"round-{round_}.safetensors", prepared.content)
        self._write(f"round-{round_}.json", json.dumps(record).encode())
        for old in range(round_ - _KEEP, max(0, round_ - _KEEP - 8), -1):
            for suffix in ("json", "safetensors"):
                (self.root / f"round-{old}.{suffix}").unlink(missing_ok=True)

    def load(self, round_: int, base: Cid) -> Prepared | None:
        """The update prepared for this round from this model; None when there is none."""
        try:
            record: dict[str, Any] = json.loads((self.root / f"round-{round_}.json").read_bytes())
            content = (self.root / f"round-{round_}.safetensors").read_bytes()
            start = Cid.parse(record.pop("base"))
            action = SubmitUpdate(**(record | {"cid": Cid.parse(record["cid"])}))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Prepared(action, content, start) if start == base else None

    def write_status(self, **fields: object) -> None:
        """Replace the status that `minerva device status` shows."""
        self._write("status.json", json.dumps(fields, default=str).encode())

    def read_status(self) -> dict[str, Any]:
        """The last status; empty when the device never ran here."""
        try:
            status: dict[str, Any] = json.loads((self.root / "status.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return status

    def _write(self, name: str, data: bytes) -> None:
        temporary = self.root / f".{name}.{os.getpid()}"
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.root / name)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreError(
                "the device's journal cannot be written",
                value=f"{self.root / name}: {error.strerror}",
                remedy="Free some space or name another folder with --state.",
            ) from None
