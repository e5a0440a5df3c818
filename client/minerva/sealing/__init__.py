"""Confidential mode: updates sealed to the miners of their round (docs/SPECIFICATION.md, section Q)."""
