"""What the page must know of its network: the document ``config.json`` beside its ``index.html``."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from minerva.chain.deployment import Deployment
from minerva.config import Settings
from minerva.errors import ConfigError
from minerva.keys import ANVIL_CHAIN_ID

OWN_GATEWAY = "."
"""The server that serves the page, as the page would name it."""
_NAMES = {
    ANVIL_CHAIN_ID: "Local chain",
    11155111: "Sepolia",
    11155420: "OP Sepolia",
    80002: "Polygon Amoy",
}
_COINS = {80002: "POL"}


def network_document(settings: Settings) -> dict[str, Any]:
    """Return the document (docs/webui.md has its fields).

    Raises
    ------
    ConfigError
        The deployment file cannot be read, or the RPC address is none that a browser could use.
    """
    deployment = Deployment.load(settings.chain.deployment)
    section = settings.webui
    rpc = section.rpc or settings.chain.rpc
    if urlsplit(rpc).scheme not in ("http", "https"):
        raise ConfigError(
            "a browser needs the chain's RPC by http or https",
            value=rpc,
            remedy="Give one with --set webui.rpc.",
        )
    return {
        "chainId": deployment.chain_id,
        "name": _NAMES.get(deployment.chain_id, f"Chain {deployment.chain_id}"),
        "rpc": rpc,
        "ws": section.ws or (_beside(rpc) if deployment.chain_id == ANVIL_CHAIN_ID else ""),
        "gateway": section.gateway or OWN_GATEWAY,
        "coin": _COINS.get(deployment.chain_id, "ETH"),
        "price": section.price,
        "factory": deployment.factory,
        "block": deployment.block,
        "consensus": dict(deployment.consensus),
        "policies": dict(deployment.policies),
    }


def _beside(rpc: str) -> str:
    """Where anvil answers by WebSocket: on the same port."""
    parts = urlsplit(rpc)
    return urlunsplit(parts._replace(scheme={"http": "ws", "https": "wss"}[parts.scheme]))
