"""The trial of a module: its layers, its time, and whether its answers are those of one image alone.

A few calls with 2, 3 and 8 images tell it, without knowing the library that the module is written with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor, nn

from spikeatlas.snn.modules.capture import Capture, LayerPlace
from spikeatlas.snn.modules.drive import ModuleDrive, as_positions
from spikeatlas.snn.modules.neuron_modules import Place, is_neuron, is_never_negative
from spikeatlas.snn.modules.spike_sum import SpikeSum
from spikeatlas.snn.modules.trials.call_pattern import CallPattern
from spikeatlas.snn.modules.trials.trial_drive import InputKind, find_pattern, trial_pictures
from spikeatlas.snn.modules.trials.trial_record import is_binary
from spikeatlas.snn.modules.trials.verdict import Answers, BatchDependenceError, verdict


@dataclass(frozen=True)
class TrialLayer:
    """A layer as its trial saw it."""

    place: LayerPlace
    spikes: bool
    """True where its outputs are 0 and 1 (or -1)."""
    signed: bool
    """True where an output was negative, or may be."""


@dataclass(frozen=True)
class Trial:
    """All that a trial tells of a module."""

    drive: ModuleDrive
    layers: Mapping[str, TrialLayer]
    """Shallow to deep: in the order of their calls."""
    answers: Answers
    """``stochastic`` where the module draws random numbers."""
    repeats: int
    """Repetitions of the pattern of layers whenever the module is called: a loop inside has more than one."""
    outputs: tuple[object, object]
    """Trees of shapes of what the module returns for 2 and for 3 images, see ``shape_tree``."""
    last: LayerPlace | None
    """The last spiking neurons that are called, a layer of the study or not; None in a network without."""
    pictures: Tensor
    """The 8 normalised images (8, c, h, w)."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Parts that auto takes for layers and that are none, each with the reason."""


def try_module(
    module: nn.Module,
    places: Mapping[str, Place],
    pictures: Tensor,
    *,
    kind: InputKind = "auto",
    time_steps: int | None = None,
    named: bool = False,
) -> Trial:
    """Try a module with normalised pictures (n >= 1, c, h, w).

    ``named``: the user named the layers, so that one whose module is called several times must say which. ValueError,
    one sentence, where the module cannot be a subject: no form of input fits, time steps are missing or wrong, it keeps
    state that cannot be put back, or an answer depends on the other images of the batch.
    """
    eight = trial_pictures(pictures)
    forms: tuple[InputKind, ...] = (kind, "frames", "batch_frames") if kind == "auto" else (kind,)
    problem: BatchDependenceError | None = None
    for form in forms:
        try:
            return _tried(module, places, eight, form, time_steps, named=named)
        except BatchDependenceError as error:
            problem = problem or error
        except ValueError:
            # frames were only tried because images of a batch were no images of their own
            if problem is None:
                raise
    assert problem is not None
    raise problem


def _tried(
    module: nn.Module,
    places: Mapping[str, Place],
    pictures: Tensor,
    kind: InputKind,
    time_steps: int | None,
    *,
    named: bool,
) -> Trial:
    pattern = find_pattern(module, places, pictures, kind=kind, time_steps=time_steps)
    reasons = _reasons(places, pattern)
    if reasons and (named or len(reasons) == len(places)):
        raise ValueError(f"network.layers: {'; '.join(reasons.values())}.")
    layers = _layers(
        {name: place for name, place in places.items() if name not in reasons}, pattern, named=named
    )
    layers, answers = verdict(Capture(module, pattern.drive), layers, pictures)
    last = _last(pattern)
    trial = Trial(
        pattern.drive, {}, answers, pattern.repeats, pattern.outputs, last, pictures, reasons
    )
    return replace(trial, layers=_with_values(module, trial, layers))


