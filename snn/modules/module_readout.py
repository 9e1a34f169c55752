"""Read-out of a module: scores of classes, out of what it returns or out of one of its layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spikeatlas.snn.modules.capture import Capture, LayerPlace, Silence
from spikeatlas.snn.modules.drive import OutputShape, output_shape
from spikeatlas.snn.modules.spike_sum import SpikeSum
from spikeatlas.snn.modules.trials import (
    Keys,
    Trial,
    described,
    is_binary,
    output_keys,
    output_name,
    part_of,
    tensor_keys,
)
from spikeatlas.snn.sentences import near

NO_READOUT = "none"
"""What a study says of a module whose output is no scores of the data's classes."""


@dataclass(frozen=True)
class Readout:
    """The place where a module's scores are read."""

    name: str
    """A layer's name, ``output``, ``output[1]`` or ``output[spk]``."""
    shape: OutputShape
    """Of a layer's output, or of what the module returns."""
    spikes: bool
    """True where scores are spike counts, else means over time."""
    layer: LayerPlace | None = None
    """The layer; None for what the module returns."""
    twin: str | None = None
    """Name of a layer of units whose spikes are what the module returns; None where there is none."""
    keys: Keys = ()
    """The way to it in what the module returns; () where it returns one tensor."""

    @property
    def classes(self) -> int:
        """Scores of an image."""
        return self.shape.channels

    def read(
        self,
        capture: Capture,
        frames: Tensor,
        *,
        silence: Silence | None = None,
        seed: int | None = None,
    ) -> NDArray[np.float64]:
        """Scores (n, classes) of normalised frames (T or 1, n, c, h, w): counts of spikes, else means over time."""
        total = SpikeSum()
        if self.layer is not None:
            capture.show(frames, {self.layer: total}, silence=silence, seed=seed, truncate=True)
        else:
            images = frames.shape[1]
            capture.show(
                frames,
                {},
                silence=silence,
                seed=seed,
                on_output=lambda output: total.add(self.frames(output, images)),
            )
        return self.scores(total)

    def frames(self, output: Any, images: int) -> Tensor:
        """Outputs (steps, n, classes) of what one call of the module returns."""
        scores = part_of(output, self.keys)
        if not isinstance(scores, Tensor):
            raise ValueError(  # noqa: TRY004 - a mistake of the user's module
                f"network.readout: the module returns no tensor {self.name}, as it did in its trial."
            )
        return self.shape.frames(scores, images)

    def scores(self, total: SpikeSum) -> NDArray[np.float64]:
        """Scores of what was added up over a showing."""
        sums: NDArray[np.float64] = total.sums().numpy()
        return sums if self.spikes else sums / total.steps


def find_readout(module: nn.Module, trial: Trial, text: str = "auto") -> Readout | None:
    """Return the read-out that ``text`` names: auto, output, output[k], output[key], a layer, or none.

    None for none, and if auto finds none.

    ValueError, one sentence, for a name that is none, and where auto cannot tell which of several outputs is the
    spikes of the last neurons.
    """
    if text == "auto":
        return _automatic(module, trial)
    if text in trial.layers:
        return _of_layer(text, trial)
    if text == NO_READOUT:
        return None
    keys = output_keys(text)
    if keys is None:
        raise ValueError(
            f"network.readout is {text!r}{near(text, trial.layers)}: write auto, {NO_READOUT}, {_names(trial)}, or one of the "
            f"layers {', '.join(trial.layers)}."
        )
    readout = _of_output(module, trial, keys)
    if readout is None:
        raise ValueError(
            f"network.readout: the module's {text} is no tensor with one score for each class ({described(trial.outputs[0])}): "
            f"write {_names(trial)}, or a layer's name."
        )
    return readout


def _names(trial: Trial) -> str:
    """Names of all tensors that a module returns."""
    names = [output_name(keys) for keys in tensor_keys(trial.outputs[0])]
    return ", ".join(names or ["output"])


def _of_layer(name: str, trial: Trial) -> Readout:
    layer = trial.layers[name]
    if layer.place.shape.map:
        raise ValueError(
            f"network.readout: layer {name} has maps of {layer.place.shape.map}; a read-out has one number a class."
        )
    twin = name if layer.spikes else None
    return Readout(name, layer.place.shape, layer.spikes, layer=layer.place, twin=twin)


def _automatic(module: nn.Module, trial: Trial) -> Readout | None:
    """The one tensor of scores that is returned, or that of several which is the last neurons' spikes."""
    outputs = list(tensor_keys(trial.outputs[0]))
    readouts = [
        readout for keys in outputs if (readout := _of_output(module, trial, keys)) is not None
    ]
    if not readouts:
        return None
    if len(outputs) == 1 or (len(readouts) == 1 and trial.last is None):
        return readouts[0]
    if trial.last is not None:
        spikes = _layer_frames(module, trial, trial.last)
        for readout in readouts:
            if _same(_output_frames(module, trial, readout), spikes):
                return readout
    names = [readout.name for readout in readouts]
    raise ValueError(
        "network.readout: auto cannot tell which of the module's outputs are its scores, for none is the spikes of the "
        f"last neurons ({described(trial.outputs[0])}): write {', '.join(names)}, or a layer's name."
    )


def _of_output(module: nn.Module, trial: Trial, keys: Keys) -> Readout | None:
    """Read-out of what the module returns; None where that is no score for each class."""
    two, three = (part_of(output, keys) for output in trial.outputs)
    if not isinstance(two, tuple) or not isinstance(three, tuple):
        return None
    shape = output_shape(two, three, trial.drive)
    if shape is None or shape.map or len(two) < 2:
        return None
    readout = Readout(output_name(keys), shape, False, keys=keys)
    if trial.drive.time_steps is None:
        return readout
    frames = _output_frames(module, trial, readout)
    # what is returned as the last neurons fire is spikes, though they may be silent before training
    if trial.last is not None and _same(frames, _layer_frames(module, trial, trial.last)):
        return replace(readout, spikes=True, twin=_last_layer(trial))
    return replace(readout, spikes=is_binary(torch.cat(frames)))


def _last_layer(trial: Trial) -> str | None:
    """Name of the last neurons, if they are a layer of spikes."""
    places = {layer.place: name for name, layer in trial.layers.items() if layer.spikes}
    return None if trial.last is None else places.get(trial.last)


class _Frames(SpikeSum):
    """A sum that keeps what it is of."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[Tensor] = []

    def add(self, frames: Tensor) -> None:
        """See ``SpikeSum``."""
        self.parts.append(frames.clone())


def _layer_frames(module: nn.Module, trial: Trial, place: LayerPlace) -> list[Tensor]:
    frames = _Frames()
    Capture(module, trial.drive).show(trial.pictures[None], {place: frames}, seed=0)
    return frames.parts


def _output_frames(module: nn.Module, trial: Trial, readout: Readout) -> list[Tensor]:
    parts: list[Tensor] = []
    images = len(trial.pictures)
    Capture(module, trial.drive).show(
        trial.pictures[None],
        {},
        on_output=lambda output: parts.append(readout.frames(output, images).clone()),
        seed=0,
    )
    return parts


def _same(first: list[Tensor], second: list[Tensor]) -> bool:
    one, other = torch.cat(first), torch.cat(second)
    return one.shape == other.shape and torch.equal(one, other)
