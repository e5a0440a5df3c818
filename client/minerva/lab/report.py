"""What a matrix leaves behind: results.json, tables, a heat map and accuracy curves."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Table

from minerva.errors import UserError
from minerva.lab.matrix import Plan
from minerva.lab.settings import CONTROL

Cells = Sequence[dict[str, Any]]
MEANT_TO_BREAK = 0.5
"""A control that keeps more accuracy than this share of the baseline's shows nothing."""


def document(plan: Plan, cells: Cells) -> dict[str, Any]:
    """Build results.json: nothing in it depends on the clock, so that two runs give the same."""
    settings = plan.base.document()
    for name in ("attack", "rule", "partition", "seed", "verify"):
        settings.pop(name)
    settings |= {
        "attacks": list(plan.attacks), "rules": list(plan.rules), "partitions": list(plan.partitions),
        "seeds": list(plan.seeds), "whole": list(plan.whole), "defaultRule": plan.default, "control": CONTROL,
    }  # fmt: skip
    return {
        "settings": settings, "cells": list(cells), "worst": worst(plan, cells), "closeLook": close_look(plan, cells)
    }  # fmt: skip


def averages(
    plan: Plan, cells: Cells, partition: str, *, key: str = "accuracy"
) -> dict[tuple[str, str], float]:
    """Mean over the plan's seeds by (attack, rule), of the cells that verify as the plan says."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for cell in cells:
        here = cell["partition"] == partition and cell["verify"] == plan.base.verify
        usual = cell["fraction"] == plan.base.fraction and cell["seed"] in plan.seeds
        if here and usual and cell[key] is not None:
            found[cell["attack"], cell["rule"]].append(cell[key])
    return {pair: fmean(values) for pair, values in found.items()}


def close_look(plan: Plan, cells: Cells) -> list[dict[str, Any]]:
    """Return what the default rule holds, over several seeds, by partition and malicious share.

    ``accuracy`` and ``asr`` are means over the seeds, ``least`` is the least accuracy of a seed, and ``worst`` the attack whose
    mean is least.
    """
    by_setting = dict(zip(plan.cells(), cells, strict=True))
    looks = []
    for partition, fraction, seeds in plan.close:
        rows: dict[str, dict[str, float | None]] = {}
        for attack in plan.close_attacks:
            found = [by_setting[plan.close_cell(attack, partition, fraction, seed)] for seed in seeds]
            values, asr = (
                [cell[key] for cell in found if cell[key] is not None] for key in ("accuracy", "asr")
            )
            rows[attack] = {
                "accuracy": round(fmean(values), 6), "least": min(values), "asr": round(fmean(asr), 6) if asr else None
            }  # fmt: skip
        worst_ = min(plan.close_attacks, key=lambda attack: rows[attack]["accuracy"] or 0.0)
        looks.append(
            {"rule": plan.default, "partition": partition, "fraction": fraction, "seeds": list(seeds),
             "attacks": rows, "worst": worst_}
        )  # fmt: skip
    return looks


def worst(plan: Plan, cells: Cells) -> dict[str, dict[str, dict[str, Any]]]:
    """Return, by partition and rule, the attack that hurts most, and the accuracy that it leaves."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for partition in plan.partitions:
        mean = averages(plan, cells, partition)
        found[partition] = {}
        for rule in plan.rules:
            attack = min(plan.attacks, key=lambda attack: mean[attack, rule])
            found[partition][rule] = {"attack": attack, "accuracy": round(mean[attack, rule], 6)}
    return found


def best_rule(plan: Plan, cells: Cells) -> str:
    """Return the rule whose worst accuracies, added up over the partitions, are highest."""
    found = worst(plan, cells)
    return max(
        plan.rules, key=lambda rule: sum(found[partition][rule]["accuracy"] for partition in plan.partitions)
    )


