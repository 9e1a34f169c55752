"""Layer after layer, neurons in loops that torch compiles."""

from __future__ import annotations

import os
import platform
import shutil
import sysconfig
import warnings
from pathlib import Path
from types import FunctionType
from typing import ClassVar, Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.backends.base import Precision, Run, TrainingBackend, in_precision
from spikeatlas.snn.training.backends.neuron_loops import Loop, layered


@dataclass(frozen=True, config=SPEC)
class CompiledBackend(TrainingBackend):
    """Layer after layer, each layer's loop over the steps compiled by torch.compile to C++ (Ansel et al. 2024).

    The first step takes seconds a layer, for the machine's C++ compiler is at work. For neurons that no pass of ours
    knows, and for ``training.precision: bfloat16``.
    """

    kind: Literal["compiled"] = "compiled"
    precisions: ClassVar[tuple[Precision, ...]] = ("float32", "bfloat16")

    def problems(self) -> list[str]:
        """See ``TrainingBackend``."""
        lack = _lack()
        remedy = "install it, or choose fused or eager"
        return [] if lack is None else [f"compiled needs {lack}, which is not here; {remedy}"]

    def run(self, network: TrainableNetwork, precision: Precision) -> Run:
        """See ``TrainingBackend``."""
        return in_precision(layered(network, _compiled), precision)


def _compiled(loop: Loop) -> Loop:
    # torch keeps what it compiled beside a piece of code, and gives up at eight; all layers' loops are one piece
    alone = FunctionType(
        loop.__code__.replace(), loop.__globals__, loop.__name__, None, loop.__closure__
    )
    # not dynamic: what is for any shape would hang on which came first, so on where a training was resumed
    compiled_loop: Loop = torch.compile(alone, dynamic=False, options={"compile_threads": 1})

    def quiet(currents: Tensor) -> Tensor:
        with warnings.catch_warnings():
            # torch reads the gradient of what it compiles for, and warns itself
            warnings.filterwarnings("ignore", message="The .grad attribute of a Tensor")
            return compiled_loop(currents)

    return quiet


def _lack() -> str | None:
    """Name what torch.compile needs of this machine and does not find; None where all is there."""
    compiler = os.environ.get("CXX", "clang++" if platform.system() == "Darwin" else "g++")
    if shutil.which(compiler) is None:
        return f"a C++ compiler ({compiler})"
    header = Path(sysconfig.get_path("include"), "Python.h")
    return None if header.exists() else f"Python's headers ({header})"
