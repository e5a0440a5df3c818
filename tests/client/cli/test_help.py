"""Every command explains itself, and mistakes in using it end with one line."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_scene import commands

from minerva import __version__
from minerva.cli.common import stop_on_signals

MINERVA = [sys.executable, "-m", "minerva.cli"]


def test_there_are_the_commands_of_the_readme() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `minerva ([^|]+)\|", readme, re.MULTILINE)
    told = set()
    for row in table:
        words = re.findall(r"[a-z][a-z-]*", re.sub(r"\[.*?\]|[A-Z]+", "", row))
        group = words[0] if words[0] in {w[0] for w in commands() if len(w) == 2} else None
        told |= {(group, word) for word in words[1:]} if group else {(word,) for word in words}
    assert told <= set(commands()), "README names a command that is not there"
    assert {words for words in commands() if words[0] != "key"} <= told, "README misses a command"


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_help_has_an_example_and_the_shared_options(run: Any, words: tuple[str, ...]) -> None:
    ended = run(*words, "--help")
    assert ended.status == 0
    assert f"Example: minerva {' '.join(words)}" in " ".join(ended.out.split())
    for option in ("--json", "--config", "--show-config", "--set", "--verbose"):
        assert option in ended.out


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_example_is_a_command_line_that_is_understood(run: Any, words: tuple[str, ...]) -> None:
    text = " ".join(run(*words, "--help").out.split())
    example = re.search(r"Example: minerva ([^>]*)", text)
    assert example is not None
    ended = run(*example[1].split(), "--show-config", "--json")
    assert ended.status == 0, ended.err
    assert set(ended.json) >= {"state", "chain", "store", "key", "miner", "device", "create"}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["federation"], "Missing command. See 'minerva federation --help'."),
        (["federatoin"], "No such command 'federatoin'. Did you mean 'federation'? See 'minerva --help'."),
        (["federation", "list", "--bogus"], "No such option: --bogus"),
        (["federation", "list", "x"], "Got unexpected extra argument(s) (x)"),
        (["key", "new"], "Missing argument 'path'"),
        (["demo", "--rounds", "0"], "Invalid value for '--rounds'"),
        (["demo", "--rounds", "many"], "Invalid value for '--rounds'"),
        (["doctor", "--set", "chain.rpc"], "not an assignment: chain.rpc. Write --set KEY=VALUE."),
        (
            ["doctor", "--set", "chian.rpc=x"],
            "unknown configuration key: chian.rpc. Did you mean 'chain.rpc'?",
        ),
        (["doctor", "--set", "=x"], "unknown configuration key: ."),
        (["doctor", "--set", "chain=x"], "configuration key 'chain' has a value that cannot be used: 'x'."),
        (["doctor", "--set", "chain.rpc.x=x"], "configuration key 'chain.rpc' has a value that"),
        (["doctor", "--set", "chain.max_fee_gwei=inf"], "configuration key 'chain.max_fee_gwei'"),
        (
            ["doctor", "--config", "absent.toml"],
            "the configuration file cannot be read: absent.toml: No such",
        ),
    ],
)
def test_a_mistake_in_the_words_is_one_line_and_status_2(run: Any, words: list[str], line: str) -> None:
    ended = run(*words)
    assert ended.status == 2
    assert ended.line.startswith(f"minerva: {line}")
    assert ended.out == ""


def test_alone_it_shows_its_help(run: Any) -> None:
    assert run().status == 0
    assert run("--version").out == f"minerva {__version__}\n"


def test_completion_knows_the_commands() -> None:
    environment = {**os.environ, "_MINERVA_COMPLETE": "complete_bash"}
    for typed, wanted in (("minerva ", {w[0] for w in commands()}), ("minerva federation t", {"tick"})):
        words = typed.split(" ")
        given = {**environment, "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
        done = subprocess.run(MINERVA, env=given, capture_output=True, text=True, timeout=60, check=True)
        assert set(done.stdout.split()) == wanted


def test_completion_can_be_installed() -> None:
    """The script that `minerva --install-completion` puts into bash's folder."""
    environment = {**os.environ, "_MINERVA_COMPLETE": "source_bash"}
    done = subprocess.run(MINERVA, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert "_MINERVA_COMPLETE=complete_bash" in done.stdout


def test_ctrl_c_is_130() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            [*MINERVA, "miner", "status", "--url", url, "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            asked, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            asked.close()
    assert process.returncode == 130
    assert json.loads(out) == {"error": "interrupted", "value": None, "remedy": "", "status": 130}
    assert err == "minerva: interrupted\n"


def test_output_that_nobody_reads_is_no_fault(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*MINERVA, "doctor", "--show-config"], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    os.close(writer)
    assert done.returncode in (0, 1)
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_to_a_full_disk_is_one_line(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*MINERVA, "doctor", "--show-config"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
    assert done.returncode == 1
    assert done.stderr == "minerva: the system refused: No space left on device. Free some space.\n"


def test_starts_fast_enough_to_be_typed() -> None:
    before = time.monotonic()
    subprocess.run([*MINERVA, "--help"], capture_output=True, timeout=60, check=True)
    assert time.monotonic() - before < 20, "torch and web3 are imported when they are needed, not before"


@pytest.mark.parametrize(("number", "ends"), [(signal.SIGINT, 130), (signal.SIGTERM, None)])
def test_daemons_end_cleanly_on_signals(number: signal.Signals, ends: int | None) -> None:
    before = signal.getsignal(number)
    done: list[int | None] = []
    try:
        with stop_on_signals() as stop:
            signal.raise_signal(number)
            assert stop.is_set()
        done.append(None)
    except typer.Exit as exit_:
        done.append(exit_.exit_code)
    assert done == [ends]
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_ends_a_daemon_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), stop_on_signals():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
