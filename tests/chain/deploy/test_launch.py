"""`brownie test -n 2`: given workers that each load the project, when it was just compiled, none meets a half of it."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

LAUNCH = Path(__file__).resolve().parents[3] / "tools" / "brownie" / "launch.py"


@pytest.fixture
def launched(monkeypatch, tmp_path):
    """What brownie is asked to do, in order, by one run of the launcher with these arguments."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = spec_from_file_location("minerva_brownie_launch", LAUNCH)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "RUNS", tmp_path)
    monkeypatch.setattr(module, "KEPT", tmp_path / "kept")
    asked = []

    def launch(*arguments, compiles=True):
        def run(brownie_arguments, _home):
            asked.append(brownie_arguments)
            return 0 if compiles else 1

        monkeypatch.setattr(module, "run", run)
        monkeypatch.setattr(sys, "argv", ["brownie", *arguments])
        return module.main(), asked

    return launch


def test_workers_find_the_project_compiled_and_tidied(launched):
    assert launched("test", "tests", "-n", "2") == (0, [["compile"], ["test", "tests", "-n", "2"]])


def test_one_process_compiles_by_itself(launched):
    assert launched("test", "tests") == (0, [["test", "tests"]])


def test_nothing_is_tested_that_does_not_compile(launched):
    assert launched("test", "-n", "2", compiles=False) == (1, [["compile"]])
