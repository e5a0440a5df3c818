"""A stack in the background: started by one command, ended by another, its state kept between them."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from minerva.config import FILE_NAME, CreateSection
from minerva.errors import ConfigError, NodeConflict
from minerva.processes import ProcessRecord
from minerva.stack.parts import Say, Stack

_NODES = ("chain", "ipfs-a", "ipfs-b")


class Background:
    """The record of a stack under ``root``: what runs, on which ports, for which federation."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._file = root / "stack.json"

    def read(self) -> dict[str, Any]:
        """Return the record; empty when `up` never ran here."""
        try:
            document: dict[str, Any] = json.loads(self._file.read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            raise ConfigError(
                "the stack's record is damaged", value=self._file, remedy="Remove its folder to start anew."
            ) from None
        return document

    def running(self) -> dict[str, ProcessRecord]:
        """Its processes that are alive, by name."""
        records = {name: ProcessRecord(**record) for name, record in self.read().get("processes", {}).items()}
        return {name: record for name, record in records.items() if record.alive}

    def up(self, *, miners: int, task: str, create: CreateSection, say: Say) -> dict[str, Any]:
        """Start what does not run, on the state and the ports of the last time; returns the record.

        Raises
        ------
        NodeConflict
            It runs already, or is being started.
        """
        with self._lock():
            if self.running():
                raise NodeConflict(
                    "the stack is up already", value=self.root, remedy="'minerva down' ends it."
                )
            return self._start(self.read(), miners, task, create, say)

    def down(self, say: Say) -> list[str]:
        """End every process of the record, actors first; returns their names. The state stays."""
        with self._lock():
            running = self.running()
            for name in sorted(running, key=lambda name: name in _NODES):
                say(f"ending {name}")
                running[name].terminate(15.0)
            if document := self.read():
                self._write(document | {"processes": {}})
            return list(running)

    def _start(
        self, before: dict[str, Any], miners: int, task: str, create: CreateSection, say: Say
    ) -> dict[str, Any]:
        stack = Stack(self.root, detached=True, say=say, ports=before.get("ports", {}))
        try:
            stack.start_chain()
            stack.start_stores()
            stack.deploy()
            federation = before.get("federation") or self._create(stack, task, create)
            for index in range(miners):
                stack.start_miner(index, federation)
            for index in range(miners):
                stack.await_miner(index)
        except BaseException:
            stack.stop()
            raise
        document = self._document(stack, federation, task)
        self._write(document)
        settings = stack.settings("state", 0, store=1, federation=federation)
        (self.root / FILE_NAME).write_text(settings.to_toml(), encoding="utf-8")
        return document

    def _create(self, stack: Stack, task: str, create: CreateSection) -> str:
        from contextlib import closing

        from minerva.cli.connect import connect, connect_actor
        from minerva.learning.task import load_task
        from minerva.requester import create_federation
        from minerva.store import open_store

        settings = stack.settings("requester", 0)
        with closing(connect(settings)) as chain, closing(open_store(stack.store_urls[0])) as store:
            return create_federation(chain, connect_actor(chain, settings), store, load_task(task), create)[0]

    def _document(self, stack: Stack, federation: str, task: str) -> dict[str, Any]:
        ports = {"chain": urlsplit(stack.rpc).port}
        for name, url in zip(("ipfs-a", "ipfs-b"), stack.store_urls, strict=True):
            if stack.store_kind == "kubo":
                ports[name] = int(url.split("/tcp/")[1].split("/")[0])
        for index, endpoint in stack.endpoints.items():
            ports[f"miner-{index}"] = urlsplit(endpoint).port
        return {
            "rpc": stack.rpc, "stores": stack.store_urls, "store": stack.store_kind,
            "federation": federation, "task": task,
            "deployment": str(stack.deployment.absolute()), "miners": stack.endpoints, "ports": ports,
            "config": str((self.root / FILE_NAME).absolute()),
            "processes": {name: asdict(child.record) for name, child in stack.children.items()},
        }  # fmt: skip

    def _write(self, document: dict[str, Any]) -> None:
        temporary = self._file.with_suffix(".new")
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        temporary.replace(self._file)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise NodeConflict(
                    "another command works on this stack", value=self.root, remedy="Wait for it to end."
                ) from None
            yield
