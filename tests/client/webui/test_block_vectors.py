"""The values that the dashboard's hashes are tested with are those that this client makes."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "webui" / "scripts" / "block_vectors.py"


def test_the_committed_vectors_are_what_the_script_writes() -> None:
    module = runpy.run_path(str(SCRIPT))
    committed = json.loads(module["FILE"].read_text())
    assert module["document"]() == committed, "run 'tools/run python webui/scripts/block_vectors.py'"