def table(plan: Plan, cells: Cells, partition: str) -> Table:
    """Draw attacks × rules; the first row is the honest baseline, the first column the undefended control."""
    mean, asr = averages(plan, cells, partition), averages(plan, cells, partition, key="asr")
    drawn = Table(title=f"accuracy, %  ({plan.base.task}, {partition}; attack success in brackets)")
    drawn.add_column("attack")
    for rule in plan.rules:
        control = rule == CONTROL and not plan.base.verify
        drawn.add_column(f"{rule} (control)" if control else rule, justify="right")
    for attack in plan.attacks:
        row = []
        for rule in plan.rules:
            success = asr.get((attack, rule))
            row.append(
                f"{100 * mean[attack, rule]:.1f}" + ("" if success is None else f" [{100 * success:.0f}]")
            )
        drawn.add_row(attack, *row)
    found = worst(plan, cells)[partition]
    drawn.add_section()
    drawn.add_row("worst", *(f"{100 * found[rule]['accuracy']:.1f}" for rule in plan.rules))
    return drawn


def whole_table(plan: Plan, cells: Cells) -> Table:
    """Draw what verification adds: attacks that it refuses by name."""
    drawn = Table(title=f"with and without verification ({plan.base.task}, {plan.partitions[0]}), %")
    columns = ((CONTROL, False), (CONTROL, True), (plan.default, True))
    drawn.add_column("attack")
    for rule, verify in columns:
        drawn.add_column(f"verification + {rule}" if verify else f"{rule} alone", justify="right")
    drawn.add_column("refused as")
    by_key = {
        (cell["attack"], cell["rule"], cell["verify"]): cell
        for cell in reversed(cells)
        if cell["partition"] == plan.partitions[0] and cell["seed"] == plan.seeds[0]
    }
    for attack in plan.whole:
        row = [f"{100 * by_key[attack, rule, verify]['accuracy']:.1f}" for rule, verify in columns]
        refused = by_key[attack, CONTROL, True]["refused"]
        drawn.add_row(attack, *row, ", ".join(f"{name} x {count}" for name, count in refused.items()) or "-")
    return drawn


def close_table(plan: Plan, cells: Cells) -> Table:
    """Draw the close look at the default rule: the mean over the seeds, and the least of them."""
    looks = close_look(plan, cells)
    drawn = Table(title=f"{plan.default}: mean of the seeds, %  (least; attack success in brackets)")
    drawn.add_column("attack")
    for look in looks:
        drawn.add_column(
            f"{look['partition']}, {look['fraction']:.0%}, {len(look['seeds'])} seeds", justify="right"
        )
    for attack in plan.close_attacks:
        rows = [look["attacks"][attack] for look in looks]
        drawn.add_row(
            attack,
            *(
                f"{100 * row['accuracy']:.1f} ({100 * row['least']:.1f})"
                + ("" if row["asr"] is None else f" [{100 * row['asr']:.1f}]")
                for row in rows
            ),
        )
    drawn.add_section()
    drawn.add_row("worst", *(f"{100 * look['attacks'][look['worst']]['accuracy']:.1f}" for look in looks))
    return drawn


def show(out: Console, plan: Plan, cells: Cells) -> None:
    """Print all tables."""
    for partition in plan.partitions:
        out.print(table(plan, cells, partition))
    if plan.whole:
        out.print(whole_table(plan, cells))
    if plan.close:
        out.print(close_table(plan, cells))
    out.print(f"best worst case: {best_rule(plan, cells)}")


def write(folder: Path, plan: Plan, made: dict[str, Any]) -> list[Path]:
    """Write results.json and the pictures into ``folder``; raises `UserError` when it cannot be written."""
    from minerva.lab.pictures import draw_curves, draw_heat_map

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "results.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        paths = [folder / "results.json"]
        for partition in plan.partitions:
            stem = partition.replace(":", "-")
            paths += [folder / f"heat-{stem}.png", folder / f"curves-{stem}.png"]
            draw_heat_map(plan, made["cells"], partition, paths[-2])
            draw_curves(plan, made["cells"], partition, paths[-1])
    except OSError as error:
        raise UserError(
            "the results cannot be written", value=f"{folder}: {error.strerror}", remedy="Name another --out."
        ) from None
    return paths
