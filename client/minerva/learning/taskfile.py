"""A task's Python file: read once, hashed, run, and called with its faults told by their line."""

from __future__ import annotations

import difflib
import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from minerva.errors import MinervaError, TaskError

BUNDLED = ("breast_cancer", "digits", "fashion_mlp", "fashion_mnist")
FOLDER = Path(__file__).parent / "tasks"
FUNCTIONS: dict[str, tuple[tuple[None, ...], dict[str, int]]] = {
    "model": ((), {}),
    "load_data": ((None,), {}),
    "train": ((None, None, None), {"epochs": 1, "seed": 0}),
    "evaluate": ((None, None, None), {}),
}
"""The functions that a task has, and arguments that each must take."""
_MEND = "Mend the task file; 'minerva task new' writes one that works."
LOOK = "Look at the data and at load_data()."


class TaskFile:
    """The code of one task.

    The bytes that are hashed are those that are run: the file is read once.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    TaskError
        The file cannot be read or compiled, fails when it is run, or lacks one of `FUNCTIONS`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._parameters: dict[str, Mapping[str, inspect.Parameter]] = {}
        try:
            source = path.read_bytes()
        except OSError as error:
            raise TaskError(
                "the task file cannot be read", value=f"{path}: {error.strerror}", remedy="Check the path."
            ) from None
        self.sha256 = hashlib.sha256(source).hexdigest()
        self._module = ModuleType(f"minerva_task_{self.sha256[:16]}", f"The task file {path}.")
        self._module.__file__ = str(path)
        # Dataclasses and pickles look their module up by its name.
        sys.modules[self._module.__name__] = self._module
        try:
            exec(compile(source, str(path), "exec"), self._module.__dict__)
        except SyntaxError as error:
            where = f" at line {error.lineno}" if error.lineno else ""
            raise TaskError(f"{path.name} is not Python{where}", value=error.msg, remedy=_MEND) from error
        except (Exception, SystemExit) as error:
            raise self._fault("the file", error) from error
        self.hyperparameters = self._check_hyperparameters(self.constant("HYPERPARAMETERS", {}))
        self._check_functions()

    def constant(self, name: str, default: Any) -> Any:
        """Return a module-level constant."""
        return getattr(self._module, name, default)

    def call(self, name: str, *args: Any, fault: type[MinervaError] = TaskError, **keywords: Any) -> Any:
        """Call a function of the task; what it raises becomes a ``fault`` of one line that names the line."""
        try:
            return self._function(name)(*args, **keywords)
        except MinervaError:
            raise
        except (Exception, SystemExit) as error:
            raise self._fault(f"{name}()", error, fault) from error

    def accepts(self, name: str, keyword: str) -> bool:
        """Whether a function takes this keyword argument."""
        if name not in self._parameters:
            self._parameters[name] = inspect.signature(self._function(name)).parameters
        parameters = self._parameters[name]
        return keyword in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())

    def wrong(self, name: str, what: str, value: object, remedy: str = _MEND) -> TaskError:
        """Make the error for a function that takes or returns something else than it must."""
        line = getattr(getattr(self._function(name), "__code__", None), "co_firstlineno", None)
        where = f", line {line}" if line else ""
        return TaskError(f"{name}() of {self.path.name}{where} {what}", value=_one_line(value), remedy=remedy)

    def _function(self, name: str) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(self._module, name)
        return function

    def _check_functions(self) -> None:
        missing = [name for name in FUNCTIONS if not callable(getattr(self._module, name, None))]
        if missing:
            raise TaskError(
                f"{self.path.name} lacks functions",
                value=", ".join(f"{name}()" for name in missing),
                remedy=_MEND,
            )
        extra = {name: 0 for name in self.hyperparameters if self.accepts("train", name)}
        for name, (args, keywords) in FUNCTIONS.items():
            both = {**extra, **keywords} if name == "train" else keywords
            try:
                inspect.signature(self._function(name)).bind(*args, **both)
            except TypeError as error:
                raise self.wrong(name, "takes other arguments", error) from None

    def _check_hyperparameters(self, values: Any) -> dict[str, Any]:
        remedy = "It is a dict of names and numbers, texts or booleans."
        if not isinstance(values, dict):
            raise TaskError(
                f"HYPERPARAMETERS of {self.path.name} is not a dict",
                value=type(values).__name__,
                remedy=remedy,
            )
        for name, value in values.items():
            if not isinstance(name, str) or not isinstance(value, (int, float, str)):
                raise TaskError(
                    f"a hyper-parameter of {self.path.name} cannot be shared",
                    value=_one_line(f"{name} = {value}"),
                    remedy=remedy,
                )
        epochs = values.get("epochs", 1)
        if not isinstance(epochs, int) or epochs < 1:
            raise TaskError(f"the epochs of {self.path.name} are not a positive whole number", value=epochs)
        return dict(values)

    def _fault(self, what: str, error: BaseException, kind: type[MinervaError] = TaskError) -> MinervaError:
        line, trace = None, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == str(self.path):
                line = trace.tb_lineno
            trace = trace.tb_next
        where = f" at line {line}" if line else ""
        return kind(
            f"{what} of {self.path.name} fails{where}",
            value=_one_line(f"{type(error).__name__}: {error}"),
            remedy=_MEND if kind is TaskError else LOOK,
        )


def find(name_or_path: str) -> Path:
    """Return a bundled task's file, or the path itself; raises `TaskError` for an unknown name."""
    if name_or_path in BUNDLED:
        return FOLDER / f"{name_or_path}.py"
    path = Path(name_or_path)
    if path.suffix == ".py" or len(path.parts) > 1 or path.is_file():
        return path
    near = difflib.get_close_matches(name_or_path, BUNDLED, n=1, cutoff=0.5)
    guess = f" Did you mean {near[0]}?" if near else ""
    raise TaskError(
        "unknown task",
        value=ascii(name_or_path)[:80],
        remedy=f"Known: {', '.join(BUNDLED)}; one of your own is named by its path, my_task.py.{guess}",
    )


def _one_line(value: object) -> str:
    return " ".join(str(value).split())[:240]
