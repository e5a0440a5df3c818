"""The dashboard's test vectors are what the client makes now: a change of an encoding must reach the page."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "webui" / "scripts" / "vectors.py"


def test_the_committed_vectors_are_those_of_this_client() -> None:
    spec = importlib.util.spec_from_file_location("vectors", SCRIPT)
    assert spec is not None and spec.loader is not None
    vectors = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(vectors)
    for feature, document in vectors.documents().items():
        committed = json.loads(vectors.file_of(feature).read_text(encoding="utf-8"))
        assert committed == json.loads(json.dumps(document)), "run webui/scripts/vectors.py"
