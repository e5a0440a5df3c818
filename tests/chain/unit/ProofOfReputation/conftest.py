"""Modules as federations see them: any account may stand for one."""

from support.modules import isolation, kit

__all__ = ["isolation", "kit"]
