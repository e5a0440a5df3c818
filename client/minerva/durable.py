"""Files that are there whole or not at all, whatever is killed meanwhile."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, data: bytes, *, mode: int = 0o666, durable: bool = True) -> None:
    """Put ``data`` in the place of a file, by a file beside it and a rename.

    Parameters
    ----------
    mode
        Of a file that is new or replaced, less the process's umask: 0o600 is never readable by others, not for a moment.
    durable
        Return only once the data and the name lie on the disk.

    Raises
    ------
    OSError
        It cannot be written; what was there is there still.
    """
    temporary = path.parent / f".{path.name}.part"
    try:
        temporary.unlink(missing_ok=True)
        with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder lie on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
