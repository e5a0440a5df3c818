"""A stack in the background: started by one command, ended by another, its state kept between them."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from minerva.config import FILE_NAME, CreateSection
from minerva.durable import replace_file
from minerva.errors import ConfigError, NodeConflict
from minerva.processes import ProcessRecord
from minerva.stack.dashboard import NAME as DASHBOARD
from minerva.stack.dashboard import start_dashboard
from minerva.stack.parts import Say, Stack

if TYPE_CHECKING:
    from minerva.learning.task import Task

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
        from minerva.learning.task import load_task

        loaded = load_task(task)  # before anything runs that a mistake in it would have to end
        stack = Stack(self.root, detached=True, say=say, ports=before.get("ports", {}))

        def note() -> None:
            """Write down what runs: a command that is killed now leaves nothing that `down` does not end."""
            self._write(before | {"processes": _processes(stack)})

        try:
            stack.start_chain()
            note()
            stack.start_stores()
            note()
            stack.deploy()
            last = before.get("federation", "") if before.get("task") == task else ""
            federation = self._federation(stack, last, loaded, create)
            for index in range(miners):
                stack.start_miner(index, federation)
                note()
            for index in range(miners):
                stack.await_miner(index)
            dashboard = start_dashboard(stack, federation)
            note()
        except BaseException:
            stack.stop()
            note()
            raise
        document = self._document(stack, federation, task, dashboard)
        settings = stack.settings("state", 0, store=1, federation=federation)
        replace_file(self.root / FILE_NAME, settings.to_toml().encode(), durable=False)
        self._write(document)
        return document

    def _federation(self, stack: Stack, before: str, task: Task, create: CreateSection) -> str:
        """Return the federation of the last time, if the chain still has it, else a new one."""
        from minerva.connect import connect, connect_actor
        from minerva.requester import create_federation
        from minerva.store import open_store

        settings = stack.settings("requester", 0)
        with closing(connect(settings)) as chain, closing(open_store(stack.store_urls[0])) as store:
            if before in chain.federations():
                return before
            with connect_actor(chain, settings) as actor:
                actor.recover()  # a chain that was killed may have lost it: it is sent again
                if before in chain.federations():
                    return before
                return create_federation(chain, actor, store, task, create)[0]

    def _document(self, stack: Stack, federation: str, task: str, dashboard: str) -> dict[str, Any]:
        ports = {"chain": urlsplit(stack.rpc).port}
        for name, url in zip(("ipfs-a", "ipfs-b"), stack.store_urls, strict=True):
            if stack.store_kind == "kubo":
                ports[name] = int(url.split("/tcp/")[1].split("/")[0])
        if stack.gateway:
            ports["gateway"] = urlsplit(stack.gateway).port
        if dashboard:
            ports[DASHBOARD] = urlsplit(dashboard).port
        for index, endpoint in stack.endpoints.items():
            ports[f"miner-{index}"] = urlsplit(endpoint).port
        return {
            "rpc": stack.rpc, "stores": stack.store_urls, "store": stack.store_kind,
            "federation": federation, "task": task,
            "deployment": str(stack.deployment.absolute()), "miners": stack.endpoints, "ports": ports,
            "gateway": stack.gateway, "webui": dashboard,
            "config": str((self.root / FILE_NAME).absolute()),
            "processes": _processes(stack),
        }  # fmt: skip

    def _write(self, document: dict[str, Any]) -> None:
        replace_file(self._file, (json.dumps(document, indent=2) + "\n").encode(), durable=False)

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


def _processes(stack: Stack) -> dict[str, Any]:
    return {name: asdict(child.record) for name, child in stack.children.items()}
