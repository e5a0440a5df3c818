"""Every attack against every rule: the quick matrix, the full one, and how cells share the cores."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from minerva.attacks import Kind
from minerva.lab.settings import CONTROL, DEFAULT, Setting

_RULES = (
    CONTROL,
    "median",
    "trimmed_mean",
    "multi_krum",
    "geometric_median",
    "centred_clipping",
    "nnm+trimmed_mean",
    DEFAULT,
)
_POISONING = (
    "none",
    "ipm-10",
    "gaussian",
    "sign-flip",
    "label-flip",
    "ipm-2",
    "alie",
    "min-max",
    "mimic",
    "backdoor",
)
_STRONGER = ("alie-optimised", "min-sum")
_REFUSED = ("mimic", "no-training", "sample-inflation", "consistent-liar")
_MANY = 0.3
_MILD = ("ipm-0.1", "targeted-flip", "backdoor-unscaled")
_WHOLE = (
    "colluding", "ipm-10", "mimic", "copy", "copy-noise", "copy-scaled", "copy-sum", "no-training",
    "no-training-noise", "sample-inflation", "record-inflation", "forged-time", "consistent-liar", "nan", "infinity",
    "oversized",
    "truncated", "wrong-shape", "withheld", "front-run-copy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """A matrix.

    ``base`` has what all cells share. ``attacks`` × ``rules`` × ``partitions`` are run without verification, for the rules'
    own strength; ``whole`` is run with the control rule, once with verification and once without, for what that is worth.
    ``close`` is how closely the default rule is looked at beside that, under ``close_attacks``: partition, malicious share, and
    seeds.
    """

    base: Setting
    attacks: Sequence[str]
    rules: Sequence[str]
    partitions: Sequence[str]
    seeds: Sequence[int]
    whole: Sequence[str]
    default: str = DEFAULT
    close: Sequence[tuple[str, float, Sequence[int]]] = ()
    close_attacks: Sequence[str] = ()

    def cells(self) -> list[Setting]:
        """Return the cells in the order of the results."""
        made = [
            replace(self.base, attack=attack, rule=rule, partition=partition, seed=seed)
            for seed in self.seeds
            for partition in self.partitions
            for attack in self.attacks
            for rule in self.rules
        ]
        made += [
            replace(
                self.base,
                attack=attack,
                rule=rule,
                partition=self.partitions[0],
                seed=self.seeds[0],
                verify=verify,
            )
            for attack in self.whole
            for rule, verify in ((CONTROL, False), (CONTROL, True), (self.default, True))
        ]
        made += [
            self.close_cell(attack, partition, fraction, seed)
            for partition, fraction, seeds in self.close
            for attack in self.close_attacks
            for seed in seeds
        ]
        return list(dict.fromkeys(made))

    def close_cell(self, attack: str, partition: str, fraction: float, seed: int) -> Setting:
        """Return a cell of the close look at the default rule; without an attack the share plays no part."""
        cell = replace(self.base, attack=attack, rule=self.default, partition=partition, seed=seed)
        return replace(cell, fraction=fraction) if cell.how.kind is not Kind.NONE else cell

    def check(self) -> None:
        """Refuse what cannot be run; see `Setting.check`."""
        for cell in self.cells():
            cell.check()


def quick(**changes: Any) -> Plan:
    """Digits, 20 devices, a few minutes: a smoke test of every defence."""
    base = replace(Setting(task="digits", rounds=15, epochs=5), **changes)
    attacks = (*_POISONING, *_STRONGER, *_MILD)
    return Plan(base, attacks, (*_RULES, "krum"), ("iid", "dirichlet:0.5"), (base.seed,), _WHOLE)


def full(**changes: Any) -> Plan:
    """Fashion-MNIST, 20 devices of 3,000 images, 15 rounds: the reference that rules are compared on."""
    base = replace(Setting(task="fashion_mlp", rounds=15), **changes)
    seeds = range(base.seed, base.seed + 5)
    close = [
        ("iid", base.fraction, seeds), ("dirichlet:0.5", base.fraction, seeds),
        ("iid", _MANY, seeds), ("dirichlet:0.5", _MANY, (base.seed,)),
    ]  # fmt: skip
    return Plan(
        base, (*_POISONING, *_STRONGER), _RULES, ("iid", "dirichlet:0.5"), (base.seed,), _REFUSED,
        close=close, close_attacks=_POISONING,
    )  # fmt: skip


def run(cells: Sequence[Setting], jobs: int, done: Callable[[Setting], None]) -> list[dict[str, Any]]:
    """Run cells in ``jobs`` processes and return their documents in the order of ``cells``.

    A cell's result does not depend on the process that ran it: each has one thread.
    """
    results: dict[Setting, dict[str, Any]] = {}

    def keep(cell: Setting, result: dict[str, Any]) -> None:
        results[cell] = result
        done(cell)

    if jobs == 1:
        for cell in cells:
            keep(cell, run_cell(cell))
    else:
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            waiting = {pool.submit(run_cell, cell): cell for cell in cells}
            try:
                for future in as_completed(waiting):
                    keep(waiting[future], future.result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return [results[cell] for cell in cells]


_benches: dict[tuple[str, Path | None], Any] = {}


def run_cell(cell: Setting) -> dict[str, Any]:
    """Run one cell; the task and its data are loaded once in a process."""
    from minerva.lab.cell import Bench
    from minerva.learning.task import load_task

    key = (cell.task, cell.data)
    if key not in _benches:
        _benches[key] = Bench(load_task(cell.task, data=cell.data))
    document: dict[str, Any] = _benches[key].run(cell).document(cell)
    return document
