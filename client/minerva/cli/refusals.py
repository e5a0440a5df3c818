"""A contract's refusal in plain words: the tables of docs/errors.md, read when there is one to explain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from minerva.errors import ContractReverted, MinervaError, UserError
from minerva.paths import project_root

_ROW = re.compile(r"\| `(\w+)\(([^)]*)\)` \| (.+?) \| (.+?) \|")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the table says of an error: its parameters' names, its cause (a phrase) and its cure (a sentence)."""

    parameters: tuple[str, ...]
    cause: str
    cure: str


def explain(error: ContractReverted) -> MinervaError:
    """Return the refusal with its cause and its cure, or as it is where the tables are not at hand."""
    known = _tables().get(error.name)
    if known is None:
        return error
    values = str(error.value).removeprefix(f"{error.name}(").removesuffix(")").split(", ")
    if len(values) == len(known.parameters):
        values = [f"{name} {value}" for name, value in zip(known.parameters, values, strict=True)]
    return UserError(known.cause, value=f"{error.name}({', '.join(values)})", remedy=known.cure)


def parse(text: str) -> dict[str, Explanation]:
    """Read the rows ``| `Name(parameters)` | cause | cure |`` of Markdown tables, by name."""
    rows = (_ROW.fullmatch(line.strip()) for line in text.splitlines())
    return {
        row[1]: Explanation(tuple(row[2].split(", ")) if row[2] else (), _plain(row[3]), _plain(row[4]))
        for row in rows
        if row is not None
    }


@lru_cache(maxsize=1)
def _tables() -> dict[str, Explanation]:
    """Return the explanations by name; none where the package runs without a checkout."""
    try:
        return parse((project_root() / "docs" / "errors.md").read_text(encoding="utf-8"))
    except (MinervaError, OSError):
        return {}


def _plain(cell: str) -> str:
    return cell.replace("`", "'").replace("\\|", "|")
