"""Attacks of malicious devices, as pure functions: used by tests, by the lab and by the demo's adversaries."""

from __future__ import annotations

from minerva.attacks.base import Attack, Kind, Knowledge, Sight
from minerva.attacks.registry import ATTACKS, attack

__all__ = ["ATTACKS", "Attack", "Kind", "Knowledge", "Sight", "attack"]