def _reasons(places: Mapping[str, Place], pattern: CallPattern) -> dict[str, str]:
    """Say why places are no layers: nobody calls them, or nothing tells their neurons."""
    reasons = {}
    for name, place in places.items():
        if not pattern.uses(place.path):
            reasons[name] = f"the module does not call {place.path}: leave it out"
        elif place.path in pattern.unsure:
            reasons[name] = (
                f"{place.path} gives {' x '.join(map(str, pattern.unsure[place.path]))} numbers for an image, and nothing "
                "says which axis is its neurons: name a part beside it that does (nn.Linear and nn.LayerNorm have their "
                "features last, nn.Conv1d its channels first)"
            )
    return reasons


def _layers(
    places: Mapping[str, Place], pattern: CallPattern, *, named: bool
) -> dict[str, LayerPlace]:
    """Places of the layers, in the order of their first calls, ``path#k`` where a step has several."""
    layers: dict[str, LayerPlace] = {}
    for name, place in places.items():
        uses = pattern.uses(place.path)
        if named and place.use is None and uses > 1 and name != place.path:
            raise ValueError(
                f"network.layers: {place.path} ({name}) is called {uses} times in one step: write {place.path}#1 to "
                f"{place.path}#{uses}."
            )
        if place.use is not None and not 1 <= place.use <= uses:
            raise ValueError(
                f"network.layers: {place.path}#{place.use} does not exist; {place.path} is called {uses} times in a step."
            )
        for use in range(1, uses + 1) if place.use is None else (place.use,):
            full = f"{name}#{use}" if place.use is None and uses > 1 else name
            layers[full or "module"] = _place(pattern, place.path, use, uses)
    _refuse_doubles(layers)
    order = {name: _first_event(pattern, place) for name, place in layers.items()}
    return {name: layers[name] for name in sorted(layers, key=order.__getitem__)}


def _refuse_doubles(layers: Mapping[str, LayerPlace]) -> None:
    names = {layer: name for name, layer in layers.items()}
    for name, layer in layers.items():
        if names[layer] != name:
            raise ValueError(
                f"network.layers: {name} and {names[layer]} are one layer: leave one out."
            )


def _place(pattern: CallPattern, path: str, use: int, uses: int) -> LayerPlace:
    events = [place for place, event in enumerate(pattern.events) if event == path]
    shape = pattern.shapes[events[use - 1]]
    if pattern.drive.time_steps is None:
        shape = as_positions(shape)
    return LayerPlace(path, shape, use, uses, len(events))


def _last(pattern: CallPattern) -> LayerPlace | None:
    timed = [path for path in pattern.events if path in pattern.timed]
    if not timed:
        return None
    uses = pattern.uses(timed[-1])
    return _place(pattern, timed[-1], uses, uses)


def _first_event(pattern: CallPattern, place: LayerPlace) -> int:
    events = [index for index, path in enumerate(pattern.events) if path == place.path]
    return events[place.use - 1]


class _Values(SpikeSum):
    """A sum that notes which values it is of."""

    def __init__(self) -> None:
        super().__init__()
        self.binary = True
        self.active = False
        self.negative = False

    def add(self, frames: Tensor) -> None:
        """See ``SpikeSum``."""
        super().add(frames)
        active = bool(frames.any())
        self.active |= active
        self.binary &= not active or is_binary(frames)
        self.negative |= bool((frames < 0).any())


def _with_values(
    module: nn.Module, trial: Trial, layers: Mapping[str, LayerPlace]
) -> dict[str, TrialLayer]:
    """Tell which layers are of spikes, by their values."""
    values = {place: _Values() for place in layers.values()}
    Capture(module, trial.drive).show(trial.pictures[None], values, seed=0)
    return {
        name: _layer(module, place, values[place], trial.drive) for name, place in layers.items()
    }


def _layer(module: nn.Module, place: LayerPlace, values: _Values, drive: ModuleDrive) -> TrialLayer:
    part = module.get_submodule(place.path)
    # a layer that is silent in eight images is of spikes if nothing speaks against it
    timed = drive.time_steps is not None and not is_never_negative(part)
    spikes = values.binary and (is_neuron(part) or values.active or timed)
    signed = values.negative if spikes else not is_never_negative(part)
    return TrialLayer(place, spikes, signed)
