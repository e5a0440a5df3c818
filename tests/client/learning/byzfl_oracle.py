"""The rules of byzfl (https://github.com/LPD-EPFL/byzfl) as an oracle, without what it needs for its pictures."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any


def load(module: str) -> Any:
    """Import ``byzfl.aggregators.<module>``; the package's own __init__ would import torchvision and seaborn."""
    if "byzfl" not in sys.modules:
        found = importlib.util.find_spec("byzfl")
        assert found is not None and found.submodule_search_locations is not None
        package = ModuleType("byzfl")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["byzfl"] = package
    return importlib.import_module(f"byzfl.aggregators.{module}")
