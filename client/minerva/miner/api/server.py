"""The API on a port, in threads of its own."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import Any, Self

from flask import Flask

from minerva.errors import NodeConflict

log = logging.getLogger(__name__)


class MinerServer:
    """waitress on one address.

    Parameters
    ----------
    app
        From `create_app`.
    host, port
        Where to listen; port 0 takes any free one, `port` then tells which.
    threads
        Requests answered at once, event streams included.
    max_body_bytes
        Longest request body that is read at all.
    section
        Of the configuration, whose host and port these are.

    Raises
    ------
    NodeConflict
        The address is taken, not this machine's, or not allowed.
    """

    def __init__(
        self,
        app: Flask,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        threads: int = 24,
        max_body_bytes: int = 1 << 30,
        section: str = "miner",
    ) -> None:
        from waitress.server import create_server

        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family)
        except (OSError, OverflowError) as error:
            raise NodeConflict(
                "the API cannot listen there",
                value=f"{host}:{port}: {_reason(error)}",
                remedy=f"Name another with --set {section}.host or {section}.port; port 0 takes any free one.",
            ) from None
        self.address, self.port = str(listening.getsockname()[0]), int(listening.getsockname()[1])
        self._map: dict[int, Any] = {}
        self._server = create_server(
            app, map=self._map, sockets=[listening], threads=threads, max_request_body_size=max_body_bytes,
            ident="minerva", clear_untrusted_proxy_headers=True, channel_timeout=60, connection_limit=1000,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._server.run, name="api", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{host}:{self.port}"

    def start(self) -> Self:
        """Serve from a thread; returns itself."""
        self._thread.start()
        log.info("the API answers at %s", self.url)
        return self

    def stop(self, timeout: float = 5.0) -> None:
        """Close the port, let requests end, then close what is left."""
        dispatcher, running = self._server.task_dispatcher, self._thread.is_alive()
        if running:
            self._in_loop(self._refuse)
        dispatcher.shutdown(timeout=timeout)
        if not running:
            self._close()
        elif not dispatcher.threads:  # else some still may wake the loop; the process ends without them
            self._in_loop(self._close)
            self._thread.join(timeout)

    def _in_loop(self, job: Callable[[], None]) -> None:
        """Run a job in the thread whose select() watches the connections: others must not close them."""
        self._server.trigger.pull_trigger(job)

    def _refuse(self) -> None:
        """Take no connection any more."""
        self._server.accepting = False
        self._server.del_channel()
        self._server.socket.close()

    def _close(self) -> None:
        """Close everything, the pipe that threads wake the loop with last of all."""
        self._server.socket.close()
        for connection in list(self._map.values()):
            if connection is not self._server.trigger:
                connection.close()
        self._server.trigger.close()
        self._map.clear()


def _reason(error: OSError | OverflowError) -> str:
    """Return what the system said, without the address that Python adds to it."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if isinstance(number, int) and number > 0 else str(error)
