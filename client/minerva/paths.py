"""Where the project's own files lie.

Contracts, deploy scripts and tools, which are not part of the Python package.
"""

from __future__ import annotations

from pathlib import Path

from minerva.errors import UserError


def project_root() -> Path:
    """Return the checkout this package runs from; raises `UserError` when there is none."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "brownie-config.yaml").is_file():
        raise UserError(
            "this command needs a checkout of the project (contracts and deploy scripts)",
            value=str(root),
            remedy="Clone it and run 'make setup' there.",
        )
    return root
