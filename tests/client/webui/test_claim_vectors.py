"""The dashboard's vectors of a claim to another address are what the client signs and sends now."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "webui" / "scripts" / "claim_vectors.py"


def test_the_committed_vectors_are_what_the_script_writes() -> None:
    module = runpy.run_path(str(SCRIPT))
    committed = json.loads(module["FILE"].read_text(encoding="utf-8"))
    made = json.loads(json.dumps(module["document"]()))
    assert made == committed, "run 'tools/run python webui/scripts/claim_vectors.py'"
