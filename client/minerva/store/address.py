"""From the address in a configuration to a Store."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from minerva.errors import ConfigError
from minerva.store.local import LocalStore
from minerva.store.memory import MemoryStore

if TYPE_CHECKING:
    from minerva.store.port import Store

_REMEDY = "Give kubo:/ip4/127.0.0.1/tcp/5001, http://host:5001, local:/some/folder or memory:."


def open_store(url: str) -> Store:
    """Open the store at ``url``; nothing is asked of it yet.

    Parameters
    ----------
    url
        ``kubo:<multiaddr>``, a bare multiaddr or ``http://host:port`` of a Kubo RPC API; ``local:<folder>``,
        with ``~`` for the home folder; ``memory:``.

    Raises
    ------
    ConfigError
        It is none of these.
    StoreError
        The folder of a local store cannot be made.
    """
    text = url.strip()
    scheme, _, rest = text.partition(":")
    if text == "memory:":
        return MemoryStore()
    if scheme == "local" and rest:
        return LocalStore(Path(rest).expanduser())
    if scheme == "kubo" or text.startswith("/"):
        return _kubo(_rpc_multiaddr(rest if scheme == "kubo" else text, url))
    if scheme == "http":
        return _kubo(_rpc_multiaddr(text, url))
    raise ConfigError("not the address of a store", value=url, remedy=_REMEDY)


def _kubo(multiaddr: str) -> Store:
    from minerva.store.kubo import KuboStore  # half a second of imports that the other stores need not pay

    return KuboStore(multiaddr)


def _rpc_multiaddr(text: str, url: str) -> str:
    """Write ``http://host:port`` as a multiaddr, and check one that is given: /<kind>/<host>/tcp/<port>."""
    try:
        parts = _from_http(text) if text.startswith("http://") else text.removesuffix("/http").split("/")
        empty, kind, host, tcp, port = parts
        if kind in ("ip4", "ip6"):
            known = f"ip{ipaddress.ip_address(host).version}" == kind
        else:
            known = kind in ("dns", "dns4", "dns6") and bool(host)
        if not empty and known and tcp == "tcp" and 0 < int(port) < 65536:
            return f"/{kind}/{host}/tcp/{int(port)}/http"
    except ValueError:
        pass
    raise ConfigError("not the address of a Kubo RPC API", value=url, remedy=_REMEDY)


def _from_http(text: str) -> list[str]:
    parts = urlsplit(text)
    host, port = parts.hostname or "", parts.port or 0
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(text)
    try:
        kind = f"ip{ipaddress.ip_address(host).version}"
    except ValueError:
        kind = "dns"
    return ["", kind, host, "tcp", str(port)]
