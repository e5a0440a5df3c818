"""Attacks of malicious devices, as pure functions, for tests, the lab and the demo's adversaries; and miners that cheat."""

from __future__ import annotations

from minerva.attacks.base import Attack, Kind, Knowledge, Sight
from minerva.attacks.registry import ATTACKS, attack

__all__ = ["ATTACKS", "Attack", "Kind", "Knowledge", "Sight", "attack"]
