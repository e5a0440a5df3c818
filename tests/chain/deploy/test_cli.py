"""`brownie run`: given a project in any folder, when a script is named, it is imported, after the project is loaded."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

CLI = Path(__file__).resolve().parents[3] / "tools" / "brownie" / "cli.py"


@pytest.fixture
def cli():
    spec = spec_from_file_location("minerva_brownie_cli", CLI)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def by_own_name(cli):
    return cli.by_own_name


def test_a_folder_may_have_dots_in_its_name(by_own_name, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    root = tmp_path / "tmp.with.dots"
    (root / "errands").mkdir(parents=True)
    (root / "errands" / "greet.py").write_text("def main():\n    return 'hello'\n")
    module = by_own_name(root, fall_back=None)(root / "errands" / "greet.py")
    assert (module.__name__, module.main()) == ("errands.greet", "hello")


def test_a_script_elsewhere_is_brownies_business(by_own_name, tmp_path):
    elsewhere = tmp_path / "other.py"
    assert by_own_name(tmp_path / "root", fall_back=lambda path: path)(elsewhere) == elsewhere


def test_a_project_is_loaded_by_one_process_at_a_time(cli, tmp_path):
    loading, most = [], []

    def load(name):
        loading.append(name)
        most.append(len(loading))
        threading.Event().wait(0.02)
        loading.remove(name)
        return name

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(cli.one_at_a_time(tmp_path / "run" / "lock", load), "abcd")) == list("abcd")
    assert max(most) == 1
