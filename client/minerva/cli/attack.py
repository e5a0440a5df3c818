"""`minerva attack`: the attack lab."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from minerva.cli.common import Context, command, facts
from minerva.durable import replace_file
from minerva.errors import UserError

if TYPE_CHECKING:
    from minerva.lab.cell import Outcome
    from minerva.lab.settings import Setting

app = typer.Typer(help="The attack lab: malicious devices against aggregation and verification rules.")

_Seed = Annotated[int, typer.Option(help="What all random numbers come from.")]
_Data = Annotated[Path | None, typer.Option(help="Folder for the task's load_data.", show_default=False)]
_Devices = Annotated[int, typer.Option(help="How many devices there are.")]
_Fraction = Annotated[float, typer.Option(help="Share of them that is malicious, below 0.5.")]


@command(app, "list", epilog="Example: minerva attack list")
def list_(context: Context) -> None:
    """Name the attacks and the parts of which aggregation rules are composed."""
    from minerva.attacks import ATTACKS
    from minerva.attacks.miners import MINERS
    from minerva.learning.aggregation import RULES

    miners = {name: str(kind.__doc__).partition("\n")[0] for name, kind in MINERS.items()}
    document = {
        "attacks": [
            {"name": name, "kind": attack.kind.value, "knows": attack.knows.value, "words": attack.words}
            for name, attack in ATTACKS.items()
        ],
        "miners": [{"name": name, "words": words} for name, words in miners.items()],
        "rules": [
            {"name": name, "place": rule.place.name.lower(), "words": rule.words}
            for name, rule in RULES.items()
        ],
    }

    def render(out: Console) -> None:
        out.print("Attacks (what changes; what the attacker knows):")
        for attack in ATTACKS.values():
            out.print(f"  {attack.name:<18} {attack.words} ({attack.kind.value}; {attack.knows.value})")
        out.print("Attacks of miners, on real parts (--real):")
        facts(out, miners.items(), indent=18)
        out.print("Parts of rules, joined by +:")
        facts(out, ((name, rule.words) for name, rule in RULES.items()), indent=18)

    context.emit(document, render)


@command(
    app, "run", epilog="Example: minerva attack run --attack ipm-10 --rule median --task digits --rounds 10"
)
def run(
    context: Context,
    attack: Annotated[str, typer.Option(help="See 'minerva attack list'.")] = "ipm-10",
    fraction: _Fraction = 0.2,
    rule: Annotated[
        str | None,
        typer.Option(
            help="An aggregation rule, e.g. nnm+trimmed_mean; else the lab's strongest.", show_default=False
        ),
    ] = None,
    task: Annotated[str, typer.Option(help="A bundled task's name, or a path.")] = "digits",
    partition: Annotated[str, typer.Option(help="iid, dirichlet:0.5 or pathological:2.")] = "iid",
    devices: _Devices = 20,
    rounds: Annotated[int, typer.Option(help="How many rounds.")] = 15,
    epochs: Annotated[int, typer.Option(help="Local epochs in each round; 0: the task's own.")] = 5,
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Leave out what the verification rules refuse.")
    ] = True,
    seed: _Seed = 0,
    data: _Data = None,
    real: Annotated[
        bool,
        typer.Option("--real", help="On real parts: chain, IPFS, three miners, a process for each device."),
    ] = False,
) -> None:
    """Run an attack beside the honest baseline and the undefended control.

    On real parts miners verify, so there is no undefended control; the baselines are those of `minerva demo`.
    """
    from dataclasses import replace

    from minerva.attacks.miners import MINERS
    from minerva.lab.settings import CONTROL, DEFAULT, Setting

    if attack in MINERS:
        if not real:
            raise UserError(
                "a miner's attack needs real parts", value=attack, remedy="Say --real, and a few --devices."
            )
        honest = Setting(
            "none", rule or DEFAULT, task, partition, devices, 0.0, rounds, epochs, seed, verify, data
        )
        _real(context, honest, attack)
        return

    defended = Setting(
        attack, rule or DEFAULT, task, partition, devices, fraction, rounds, epochs, seed, verify, data
    )
    settings = {
        "baseline": replace(defended, attack="none", rule=CONTROL, verify=False),
        "control": replace(defended, rule=CONTROL, verify=False),
        "defended": defended,
    }
    for setting in settings.values():
        setting.check()
    if real:
        _real(context, defended)
        return
    outcomes = _outcomes(context, settings)
    document: dict[str, Any] = {"settings": defended.document()} | {
        name: outcomes[name].document(setting) for name, setting in settings.items()
    }
    context.emit(document, lambda out: _show(out, settings, outcomes))


@command(app, "matrix", epilog="Example: minerva attack matrix --quick --out runs/matrix")
def matrix(
    context: Context,
    quick: Annotated[
        bool, typer.Option("--quick/--full", help="Digits in minutes, or Fashion-MNIST in half an hour.")
    ] = True,
    out: Annotated[Path, typer.Option(help="Folder for results.json and the pictures.")] = Path(
        "runs/matrix"
    ),
    attacks: Annotated[
        list[str] | None, typer.Option("--attack", help="Only these, and the baseline.", show_default=False)
    ] = None,
    rules: Annotated[
        list[str] | None, typer.Option("--rule", help="Only these, and the control.", show_default=False)
    ] = None,
    partitions: Annotated[
        list[str] | None, typer.Option("--partition", help="Only these.", show_default=False)
    ] = None,
    seeds: Annotated[int, typer.Option(help="How many seeds, from --seed on.")] = 1,
    devices: _Devices = 20,
    fraction: _Fraction = 0.2,
    rounds: Annotated[int, typer.Option(help="How many rounds.")] = 15,
    seed: _Seed = 0,
    jobs: Annotated[int, typer.Option(help="Processes; 0: one for each core.")] = 0,
    data: _Data = None,
    real: Annotated[
        bool,
        typer.Option(
            "--real",
            help="On real parts, where miners verify in every cell: a minute or two each, so name a few attacks and rules.",
        ),
    ] = False,
) -> None:
    """Run every attack against every rule; what is not refused here by name must be stood by the rule."""
    from dataclasses import replace

    from minerva.lab import matrix as plans
    from minerva.lab import report
    from minerva.lab.settings import CONTROL

    if seeds < 1:
        raise UserError("there is no seed to run", value=seeds, remedy="Ask for 1 or more.")
    if jobs < 0:
        raise UserError("fewer processes than none", value=jobs, remedy="0 takes one for each core.")
    changes = {"devices": devices, "fraction": fraction, "rounds": rounds, "seed": seed, "data": data}
    plan = (plans.quick if quick else plans.full)(**changes)
    plan = replace(plan, seeds=tuple(range(seed, seed + seeds)))
    if attacks:
        plan = replace(plan, attacks=tuple(dict.fromkeys(["none", *attacks])), whole=(), close=())
    if rules:
        plan = replace(plan, rules=tuple(dict.fromkeys([CONTROL, *rules])), close=())
    if partitions:
        plan = replace(plan, partitions=tuple(dict.fromkeys(partitions)), close=())
    if real:
        from minerva.lab.real import check

        plan = replace(plan, base=replace(plan.base, verify=True), whole=(), close=())
        check(plan.base)
    plan.check()
    cells = plan.cells()
    if real:
        found = _real_cells(context, cells, out)
    else:
        with _progress(context) as progress:
            bar = progress.add_task("cells", total=len(cells))
            found = plans.run(
                cells,
                jobs or os.cpu_count() or 1,
                lambda cell: progress.update(bar, advance=1, description=f"{cell.attack} / {cell.rule}"),
            )
    made = report.document(plan, found)
    paths = report.write(out, plan, made)

    def render(console: Console) -> None:
        report.show(console, plan, found)
        for path in paths:
            console.print(f"wrote {path}")

    context.emit(made, render)


def _real(context: Context, setting: Setting, miners: str = "") -> None:
    """Run the attack on the demo's stack: honest devices and malicious ones, or the miners' attack of this name."""
    import time

    from minerva.demo.display import Display
    from minerva.demo.report import print_summary
    from minerva.lab import real

    folder = Path("runs") / time.strftime("%Y%m%d-%H%M%S")
    with Display(context.err) as display:
        run = partial(real.run_miners, miners) if miners else real.run
        summary, observer = run(setting, folder, display)
    context.emit(summary, lambda out: print_summary(out, observer, summary, folder))


def _real_cells(context: Context, cells: list[Setting], out: Path) -> list[dict[str, Any]]:
    """Run cells one after the other, each in a folder of its own; one that came to its end is not run again.

    Beside its summary lies which version and setting it is of: another's is no result of this one.
    """
    import json
    import shutil
    from contextlib import suppress

    from minerva import __version__
    from minerva.demo.display import Display
    from minerva.lab import real

    found = []
    for number, cell in enumerate(cells, start=1):
        name = f"{cell.attack}-{cell.rule}-{cell.partition}-{cell.seed}"
        folder = out / "cells" / name.replace(":", "-")
        label = {"version": __version__, "setting": cell.document()}
        summary = None
        with suppress(OSError, ValueError):
            if json.loads((folder / "cell.json").read_bytes()) == label:
                summary = json.loads((folder / "summary.json").read_bytes())
        if summary is None:
            shutil.rmtree(folder, ignore_errors=True)  # of a run that did not come to its end
            with Display(context.err) as display:
                display.say(
                    f"cell {number} of {len(cells)}: {cell.attack} against {cell.rule}, {cell.partition}"
                )
                summary, _ = real.run(cell, folder, display)
            replace_file(folder / "cell.json", json.dumps(label).encode(), durable=False)
        model = (folder / "model.safetensors").read_bytes()
        found.append(real.outcome(cell, summary, model).document(cell))
    return found


def _outcomes(context: Context, settings: dict[str, Setting]) -> dict[str, Outcome]:
    from minerva.lab.cell import Bench
    from minerva.learning.task import load_task

    defended = settings["defended"]
    bench = Bench(load_task(defended.task, data=defended.data))
    found = {}
    with _progress(context) as progress:
        for name, setting in settings.items():
            bar = progress.add_task(name, total=setting.rounds)

            def step(round_: int, accuracy: float, bar: Any = bar, name: str = name) -> None:
                progress.update(bar, completed=round_, description=f"{name}: {100 * accuracy:.1f} %")

            found[name] = bench.run(setting, step)
    return found


def _progress(context: Context) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=context.err, transient=True, disable=not context.err.is_terminal,
    )  # fmt: skip


def _show(out: Console, settings: dict[str, Setting], outcomes: dict[str, Outcome]) -> None:
    from rich.table import Table

    drawn = Table("", "attack", "rule", "verification", "accuracy", "attack success", "refused")
    for name, setting in settings.items():
        outcome = outcomes[name]
        drawn.add_row(
            name, setting.attack, setting.rule, "on" if setting.verify else "off",
            f"{100 * outcome.accuracy:.1f} %", "" if outcome.asr is None else f"{100 * outcome.asr:.1f} %",
            ", ".join(f"{reason} x {count}" for reason, count in outcome.refused.items()),
        )  # fmt: skip
    out.print(drawn)
    if any(outcome.false_alarms for outcome in outcomes.values()):
        out.print(f"honest updates refused: {outcomes['defended'].false_alarms}")
