"""Split a data set over devices: IID, Dirichlet over labels, or a few classes each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from minerva.errors import DataError, UserError

Indices: TypeAlias = npt.NDArray[np.int64]
Labels: TypeAlias = npt.NDArray[Any]

_KINDS = "'iid', 'dirichlet:0.5' (concentration) and 'pathological:2' (classes for each device)"
_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Partition:
    """A way to split: ``kind`` is "iid", "dirichlet" or "pathological", ``parameter`` its number."""

    kind: str
    parameter: float = 0.0

    def __call__(self, labels: Labels, clients: int, seed: int = 0) -> list[Indices]:
        """Split samples with these ``labels`` (shape (n,)) over ``clients`` devices.

        Returns
        -------
        list of array
            One int64 index array for each device: disjoint, together all of 0 … n-1, none empty.

        Raises
        ------
        DataError
            Somebody would be left without a sample.
        """
        labels = np.asarray(labels)
        if labels.ndim != 1:
            raise DataError("labels are not one number for each sample", value=f"shape {labels.shape}")
        if not 1 <= clients <= len(labels):
            raise DataError(
                "the samples do not go round",
                value=f"{len(labels)} samples, {clients} devices",
                remedy="Ask for fewer devices.",
            )
        match self.kind:
            case "iid":
                return iid(len(labels), clients, seed)
            case "dirichlet":
                return dirichlet(labels, clients, seed, self.parameter)
            case _:
                return pathological(labels, clients, seed, int(self.parameter))


def parse(text: str) -> Partition:
    """Read ``"iid"``, ``"dirichlet:0.5"`` or ``"pathological:2"``; raises `UserError` for anything else."""
    kind, _, number = text.partition(":")
    try:
        parameter = float(number) if number else 0.0
    except ValueError:
        parameter = -1.0
    usable = {
        "iid": not number,
        "dirichlet": 0.0 < parameter < float("inf"),
        "pathological": parameter >= 1.0 and parameter.is_integer(),
    }
    if not usable.get(kind, False):
        raise UserError("unknown partition", value=ascii(text)[:80], remedy=f"Known: {_KINDS}.")
    return Partition(kind, parameter)


def iid(samples: int, clients: int, seed: int) -> list[Indices]:
    """Shuffle and deal out in equal parts: ``np.array_split`` of a permutation."""
    return np.array_split(np.random.RandomState(seed).permutation(samples), clients)


def dirichlet(labels: Labels, clients: int, seed: int, alpha: float) -> list[Indices]:
    """Give each class to the devices in proportions drawn from a symmetric Dirichlet distribution.

    Hsu, Qi, Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated Visual
    Classification", 2019. Small ``alpha``: each class at few devices; large: like IID. Drawn anew until
    nobody is left without a sample.
    """
    random = np.random.RandomState(seed)
    for _ in range(_ATTEMPTS):
        parts: list[list[Indices]] = [[] for _ in range(clients)]
        for label in np.unique(labels):
            own = random.permutation(np.flatnonzero(labels == label))
            shares = np.cumsum(np.nan_to_num(random.dirichlet(np.full(clients, alpha))))[
                :-1
            ]  # tiny alpha: 0 / 0
            for part, piece in zip(
                parts, np.split(own, np.round(shares * len(own)).astype(int)), strict=True
            ):
                part.append(piece)
        if all(any(len(piece) for piece in part) for part in parts):
            return [random.permutation(np.concatenate(part)) for part in parts]
    raise DataError(
        "a Dirichlet split leaves devices without samples",
        value=f"concentration {alpha}, {clients} devices, {len(labels)} samples, {_ATTEMPTS} draws",
        remedy="Raise the concentration or ask for fewer devices.",
    )


def pathological(labels: Labels, clients: int, seed: int, classes: int) -> list[Indices]:
    """Give each device samples of exactly ``classes`` classes.

    McMahan et al. 2017 (section 3): most devices have examples of two digits only. Classes are dealt out
    round-robin from a shuffled list, and each is split evenly between its owners.
    """
    random = np.random.RandomState(seed)
    known = random.permutation(np.unique(labels))
    if classes > len(known) or clients * classes < len(known):
        raise DataError(
            "the classes cannot be dealt out",
            value=f"{classes} classes for each of {clients} devices, {len(known)} in the data",
            remedy="Between them the devices must take every class, and none more than there are.",
        )
    parts: list[list[Indices]] = [[] for _ in range(clients)]
    for number, label in enumerate(known):
        own = random.permutation(np.flatnonzero(labels == label))
        owners = [c for c in range(clients) if (number - c * classes) % len(known) < classes]
        if len(own) < len(owners):
            raise DataError(
                "a class has too few samples for its devices",
                value=f"class {label}: {len(own)} samples, {len(owners)} devices",
                remedy="Ask for fewer devices or fewer classes for each.",
            )
        for client, piece in zip(owners, np.array_split(own, len(owners)), strict=True):
            parts[client].append(piece)
    return [random.permutation(np.concatenate(part)) for part in parts]


def plot_partition(labels: Labels, parts: Sequence[Indices], path: Path) -> None:
    """Draw each device's samples of each class as stacked bars into an image file (.png, .svg, .pdf)."""
    from matplotlib.figure import Figure  # no pyplot: no display, no global state

    labels = np.asarray(labels)
    figure = Figure(figsize=(max(5.0, 0.3 * len(parts) + 2.0), 4.0), layout="constrained")
    axes = figure.subplots()
    bottom = np.zeros(len(parts))
    for label in np.unique(labels):
        heights = np.array([np.count_nonzero(labels[part] == label) for part in parts])
        axes.bar(np.arange(len(parts)), heights, bottom=bottom, label=str(label))
        bottom += heights
    axes.set(xlabel="device", ylabel="samples", title="Samples of each class at each device")
    axes.legend(title="class", loc="center left", bbox_to_anchor=(1.0, 0.5))
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise UserError(
            "the picture cannot be written", value=f"{path}: {error}", remedy="Name a .png or .svg."
        ) from None
