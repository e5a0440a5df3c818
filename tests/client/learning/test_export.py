"""ONNX and safetensors for other programs."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.reference
import pytest
import safetensors.torch
import torch
from test_bundled_tasks import NAMES, images

from minerva.errors import TaskError, UserError
from minerva.learning.export import export_onnx, export_safetensors
from minerva.learning.task import BUNDLED, load_task
from minerva.learning.weights import UpdateRefused, bytes_to_state, state_to_bytes


@pytest.mark.parametrize("name", BUNDLED)
def test_onnx_computes_what_the_model_computes(name, tmp_path):
    task = load_task(name, data=images(tmp_path) if name.startswith("fashion") else None)
    data = state_to_bytes(task.initial_state(3), NAMES)
    export_onnx(task, data, tmp_path / "model.onnx")
    samples = task.load_data()[1][0][:7]
    (found,) = onnx.reference.ReferenceEvaluator(str(tmp_path / "model.onnx")).run(
        None, {"input": samples.numpy()}
    )
    with torch.no_grad():
        expected = task.model_with(bytes_to_state(data)).eval()(samples).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert not list(tmp_path.glob(".*"))


def test_reverts_when_a_model_cannot_be_exported(digits, tmp_path):
    odd = (
        "class Odd(nn.Module):\n"
        "    def forward(self, x):\n"
        "        return torch.linalg.svd(x[0].reshape(8, 8))[0].reshape(1, 64)\n\n\n"
    )
    changed = (
        digits.path.read_text().replace("nn.Linear(64, 64)", "Odd()").replace("def model", odd + "def model")
    )
    (tmp_path / "odd.py").write_text(changed)
    task = load_task(str(tmp_path / "odd.py"))
    with pytest.raises(TaskError, match="cannot export the model of odd to ONNX") as caught:
        export_onnx(task, state_to_bytes(task.initial_state(), NAMES), tmp_path / "odd.onnx")
    assert "\n" not in str(caught.value) and [path.name for path in tmp_path.iterdir()] == ["odd.py"]


def test_reverts_when_the_weights_or_the_path_are_wrong(digits, tmp_path):
    data = state_to_bytes(digits.initial_state(), NAMES)
    with pytest.raises(UpdateRefused):
        export_onnx(digits, data[:-4], tmp_path / "model.onnx")
    for export in (lambda path: export_onnx(digits, data, path), lambda path: export_safetensors(data, path)):
        with pytest.raises(UserError, match="cannot be written"):
            export(tmp_path / "absent" / "model")


def test_safetensors_are_read_by_the_library_and_name_no_federation(digits, tmp_path):
    state = digits.initial_state()
    export_safetensors(state_to_bytes(state, NAMES), tmp_path / "model.safetensors")
    read = safetensors.torch.load_file(tmp_path / "model.safetensors")
    assert all(torch.equal(read[name], tensor) for name, tensor in state.items())
    with safetensors.safe_open(tmp_path / "model.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}
