"""A stand-in for a Kubo node: takes folders at its RPC API, and serves their pages as a gateway does."""

from __future__ import annotations

import json
import threading
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote

from minerva.store.cid import cid_of

CID = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"

HEALTH = {"version": b'{"Version": "0.43.0"}', "swarm/peers": b'{"Peers": []}'}


class KuboStandIn:
    """Keeps in ``files`` what was added; ``forget`` and ``change`` name a file that it treats badly.

    ``answer`` is what its gateway serves instead of the page.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.forget = self.change = ""
        self.answer: bytes | None = None
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                method = self.path.removeprefix("/api/v0/").partition("?")[0]
                if method == "add":
                    self._send(stand_in.take(self.headers["Content-Type"], body))
                else:
                    self._send(HEALTH[method])

            def do_GET(self) -> None:
                known = self.path == f"/ipfs/{CID}/"
                page = stand_in.files.get("webui/index.html", b"") if known else b""
                self._send(page if stand_in.answer is None else stand_in.answer)

            def _send(self, data: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        """Multiaddr of its RPC API."""
        return f"/ip4/127.0.0.1/tcp/{self._server.server_port}"

    @property
    def url(self) -> str:
        """Where its gateway is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, kind: str, body: bytes) -> bytes:
        """Read the parts of a form; answer with a line for each."""
        form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        lines = []
        for part in form.get_payload():
            name, data = unquote(str(part.get_filename())), part.get_payload(decode=True)
            if part.get_content_type() == "application/x-directory":
                cid = CID
            elif name == self.forget:
                continue
            else:
                self.files[name] = data
                cid = str(cid_of(data + b"!" if name == self.change else data))
            lines.append(json.dumps({"Name": name, "Hash": cid}))
        return "\n".join(lines).encode()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
