"""What docs/security/README.md says is proven is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security" / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def defined():
    """Every test of the contracts, by Python or by Forge."""
    sources = [*(ROOT / "tests" / "chain").rglob("*.py"), *(ROOT / "tests" / "forge").rglob("*.sol")]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    return set(re.findall(r"(?:def|function) ((?:test|invariant|check)\w+)\(", text))


def test_every_test_named_exists(defined):
    named = set(re.findall(r"`((?:test|invariant)_\w+)`", PAGE))
    assert len(named) > 30
    assert named - defined == set()


def test_every_file_named_exists():
    files = re.findall(r"`(tests/[\w./]+\.\w+)`", PAGE)
    assert files
    assert [file for file in files if not (ROOT / file).is_file()] == []
