"""Models for other programs: ONNX, and safetensors without Minerva's metadata."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from minerva.durable import replace_file
from minerva.errors import TaskError, UserError
from minerva.learning.weights import Buffer, bytes_to_state, pack, parse

if TYPE_CHECKING:
    from minerva.learning.task import Task

_OPSET = 17


def export_onnx(task: Task, data: Buffer, path: Path) -> None:
    """Write the task's model with these weights as ONNX (opset 17), for any number of samples.

    The graph has one input, ``input``, shaped as the task's samples, and one output, ``output``.

    Parameters
    ----------
    task
        Gives the model's code and, by its test data, the shape of a sample.
    data
        Safetensors bytes of a model of this task.
    path
        The file to write.

    Raises
    ------
    UpdateRefused
        The weights are not of this task's tensors.
    TaskError
        torch cannot export this model.
    UserError
        The file cannot be written.
    """
    import onnx
    import torch

    model = task.model_with(bytes_to_state(data, task.spec())).eval()
    _, (samples, _) = task.load_data()
    temporary = path.with_name(f".{path.name}.part")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the newer exporter wants onnxscript, which is no dependency
            torch.onnx.export(
                model,
                (samples[:1],),
                str(temporary),
                dynamo=False,
                opset_version=_OPSET,
                input_names=["input"],
                output_names=["output"],
                dynamic_axes={"input": {0: "samples"}, "output": {0: "samples"}},
            )
        onnx.checker.check_model(str(temporary))
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            "the file cannot be written", value=f"{path}: {error.strerror}", remedy="Name another."
        ) from None
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise TaskError(
            f"torch cannot export the model of {task.name} to ONNX",
            value=reason,
            remedy="Export safetensors instead.",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def export_safetensors(data: Buffer, path: Path, *, metadata: dict[str, str] | None = None) -> None:
    """Write a model's tensors as safetensors that name no federation (``format``: ``pt``).

    Raises
    ------
    UpdateRefused
        ``data`` is malformed.
    UserError
        The file cannot be written.
    """
    weights = parse(data)
    content = pack(zip(weights.specs, weights.arrays, strict=True), {"format": "pt", **(metadata or {})})
    try:
        replace_file(path, content, durable=False)
    except OSError as error:
        raise UserError(
            "the file cannot be written", value=f"{path}: {error.strerror}", remedy="Name another."
        ) from None
