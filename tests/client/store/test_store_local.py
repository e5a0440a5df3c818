"""The folder that stands in for IPFS: whole files or none, shared by processes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minerva.errors import ContentMismatch, ContentUnavailable, StoreError, StoreUnreachable
from minerva.store import cid_of
from minerva.store.local import LocalStore

DATA = bytes(range(256)) * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> LocalStore:
    return LocalStore(folder)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_names_files_by_their_cid(store: LocalStore, folder: Path) -> None:
    cid = store.put(DATA)
    assert files(folder) == [f"blocks/{cid}", f"pins/{cid}"]
    assert (folder / "blocks" / str(cid)).read_bytes() == DATA


def test_another_process_sees_what_was_put(store: LocalStore, folder: Path) -> None:
    script = (
        "import sys; from minerva.store import open_store; print(open_store(sys.argv[1]).put(b'from afar'))"
    )
    with subprocess.Popen([sys.executable, "-c", script, f"local:{folder}"], stdout=subprocess.PIPE) as other:
        assert store.get(cid_of(b"from afar"), max_bytes=100, timeout=60) == b"from afar"
        assert other.communicate()[0].decode().strip() == str(cid_of(b"from afar"))


def test_a_new_store_on_the_folder_finds_everything(store: LocalStore, folder: Path) -> None:
    cid = store.put(DATA)
    store.close()
    assert LocalStore(folder).get(cid, max_bytes=len(DATA), timeout=0) == DATA


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_nothing_half_written(
    store: LocalStore, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    def full(_: int) -> None:
        raise OSError(fault, os.strerror(fault))

    kept = store.put(b"kept")
    before = files(folder)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match=r"^the disk is full: .*Free some space"):
            store.put(DATA)
    assert files(folder) == before
    assert store.get(kept, max_bytes=4, timeout=0) == b"kept"
    assert not store.has(cid_of(DATA))


def test_a_file_size_limit_leaves_nothing_half_written(folder: Path) -> None:
    script = (
        "import resource, sys\n"
        "from minerva.errors import StoreError\n"
        "from minerva.store import open_store\n"
        "store = open_store(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: store.put(bytes(200_000))\n"
        "except StoreError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, f"local:{folder}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("the disk is full")
    assert len(done.stdout.splitlines()) == 1
    assert files(folder) == []


def test_a_failed_put_keeps_the_pin_that_was_there(
    store: LocalStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cid = store.put(DATA)
    (folder / "blocks" / str(cid)).write_bytes(b"damaged")

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StoreError, match="cannot write"):
        store.put(DATA)
    assert (folder / "pins" / str(cid)).exists()


def test_damaged_files_are_told_and_mended_by_the_next_put(store: LocalStore, folder: Path) -> None:
    cid = store.put(DATA)
    (folder / "blocks" / str(cid)).write_bytes(DATA[:-1] + b"?")
    with pytest.raises(ContentMismatch):
        store.get(cid, max_bytes=len(DATA), timeout=1)
    store.put(DATA)
    assert store.get(cid, max_bytes=len(DATA), timeout=1) == DATA


def test_collects_only_what_is_unpinned(store: LocalStore) -> None:
    kept, dropped = store.put(b"kept"), store.put(b"dropped")
    store.unpin(dropped)
    assert store.collect() == 1
    assert store.has(kept)
    assert not store.has(dropped)
    assert store.collect() == 0


def test_a_block_pinned_while_it_is_collected_comes_back(store: LocalStore, folder: Path) -> None:
    cid = store.put(DATA)
    (folder / "blocks" / str(cid)).rename(
        folder / "leaving" / str(cid)
    )  # a collector died between its two looks
    assert store.collect() == 0
    assert store.get(cid, max_bytes=len(DATA), timeout=0) == DATA


def test_collects_what_killed_writers_left(store: LocalStore, folder: Path) -> None:
    old, young = folder / "unfinished" / "old", folder / "unfinished" / "young"
    old.touch()
    young.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    store.collect()
    assert files(folder) == ["unfinished/young"]


def test_a_pin_that_finds_nothing_leaves_no_trace(store: LocalStore, folder: Path) -> None:
    with pytest.raises(ContentUnavailable):
        store.pin(cid_of(DATA), timeout=0)
    assert files(folder) == []


def test_refuses_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot write to the store \(Not a directory\)"):
        LocalStore(tmp_path / "file" / "store")


def test_health_tells_that_the_folder_is_gone(store: LocalStore, folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(StoreUnreachable):
        store.health()
    with pytest.raises(StoreError):
        store.put(DATA)
