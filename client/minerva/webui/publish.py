"""The dashboard on IPFS itself: the built page and the network that it is for, as one directory of a Kubo node."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from minerva.errors import StoreUnreachable
from minerva.store.kubo import KuboStore

_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Published:
    """A page on IPFS: the directory's CID, and where the gateway serves it."""

    cid: str
    url: str


def publish(folder: Path, network: Mapping[str, Any], store: KuboStore, gateway: str) -> Published:
    """Add the page in ``folder`` with its ``config.json`` to the node of ``store``; see that ``gateway`` serves it.

    Raises
    ------
    StoreError
        The node refused it.
    StoreUnreachable
        The gateway does not serve the page in time, or serves another.
    """
    with tempfile.TemporaryDirectory(prefix="minerva-webui-") as scratch:
        page = Path(scratch) / "webui"
        shutil.copytree(folder, page)
        document = {**network, "gateway": gateway}
        (page / "config.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        published = Published(cid := store.put_folder(page), f"{gateway.rstrip('/')}/ipfs/{cid}/")
        _see(published.url, (page / "index.html").read_bytes())
    return published


def _see(url: str, page: bytes) -> None:
    try:
        answer = requests.get(url, timeout=_SECONDS)
        same = answer.status_code == 200 and answer.content == page
    except requests.RequestException:
        same = False
    if not same:
        raise StoreUnreachable(
            "the IPFS gateway does not serve the page",
            value=url,
            remedy="Name the gateway of a node that reaches the store's: --set webui.gateway=http://host:port.",
        )
