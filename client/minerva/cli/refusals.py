"""A contract's refusal in plain words: the table of docs/errors.md, read when there is one to explain."""

from __future__ import annotations

import re
from functools import lru_cache

from minerva.errors import ContractReverted, MinervaError, UserError
from minerva.paths import project_root

_ROW = re.compile(r"^\|\s*`?(\w+)[^|]*\|(.+)\|([^|]+)\|\s*$")


def explain(error: ContractReverted) -> MinervaError:
    """Return the refusal with its cause and its cure, or as it is where the table is not at hand."""
    cause, cure = _table().get(error.name, ("", ""))
    if not cause:
        return error
    return UserError(cause, value=error.value, remedy=cure)


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, str]]:
    """Return cause and cure by the error's name; empty where the package runs without a checkout."""
    try:
        text = (project_root() / "docs" / "errors.md").read_text(encoding="utf-8")
    except (MinervaError, OSError):
        return {}
    return parse(text)


def parse(text: str) -> dict[str, tuple[str, str]]:
    """Read the rows ``| `Name` | cause | cure |`` of a Markdown table; other lines are not looked at."""
    rows = (_ROW.match(line) for line in text.splitlines())
    return {row[1]: (_plain(row[2]), _plain(row[3], stop=".")) for row in rows if row is not None}


def _plain(cell: str, stop: str = "") -> str:
    words = " ".join(cell.replace("`", "").replace("\\|", "|").split()).rstrip(".")
    return words + stop if words else ""
