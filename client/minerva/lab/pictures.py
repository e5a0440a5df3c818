"""The matrix as pictures: a heat map, and a small plot of curves for each attack."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from minerva.lab.matrix import Plan
from minerva.lab.report import Cells, averages

_ACROSS = 4


def draw_heat_map(plan: Plan, cells: Cells, partition: str, path: Path) -> None:
    """Draw final accuracies, attacks down and rules across."""
    from matplotlib.figure import Figure  # no pyplot: no display, no global state

    mean = averages(plan, cells, partition)
    values = np.array([[100 * mean[attack, rule] for rule in plan.rules] for attack in plan.attacks])
    figure = Figure(
        figsize=(2.5 + 1.05 * len(plan.rules), 1.8 + 0.4 * len(plan.attacks)), layout="constrained"
    )
    axes = figure.subplots()
    image = axes.imshow(values, cmap="RdYlGn", vmin=0.0, vmax=100.0, aspect="auto")
    axes.set_xticks(range(len(plan.rules)), plan.rules, rotation=30, ha="right")
    axes.set_yticks(range(len(plan.attacks)), plan.attacks)
    for row, column in np.ndindex(*values.shape):
        axes.text(column, row, f"{values[row, column]:.1f}", ha="center", va="center", fontsize=8)
    axes.set_title(f"{plan.base.task}, {partition}: accuracy after {plan.base.rounds} rounds, %")
    figure.colorbar(image, ax=axes)
    figure.savefig(path, dpi=110)


def draw_curves(plan: Plan, cells: Cells, partition: str, path: Path) -> None:
    """Draw accuracy by round: one plot for each attack, one line for each rule (first seed)."""
    from matplotlib.figure import Figure

    down = math.ceil(len(plan.attacks) / _ACROSS)
    figure = Figure(figsize=(3.4 * _ACROSS, 2.6 * down + 0.6), layout="constrained")
    grid = figure.subplots(down, _ACROSS, sharex=True, sharey=True, squeeze=False)
    for axes, attack in zip(grid.flat, plan.attacks, strict=False):
        for rule in plan.rules:
            curve = next(
                cell["curve"]
                for cell in cells
                if (cell["attack"], cell["rule"], cell["partition"], cell["seed"], cell["verify"])
                == (attack, rule, partition, plan.seeds[0], plan.base.verify)
                and cell["fraction"] == plan.base.fraction
            )
            axes.plot(range(1, len(curve) + 1), [100 * value for value in curve], label=rule, linewidth=1.2)
        axes.set_title(attack, fontsize=9)
    for axes in list(grid.flat)[len(plan.attacks) :]:
        axes.set_visible(False)
    figure.supxlabel("round")
    figure.supylabel("accuracy, %")
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8)
    figure.savefig(path, dpi=110)
