"""A way to a node on which connections can be cut."""

from __future__ import annotations

import socket
import threading


class Proxy:
    """Passes connections on to a node until it is told to cut those that are WebSockets."""

    def __init__(self, port: int) -> None:
        self._target, self.cut = port, False
        self._open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            head = client.recv(1 << 16)
            if b"upgrade: websocket" in head.lower():
                if self.cut:
                    client.close()
                    continue
                self._open.append(client)
            node = socket.create_connection(("127.0.0.1", self._target))
            node.sendall(head)
            for one, other in ((client, node), (node, client)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while piece := one.recv(1 << 16):
                other.sendall(piece)
        except OSError:
            pass
        for end in (one, other):
            end.close()

    def cut_websockets(self) -> None:
        self.cut = True
        for client in self._open:
            client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.close()
