"""What brownie compiled, where one contract's artefact is not all that a user of it needs."""

from __future__ import annotations

from typing import Any

from brownie import Federation, FederationExtension


def federation_abi() -> list[dict[str, Any]]:
    """Return the ABI of a federation: what it does itself, and what it passes on to its extension."""
    merged = {str(entry): entry for abi in (FederationExtension.abi, Federation.abi) for entry in abi}
    return [entry for entry in merged.values() if entry["type"] not in ("constructor", "fallback")]
