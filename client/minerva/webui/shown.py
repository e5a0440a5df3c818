"""Which published figures a dashboard shows beside what the chain says."""

from __future__ import annotations

import json
from pathlib import Path

from minerva.durable import replace_file
from minerva.protocol.cid import Cid
from minerva.protocol.records import Address

FILE = "results.json"
"""In the dashboard's state folder: the last document's CID by federation."""


def known(folder: Path) -> dict[str, str]:
    """Return the CIDs that a dashboard's state folder remembers, by federation; what is no such file holds none."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def remember(folder: Path, federation: Address, cid: Cid) -> None:
    """Have the dashboard of this state folder show a document; raises `OSError`."""
    document = {**known(folder), federation: str(cid)}
    replace_file(folder / FILE, (json.dumps(document, indent=2) + "\n").encode(), durable=False)
