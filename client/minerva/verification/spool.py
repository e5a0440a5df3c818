"""Contents on disk instead of in memory: rules 4 and 5 compare devices × model bytes, in O(model) memory."""

from __future__ import annotations

import mmap
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO

from minerva.errors import StoreError

SEGMENT_BYTES = 1 << 30
"""Length of a file. It is sparse: what is not written takes no disk; a longer content gets a longer file."""

_ALIGNMENT = 64  # a cache line


class Spool:
    """Keeps byte strings in nameless files, which vanish with the process and which the system pages.

    Parameters
    ----------
    folder
        Where the files lie: on a disk, not in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, Lock()
        self._file: IO[bytes] | None = None
        self._segment = memoryview(b"")
        self._used = 0

    def keep(self, data: bytes) -> memoryview:
        """Write ``data`` and return a read-only view of it, valid for as long as it is referred to.

        Raises
        ------
        StoreError
            The folder cannot be written, e.g. because the disk is full.
        """
        with self._lock:
            try:
                if self._file is None or self._used + len(data) > len(self._segment):
                    self._open(max(SEGMENT_BYTES, len(data)))
                assert self._file is not None
                start = self._used
                self._used += -(-len(data) // _ALIGNMENT) * _ALIGNMENT
                self._file.seek(start)
                self._file.write(data)  # not through the mapping, where a full disk would end the process
                self._file.flush()
            except OSError as error:
                raise StoreError(
                    "the folder for contents cannot be written",
                    value=f"{self._folder}: {error.strerror}",
                    remedy="Make room on its disk.",
                ) from error
            return self._segment[start : start + len(data)]

    def _open(self, length: int) -> None:
        file = TemporaryFile(dir=self._folder)
        file.truncate(length)
        self._file, self._used = file, 0
        self._segment = memoryview(mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ))
