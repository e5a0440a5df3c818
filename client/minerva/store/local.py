"""A Store in a folder: files named by CID, which the processes of a machine share when no IPFS node runs."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from minerva import __version__
from minerva.durable import sync_folder
from minerva.errors import ContentMismatch, ContentTooLarge, ContentUnavailable, StoreError, StoreUnreachable
from minerva.store.cid import cid_of
from minerva.store.port import StoreHealth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from minerva.protocol.cid import Cid

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FIRST_LOOK, _LAST_LOOK = 0.002, 0.05  # seconds between two looks at a file that another process may write
_ABANDONED = 3600.0  # seconds after which an unfinished file has no writer any more


class LocalStore:
    """Blocks, and pins as empty files of the same name, under one folder.

    Every file appears whole or not at all. Processes that share the folder share its pins, as those that
    share one IPFS node do.

    Parameters
    ----------
    folder
        Created when missing. Raises `StoreError` when that is not possible.
    durable
        Wait until the disk has the bytes before `put` returns. Without it a power cut may take the last ones.
    """

    name = "local"

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._folder, self._durable = folder, durable
        self._blocks, self._pins = folder / "blocks", folder / "pins"
        self._unfinished, self._leaving = folder / "unfinished", folder / "leaving"
        with self._writing():
            for part in (self._blocks, self._pins, self._unfinished, self._leaving):
                part.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> Cid:
        """Write and pin ``data``; see `Store.put`."""
        cid = cid_of(data)
        pin = self._pins / str(cid)
        known = pin.exists()
        with self._writing():
            pin.touch()  # first, so that `collect` in another process leaves the block alone
            try:
                if not self._holds(cid, len(data)):
                    self._write(self._blocks / str(cid), data)
            except BaseException:
                if not known:
                    pin.unlink(missing_ok=True)
                raise
        return cid

    def get(self, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
        """Return the bytes behind ``cid``, waiting for another process to put them; see `Store.get`."""
        self._await(cid, timeout)
        try:
            with (self._blocks / str(cid)).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > max_bytes:
                    raise ContentTooLarge(f"{cid} holds {size} bytes, {max_bytes} are allowed")
                data = file.read(max_bytes + 1)
        except FileNotFoundError:
            raise ContentUnavailable(f"{cid} was collected while it was asked for") from None
        except OSError as error:
            raise StoreError(f"cannot read {cid}", value=error, remedy="Is its disk in order?") from error
        if cid_of(data) != cid:
            raise ContentMismatch(f"the file of {cid} holds other bytes", value=self._blocks / str(cid))
        return data

    def has(self, cid: Cid) -> bool:
        """Whether the bytes lie here; see `Store.has`."""
        return (self._blocks / str(cid)).exists()

    def pin(self, cid: Cid, *, timeout: float) -> None:
        """Keep ``cid`` through `collect`; see `Store.pin`."""
        pin = self._pins / str(cid)
        known = pin.exists()
        with self._writing():
            pin.touch()
        try:
            self._await(cid, timeout)
        except ContentUnavailable:
            if not known:
                pin.unlink(missing_ok=True)
            raise

    def unpin(self, cid: Cid) -> None:
        """Allow `collect` to delete ``cid``; see `Store.unpin`."""
        with self._writing():
            (self._pins / str(cid)).unlink(missing_ok=True)

    def collect(self) -> int:
        """Delete every unpinned block, and what killed writers left behind; return how many blocks went.

        Other processes may put and pin meanwhile: a block is first set aside, then looked at again, so that
        one that got its pin in between comes back and one put after that is written anew.
        """
        with self._writing():
            for file in self._unfinished.iterdir():
                with suppress(FileNotFoundError):
                    if time.time() - file.stat().st_mtime > _ABANDONED:
                        file.unlink()
            for block in self._blocks.iterdir():
                if not (self._pins / block.name).exists():
                    with suppress(FileNotFoundError):
                        block.rename(self._leaving / block.name)
            return sum(self._leave(block) for block in self._leaving.iterdir())

    def health(self) -> StoreHealth:
        """Look at the folder; see `Store.health`."""
        if not self._blocks.is_dir():
            raise StoreUnreachable("the store's folder is gone", value=self._folder, remedy="Was it deleted?")
        return StoreHealth(self.name, __version__, 0)

    def close(self) -> None:
        """Do nothing; see `Store.close`."""

    def _leave(self, block: Path) -> bool:
        with suppress(FileNotFoundError):
            if (self._pins / block.name).exists():
                block.rename(self._blocks / block.name)
                return False
            block.unlink()
            return True
        return False

    def _holds(self, cid: Cid, size: int) -> bool:
        try:
            data = (self._blocks / str(cid)).read_bytes()
        except FileNotFoundError:
            return False
        return len(data) == size and cid_of(data) == cid

    def _write(self, target: Path, data: bytes) -> None:
        descriptor, name = tempfile.mkstemp(dir=self._unfinished)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                if self._durable:
                    file.flush()
                    os.fsync(file.fileno())
            Path(name).rename(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        if self._durable:
            sync_folder(target.parent)

    def _await(self, cid: Cid, timeout: float) -> None:
        """Look until the block is there: a folder shared by processes has no portable event to wait for."""
        deadline, pause = time.monotonic() + timeout, _FIRST_LOOK
        while not self.has(cid):
            left = deadline - time.monotonic()
            if left <= 0:
                raise ContentUnavailable(f"nobody put {cid} within {timeout:g} s", value=self._folder)
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LAST_LOOK)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what, remedy = f"cannot write to the store ({error.strerror})", "Check the folder and its owner."
            if error.errno in _FULL:
                what, remedy = "the disk is full", "Free some space or choose another folder."
            raise StoreError(what, value=self._folder, remedy=remedy) from error
